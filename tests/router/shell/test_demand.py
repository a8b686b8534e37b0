"""Who really came, and which play is for them."""

from dataclasses import replace
from datetime import timedelta

from schemas.verdict import Rule
from services.router.demand import Situation, demand
from services.router.domain.playbook import Playbook
from tests.router.shell.building import a_consultation
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


async def test_those_of_before_are_not_counted(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@umbrella.example"))
    found = await demand(hand.database, playbook, hand.clock.now() + timedelta(days=1))

    assert found == dict[Situation, int]()
