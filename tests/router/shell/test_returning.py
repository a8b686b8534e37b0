"""A lead that a rep gave back until a day comes to them again from the tables alone, with a card of its own."""

from datetime import date, timedelta
from uuid import uuid4

from schemas.feedback import HandoffRejected, RejectReason
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from schemas.topics import FEEDBACK
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from tests.router.shell.building import a_consultation, an_erasure
from tests.router.shell.ring import Hand

THAT_DAY = date(2026, 3, 10)
ADA = "ada@acme.example"
MARGIN = timedelta(seconds=4)
"""The default append timeout and clock skew."""


async def given_back(hand: Hand) -> str:
    """Ada, whom her rep wants to see again; who that is."""
    await hand.feed(a_consultation(ADA))
    (handoff,) = await hand.handoffs()
    act = HandoffRejected(
        id=uuid4(),
        handoff=handoff.id,
        actor=handoff.assignee,
        at=hand.clock.now(),
        reason=RejectReason.NOT_READY,
        note="After the budget round.",
        again_on=THAT_DAY,
    )
    await hand.feed(act)
    return handoff.assignee


async def that_day(hand: Hand) -> None:
    (due,) = [instant(row.due_at) for row in await hand.rows(tables.TIMER) if row.kind == "snooze_ended"]
    assert due.date() == THAT_DAY
    hand.clock.advance(due + MARGIN - hand.clock.now())
    await hand.pump.fire()
    await hand.drain(FEEDBACK.name)


async def test_on_that_day_the_rep_gets_a_card_of_its_own(hand: Hand) -> None:
    rep = await given_back(hand)
    await that_day(hand)
    before, after = sorted(await hand.handoffs(), key=lambda each: each.received_at)
    offers = [card for card in await hand.cards() if isinstance(card, DeliverPlay) and card.kind is CardKind.OFFER]

    assert (before.state, after.state) == (HandoffState.RECYCLED, HandoffState.OFFERED)
    assert (before.assignee, after.assignee) == (rep, rep)
    assert [card.handoff for card in offers] == [before.id, after.id]
    assert offers[-1].play is not None
    assert offers[-1].brief.why_now[0].endswith("asked to see them again today: After the budget round.")


async def test_it_is_numbered_in_the_leads_history_and_comes_once(hand: Hand) -> None:
    await given_back(hand)
    await that_day(hand)
    await hand.drain(FEEDBACK.name)
    (row,) = await hand.rows(tables.STANDING)
    standing = codec.STANDING.decode(row.standing)

    assert len(await hand.handoffs()) == 2
    assert (standing.returns, standing.seq) == (None, 3)


async def test_nobody_comes_back_who_asked_to_be_forgotten(hand: Hand) -> None:
    await given_back(hand)
    await hand.feed(an_erasure(ADA, hand.clock.now()))
    hand.clock.advance(timedelta(days=10))
    await hand.pump.fire()
    await hand.drain(FEEDBACK.name)

    assert (await hand.handoffs(), await hand.rows(tables.TIMER), await hand.dead()) == ([], [], [])
