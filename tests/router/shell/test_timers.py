"""Deadlines stand on the log behind every act that came before them, once in effect however often they are appended."""

import asyncio
from collections import Counter
from datetime import timedelta

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, Message
from schemas import feedback
from schemas.event import Mark
from schemas.fact import decode, encode
from schemas.feedback import RejectReason, TimerFired
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from schemas.topics import FEEDBACK
from services.router.adapters import tables
from services.router.adapters.codec import instant
from services.router.domain.deadlines import level_of
from services.router.domain.playbook import Playbook
from tests.router.shell.building import a_consultation, a_rejection, an_accept
from tests.router.shell.ring import Hand

MARGIN = timedelta(seconds=4)
"""The default append timeout and clock skew."""


async def timers_on(log: Log) -> list[TimerFired]:
    found: list[TimerFired] = []
    for partition in await log.partitions(FEEDBACK.name):
        for record in await log.read(partition, 0):
            fact = decode(record.value, feedback.DECODER)
            if isinstance(fact, TimerFired):
                assert record.key == fact.subject.bytes
                found.append(fact)
    return found


async def until(hand: Hand, kind: str) -> None:
    """Let the time come at which the first timer of this kind may be appended."""
    due = min(row.due_at for row in await hand.rows(tables.TIMER) if row.kind == kind)
    hand.clock.advance(instant(due) + MARGIN - hand.clock.now())


async def test_nothing_is_appended_before_due_and_margin(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    first = min(row.due_at for row in await hand.rows(tables.TIMER))
    hand.clock.advance(instant(first) + MARGIN - hand.clock.now() - timedelta(milliseconds=1))
    early = await hand.pump.fire()
    hand.clock.advance(timedelta(milliseconds=1))

    assert early == 0
    assert await hand.pump.fire() >= 1


async def test_a_timer_carries_its_due_time_and_is_forgotten_once_appended(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    rows = await hand.rows(tables.TIMER)
    await until(hand, "accept_deadline")
    fired = await hand.pump.fire()
    on_log = await timers_on(hand.log)

    assert fired == len(on_log) >= 1
    assert {one.id: one.due_at for one in on_log}.items() <= {row.id: instant(row.due_at) for row in rows}.items()
    assert {row.id for row in await hand.rows(tables.TIMER)} == {row.id for row in rows} - {one.id for one in on_log}


async def test_several_pumps_append_each_timer_once(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hands = [Hand(house, log, clock, playbook) for _ in range(3)]
    await hands[0].feed(*(a_consultation(f"p{number}@firm{number}.example") for number in range(5)))
    waiting = len(await hands[0].rows(tables.TIMER))
    clock.advance(timedelta(days=5))
    counts = await asyncio.gather(*(hand.pump.fire() for hand in hands))

    assert sum(counts) == waiting == len(await timers_on(log))


async def test_a_lapsed_offer_goes_to_somebody_else_and_the_first_card_says_so(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    (before,) = await hand.handoffs()
    await until(hand, "accept_deadline")
    await hand.pump.fire()
    await hand.drain(FEEDBACK.name)
    (after,) = await hand.handoffs()
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay)]
    offers = [card.assignee for card in cards if card.kind is CardKind.OFFER]

    assert after.state is HandoffState.OFFERED
    assert before.assignee in after.passed_over
    assert offers == [before.assignee, after.assignee]
    assert [card.recipients[0].person for card in cards if card.kind is CardKind.UPDATE][:1] == [before.assignee]


async def test_a_timer_appended_twice_has_its_effect_once(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    await until(hand, "accept_deadline")
    await hand.pump.fire()
    timers = await timers_on(hand.log)
    await hand.log.append(FEEDBACK.name, [Message(one.subject.bytes, encode(one)) for one in timers])
    await hand.drain(FEEDBACK.name)
    (handoff,) = await hand.handoffs()

    assert handoff.round == 2


async def test_an_acceptance_before_the_deadline_wins_though_the_timer_fires(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    (offered,) = await hand.handoffs()
    await hand.feed(an_accept(offered.id, offered.assignee, hand.clock.now()))
    await until(hand, "accept_deadline")
    await hand.pump.fire()
    await hand.drain(FEEDBACK.name)
    (handoff,) = await hand.handoffs()

    assert (handoff.state, handoff.assignee, handoff.round) == (HandoffState.ACCEPTED, offered.assignee, 1)


async def test_a_rejection_for_want_of_capacity_draws_again_at_once(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    (offered,) = await hand.handoffs()
    await hand.feed(a_rejection(offered.id, offered.assignee, RejectReason.NO_CAPACITY, hand.clock.now()))
    (handoff,) = await hand.handoffs()

    assert handoff.state is HandoffState.OFFERED
    assert handoff.assignee != offered.assignee
    assert len(await hand.rows(tables.ASSIGNMENT)) == 2


async def test_a_reminder_carries_the_whole_play(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    await until(hand, "accept_reminder")
    await hand.pump.fire()
    await hand.drain(FEEDBACK.name)
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay)]
    (offer,) = [card for card in cards if card.kind is CardKind.OFFER]
    reminders = [card for card in cards if card.kind is CardKind.REMINDER]

    assert reminders
    assert {card.play for card in reminders} == {offer.play}
    assert len({(card.sequence, card.recipients) for card in reminders}) == len(reminders)


async def test_of_reminders_that_come_late_and_together_each_person_gets_the_last_under_a_name_of_its_own(
    hand: Hand, playbook: Playbook
) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    for _ in range(len(playbook.reps) + 3):  # until there is nobody left to ask
        hand.clock.advance(timedelta(days=4))
        await hand.pump.fire()
        await hand.drain(FEEDBACK.name)
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay) and card.kind is CardKind.REMINDER]
    names = Counter((card.sequence, who.person) for card in cards for who in card.recipients)
    moments = Counter((card.at, who.person) for card in cards for who in card.recipients)
    (kept,) = await hand.handoffs()
    last = [card.notice for card in cards if playbook.last_resort in {who.person for who in card.recipients}]

    assert kept.assignee == playbook.last_resort
    assert set(names.values()) == set(moments.values()) == {1}
    assert last[-1].startswith("The deadline has passed and nobody is left")


async def test_the_reminders_of_a_deadline_that_was_brought_forward_come_before_it_and_no_others(
    hand: Hand, playbook: Playbook
) -> None:
    await hand.feed(a_consultation("ada@acme.example", at=hand.clock.now()))
    (slow,) = await hand.handoffs()
    hand.clock.advance(timedelta(minutes=1))
    start = hand.clock.now()
    await hand.feed(a_consultation("ada@acme.example", at=start, claims={"title": "Vice President, Sales"}))
    (fast,) = await hand.handoffs()
    assert slow.accept_by is not None
    assert fast.accept_by is not None
    window = fast.accept_by - start
    wakes = []
    for due in sorted({instant(row.due_at) for row in await hand.rows(tables.TIMER)}):
        before = await reminders(hand)
        hand.clock.advance(max(timedelta(), due + MARGIN - hand.clock.now()))
        await hand.pump.fire()
        await hand.drain()
        wakes += [due] * (await reminders(hand) - before)
        if due >= fast.accept_by:
            break

    assert fast.accept_by < slow.accept_by
    assert wakes[:2] == [start + window * part for part in level_of(fast, playbook).reminders]
    assert set(wakes[2:]) <= {fast.accept_by}


async def reminders(hand: Hand) -> int:
    return sum(isinstance(card, DeliverPlay) and card.kind is CardKind.REMINDER for card in await hand.cards())


async def test_whoever_triages_sees_the_card_again_before_its_deadline_and_when_that_has_passed(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example", marks=(Mark.HONEYPOT,)))
    for due in sorted(instant(row.due_at) for row in await hand.rows(tables.TIMER)):
        hand.clock.advance(max(timedelta(), due + MARGIN - hand.clock.now()))
        await hand.pump.fire()
        await hand.drain(FEEDBACK.name)
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay)]
    kinds = [card.kind for card in cards]
    (timer,) = await hand.rows(tables.TIMER)

    assert kinds == [CardKind.TRIAGE, *[CardKind.REMINDER] * 3]
    assert {card.accept_by for card in cards} == {cards[0].accept_by}
    assert len({card.sequence for card in cards}) == len(cards)
    assert timer.kind == "triage_deadline"
