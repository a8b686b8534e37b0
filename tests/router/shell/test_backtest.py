"""A playbook over the past: the one that decided then comes to the same; another one to what it would have changed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from schemas.verdict import Outcome
from services.router.adapters import tables
from services.router.backtest import Backtest, backtest
from services.router.consumer import Consumer
from services.router.desk import ASSIGNMENT_LANE
from services.router.domain.playbook import Playbook
from services.router.offering import Offering
from tests.router.shell.building import a_consultation, a_page_view, an_erasure, an_event
from tests.router.shell.ring import Hand
from tests.router.shell.test_replay import a_day

pytestmark = pytest.mark.whole  # a past is decided, and then once more


async def over_the_past(hand: Hand, book: Playbook | None = None, *, until: datetime | None = None) -> Backtest:
    def books(_version: str, _lists: str) -> Playbook:
        return book or hand.desk.shelf.current

    return await backtest(hand.database, hand.log, books, until=until)


async def test_the_playbook_that_decided_decides_the_same(hand: Hand) -> None:
    await a_day(hand)
    done = await over_the_past(hand)
    recorded = {row.event: (row.outcome, row.code, row.handoff) for row in await hand.rows(tables.VERDICT)}

    assert {event: (one.outcome, one.code, one.handoff) for event, one in done.decided.items()} == recorded
    assert len(recorded) > 5
    assert sum(done.load.values()) == len(await hand.rows(tables.ASSIGNMENT))


async def test_what_came_later_changes_nothing_before(hand: Hand) -> None:
    await a_day(hand)
    before = await over_the_past(hand)
    await hand.feed(a_consultation("later@acme.example"), an_event(email="ada@acme.example", name="poison"))
    after = await over_the_past(hand)

    assert {event: after.decided[event] for event in before.decided} == before.decided


class Asleep(Offering):
    """Draws nobody yet: the sweeper will."""

    async def soon(self, handoffs: Iterable[UUID]) -> None:
        """Leave these to the sweeper."""


async def test_who_was_drawn_after_the_period_was_drawn_for_nobody_in_it(hand: Hand) -> None:
    """A draw that was recorded later is one of the future: within the period the handoff waits, as whoever else's."""
    hand.consumer = Consumer(hand.desk, Asleep(hand.desk))
    await hand.feed(a_consultation("ada@umbrella.example"))
    end = hand.clock.now()
    before = await over_the_past(hand, until=end)
    hand.clock.advance(timedelta(hours=1))
    drawn = await hand.offering.sweep()
    after, whole = await over_the_past(hand, until=end), await over_the_past(hand)
    ((recorded,),) = [(row.rep,) for row in await hand.rows(tables.ASSIGNMENT)]

    assert drawn == 1
    assert sum(before.load.values()) == 1
    assert after.load == before.load
    assert whole.load == {recorded: 1}


async def test_a_stricter_playbook_passes_fewer(hand: Hand, playbook: Playbook) -> None:
    await a_day(hand)
    stricter = replace(playbook, version="stricter", rules={})
    done = await over_the_past(hand, stricter)

    assert done.outcomes[Outcome.PASS] == 0
    assert done.load == {}


async def test_a_laxer_playbook_draws_for_whom_nobody_was_drawn(hand: Hand, playbook: Playbook) -> None:
    strict = replace(playbook, version="strict", rules={})
    hand.desk.shelf.put(strict)
    await hand.feed(a_consultation("ada@acme.example"), a_page_view("web:1"))
    done = await over_the_past(hand, playbook)

    assert done.outcomes[Outcome.PASS] == 1
    assert sum(done.load.values()) == 1


async def test_the_erased_stay_erased(hand: Hand) -> None:
    await a_day(hand)
    await hand.feed(an_erasure("ada@acme.example", hand.clock.now() + timedelta(hours=1)))
    await hand.feed(a_page_view("web:1", "/pricing"))
    done = await over_the_past(hand)
    recorded = {row.event: (row.outcome, row.code, row.handoff) for row in await hand.rows(tables.VERDICT)}

    assert (
        recorded.items() <= {event: (one.outcome, one.code, one.handoff) for event, one in done.decided.items()}.items()
    )


async def test_a_past_whose_first_batches_are_forgotten_is_called_half_a_past(hand: Hand) -> None:
    await a_day(hand)
    assert (await over_the_past(hand)).whole

    await forget_the_first_batch(hand)

    assert not (await over_the_past(hand)).whole


async def test_a_past_of_which_one_partition_has_no_batch_left_is_half_a_past(hand: Hand) -> None:
    await a_day(hand)
    batch = tables.BATCH
    async with hand.database.transaction() as connection:
        rows = await connection.execute(select(batch.c.lane, batch.c.partition).distinct())
        lanes = sorted((row.lane, row.partition) for row in rows)
        lane, partition = next(one for one in lanes if one[0] != ASSIGNMENT_LANE)
        await connection.execute(delete(batch).where(batch.c.lane == lane, batch.c.partition == partition))

    assert len(lanes) > 1
    assert not (await over_the_past(hand)).whole


async def forget_the_first_batch(hand: Hand) -> None:
    """Of every partition, as the retention does it in time."""
    async with hand.database.transaction() as connection:
        await connection.execute(delete(tables.BATCH).where(tables.BATCH.c.first == 0, tables.BATCH.c.partition >= 0))
