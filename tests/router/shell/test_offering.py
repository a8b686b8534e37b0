"""What was decided reaches a rep, whatever dies in between, and the turns are shared fairly by all routers."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, LogUnavailableError, Message
from runtime.outbox import Outbox
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from schemas.topics import HANDOFFS, PLAYS
from services.router.adapters import codec, tables
from services.router.applying import More, apply
from services.router.domain.playbook import Playbook
from tests.router.shell.building import a_consultation
from tests.router.shell.ring import Hand
from tests.router.shell.test_consumer import URGENT


class _Away:
    """A log whose broker is away for appends."""

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        raise LogUnavailableError(f"{topic}: no broker answers for {len(messages)} messages")


async def decided_only(hand: Hand, *emails: str) -> None:
    """What a process leaves behind that dies right after its commit."""
    await hand.append(*(a_consultation(email) for email in emails))
    batch = await hand.batch(URGENT)
    assert batch is not None
    await apply(hand.desk, batch, {}, More())


async def test_a_crash_between_commit_and_offering_leaves_a_queue_that_is_swept(hand: Hand) -> None:
    await decided_only(hand, "ada@acme.example", "grace@bolt.example")
    queued = [handoff.state for handoff in await hand.handoffs()]
    offered = await hand.offering.sweep()

    assert queued == [HandoffState.QUEUED, HandoffState.QUEUED]
    assert offered == 2
    assert {handoff.state for handoff in await hand.handoffs()} == {HandoffState.OFFERED}
    assert await hand.offering.sweep() == 0


async def test_a_crash_between_commit_and_publish_leaves_an_outbox_that_is_swept(hand: Hand) -> None:
    await decided_only(hand, "ada@acme.example")
    before = await hand.said(HANDOFFS.name)
    await hand.desk.outbox.flush()

    assert before == []
    assert len(await hand.said(HANDOFFS.name)) == 1
    assert await hand.rows(tables.OUTBOX) == []


async def test_a_broker_that_is_away_after_the_commit_delays_the_card_and_loses_nothing(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hand = Hand(house, log, clock, playbook)
    object.__setattr__(hand.desk, "outbox", Outbox(house, tables.OUTBOX, _Away(), clock))  # type: ignore[arg-type]  # only `append` is ever called
    await hand.feed(a_consultation("ada@acme.example"))
    waiting = len(await hand.rows(tables.OUTBOX))
    await Outbox(house, tables.OUTBOX, log, clock).flush()
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay)]

    assert waiting >= 2
    assert [card.kind for card in cards] == [CardKind.OFFER]


async def test_deadlines_count_from_the_offer_not_from_the_event(hand: Hand) -> None:
    await decided_only(hand, "ada@acme.example")
    hand.clock.advance(timedelta(hours=1))
    await hand.offering.sweep()
    (handoff,) = await hand.handoffs()

    assert handoff.offered_at == hand.clock.now()
    assert handoff.accept_by is not None
    assert handoff.accept_by > hand.clock.now()


async def test_an_offered_handoff_has_an_accountable_rep_a_deadline_timers_and_a_recorded_draw(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    (handoff,) = await hand.handoffs()
    (row,) = await hand.rows(tables.ASSIGNMENT)
    timers = await hand.rows(tables.TIMER)
    drawn = codec.DRAW.decode(row.draw)

    assert handoff.assignee in hand.desk.shelf.current.reps
    assert (row.handoff, row.rep, row.round) == (handoff.id, handoff.assignee, 1)
    assert [one.rep for one in drawn.candidates if one.chosen] == [handoff.assignee]
    assert {timer.subject for timer in timers} == {handoff.id}
    assert "accept_deadline" in {timer.kind for timer in timers}


async def test_a_handoff_is_offered_once_though_two_routers_sweep(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hands = [Hand(house, log, clock, playbook) for _ in range(3)]
    await decided_only(hands[0], *(f"p{number}@firm{number}.example" for number in range(9)))
    counts = await asyncio.gather(*(hand.offering.sweep() for hand in hands))
    offers = [card for card in await hands[0].cards() if isinstance(card, DeliverPlay) and card.kind is CardKind.OFFER]

    assert sum(counts) == 9
    assert len({card.handoff for card in offers}) == len(offers) == 9
    assert {row.round for row in await hands[0].rows(tables.ASSIGNMENT)} == {1}


async def test_two_routers_that_draw_at_once_share_the_turns_as_one_would(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    clock.advance(timedelta(hours=4))  # late enough for the coast that rises last
    hands = [Hand(house, log, clock, playbook) for _ in range(2)]
    await decided_only(hands[0], *(f"p{number}@firm{number}.example" for number in range(24)))
    ids = [handoff.id for handoff in await hands[0].handoffs()]
    await asyncio.gather(*(hands[place % 2].offering.offer([one]) for place, one in enumerate(ids)))
    handoffs = await hands[0].handoffs()
    by_team: dict[str, Counter[str]] = {}
    for handoff in handoffs:
        by_team.setdefault(handoff.team, Counter())[handoff.assignee] += 1

    for team, shares in by_team.items():
        weights = {rep: playbook.reps[rep].weight for rep in playbook.teams[team].reps}
        total, whole = sum(shares.values()), sum(weights.values())
        off = {rep: shares[rep] - total * weight / whole for rep, weight in weights.items()}

        assert all(abs(one) < 1 for one in off.values()), (team, shares, off)


async def test_the_card_of_an_offer_is_told_after_the_fact_for_systems(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    facts, cards = await hand.said(HANDOFFS.name), await hand.said(PLAYS.name)
    (handoff,) = await hand.handoffs()

    assert [record.key for record in (*facts, *cards)] == [handoff.id.bytes] * 3
    assert [one.state for one in hand.told if one.kind == "offer"] == ["offered"]
