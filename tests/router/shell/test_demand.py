"""Who really came, and which play is for them."""

from dataclasses import replace
from datetime import timedelta

from schemas.fact import replace as replace_value
from schemas.verdict import Rule
from services.router.demand import Situation, counted, demand
from services.router.domain.playbook import Playbook
from services.router.domain.plays import fallback
from tests.router.shell.building import a_consultation, a_pass, a_whitepaper
from tests.router.shell.ring import Hand


async def test_each_situation_is_counted_with_the_play_that_is_for_it_today(hand: Hand, playbook: Playbook) -> None:
    for number in range(3):
        await hand.feed(a_consultation(f"{number}@umbrella{number}.example"))
    began = hand.clock.now() - timedelta(days=1)
    ((situation, number),) = (await demand(hand.database, playbook, began)).items()
    only = tuple(replace(play, personas=("nobody",)) for play in playbook.plays if not play.fallback)
    narrower = replace(playbook, plays=(*only, *(play for play in playbook.plays if play.fallback)))
    ((fallen, _),) = (await demand(hand.database, narrower, began)).items()

    assert (situation.trigger, number) == (Rule.CONSULTATION, 3)
    assert situation.play == "consultation_by_email"
    assert fallen == replace(situation, play="fallback")


async def test_whom_a_person_passed_without_a_rule_is_counted_by_what_brought_them(
    hand: Hand, playbook: Playbook
) -> None:
    await hand.feed(a_whitepaper("grace@bolt.example"))
    (item,) = await hand.items()
    await hand.feed(a_pass(item.id, playbook.teams[item.team].manager))
    (handoff,) = await hand.handoffs()
    of_before = replace_value(handoff, trigger=None)  # as a router left it that kept no trigger
    began = hand.clock.now() - timedelta(days=1)
    found = await demand(hand.database, playbook, began)

    assert handoff.rules == ()
    assert [(one.trigger, one.play) for one in found] == [(Rule.SCORE_THRESHOLD, handoff.play)]
    assert counted([of_before], playbook) == found
    assert handoff.play != fallback(playbook).name


async def test_those_of_before_are_not_counted(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@umbrella.example"))
    found = await demand(hand.database, playbook, hand.clock.now() + timedelta(days=1))

    assert found == dict[Situation, int]()
