"""A past whose first batches are forgotten begins with a snapshot, and comes to the same, byte for byte."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete

from schemas.event import EventType
from services.router.adapters import codec, tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.packing import packed, unpacked
from services.router.adapters.snapshots import kept_tables, rows_in, take
from services.router.backtest import Backtest, backtest
from services.router.beginning import Start, beginning, restored
from services.router.past import as_then
from services.router.recalling import recalled
from services.router.replay import Replayed, replay
from services.router.retention import forget_by_age, keep_a_snapshot
from tests.router.shell.building import a_consultation, a_page_view, an_erasure, an_event
from tests.router.shell.ring import Hand
from tests.router.shell.test_erasure import JEAN
from tests.router.shell.test_replay import a_day, scratch

pytestmark = pytest.mark.whole  # a past is decided, and then once more

assert scratch  # a fixture of this module as well

ADA = "ada@acme.example"


async def snapshot(hand: Hand) -> int:
    book = hand.desk.shelf.current
    number = await take(hand.database, milliseconds(hand.clock.now()), book.version, book.lists_version)
    assert number is not None
    return number


async def the_next_day(hand: Hand) -> None:
    """People of the day before come back, a correction takes back what one did, somebody new asks."""
    hand.clock.advance(timedelta(hours=3))
    (row, *_) = [one for one in await hand.rows(tables.VERDICT) if len(one.counted) > 1]
    await hand.feed(
        a_page_view("web:1", "/pricing"), a_consultation("grace@bolt.example"), a_consultation("new@x.example")
    )
    await hand.feed(an_event(EventType.RETRACTED, email="grace@bolt.example", corrects=row.event))
    hand.clock.advance(timedelta(hours=30))
    await hand.pump.fire()
    await hand.drain()


async def first_forgotten(hand: Hand, number: int) -> None:
    """What was decided up to this batch is no longer known, but for the verdicts."""
    async with hand.database.transaction() as connection:
        await connection.execute(delete(tables.BATCH).where(tables.BATCH.c.number <= number))


async def played_again(hand: Hand, scratch: Hand) -> tuple[Start | None, Replayed]:
    book = hand.desk.shelf.current
    start = await beginning(hand.database, hand.log)
    if start is not None:
        await restored(hand.database, start, scratch.database)
    return start, await replay(hand.database, hand.log, scratch.desk, {(book.version, book.lists_version): book})


async def over_the_past(hand: Hand) -> Backtest:
    book = hand.desk.shelf.current
    return await backtest(hand.database, hand.log, lambda _v, _l: book, forgotten=hand.desk.forgotten)


async def recorded_since(hand: Hand, number: int) -> dict[object, tuple[object, ...]]:
    rows = [row for row in await hand.rows(tables.VERDICT) if row.batch > number]
    return {row.event: (row.outcome, row.code, row.handoff) for row in rows}


async def test_what_came_after_the_snapshot_is_the_same(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    await first_forgotten(hand, number)
    start, done = await played_again(hand, scratch)

    assert start == Start(number, codec.instant(milliseconds(hand.clock.now() - timedelta(hours=33))), 0)
    assert done.differences == []
    assert done.verdicts == len(await recorded_since(hand, number)) >= 4


async def test_with_the_verdicts_emptied_the_same_receipts_come_out(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    kept = {(row.lead, row.seq): row.receipt for row in await hand.rows(tables.VERDICT) if row.batch > number}
    await first_forgotten(hand, number)
    async with hand.database.transaction() as connection:
        await connection.execute(delete(tables.VERDICT))
    await played_again(hand, scratch)
    again = {(row.lead, row.seq): row.receipt for row in await scratch.rows(tables.VERDICT) if row.batch > number}

    assert again == kept


async def test_without_the_snapshot_it_would_not_be(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    async with hand.database.transaction() as connection:
        await connection.execute(delete(tables.SNAPSHOT_PART))
    await first_forgotten(hand, number)
    _, done = await played_again(hand, scratch)

    assert done.differences != []


async def test_a_backtest_begins_there_as_well(hand: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    await first_forgotten(hand, number)
    done = await over_the_past(hand)

    assert done.whole
    assert {event: (one.outcome, one.code, one.handoff) for event, one in done.decided.items()} == (
        await recorded_since(hand, number)
    )


async def test_an_event_behind_the_snapshot_is_explained(hand: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    await first_forgotten(hand, number)
    book = hand.desk.shelf.current
    books = as_then({(book.version, book.lists_version): book})
    (last, *_) = [row for row in await hand.rows(tables.VERDICT) if row.batch > number and row.receipt]
    told = await recalled(hand.database, hand.log, books, last.event)

    assert told is not None
    assert told.verdict is not None
    assert (told.verdict.outcome, told.verdict.lead_seq) == (last.outcome, last.seq)


async def test_the_whole_past_is_preferred_where_it_is_there(hand: Hand) -> None:
    await a_day(hand)
    await snapshot(hand)

    assert await beginning(hand.database, hand.log) == Start(0)


async def test_a_snapshot_with_a_gap_behind_it_is_no_beginning(hand: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    await first_forgotten(hand, number + 2)

    assert await beginning(hand.database, hand.log) is None


async def test_whoever_asks_to_be_forgotten_leaves_every_snapshot(hand: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    before = await everything_in(hand, number)
    await hand.feed(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    after = await everything_in(hand, number)

    assert ADA.encode() in before
    assert ADA.encode() not in after
    assert b"grace@bolt.example" in after
    assert [row.forgotten for row in await hand.rows(tables.SNAPSHOT)] == [1]


async def everything_in(hand: Hand, number: int) -> bytes:
    """Every value of every row of the snapshot."""
    found = []
    for table in kept_tables():
        async for rows in rows_in(hand.database, number, table):
            found += [
                value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row.values()
            ]
    return b"\n".join(found)


async def test_others_come_out_the_same_after_somebody_was_forgotten(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    number = await snapshot(hand)
    await the_next_day(hand)
    await hand.feed(an_event(EventType.CONTENT_DOWNLOADED, email="new@x.example"), a_page_view("web:1"))
    await hand.feed(an_erasure("new@x.example", hand.clock.now() + timedelta(hours=1)))
    await first_forgotten(hand, number)
    start, done = await played_again(hand, scratch)
    again = await over_the_past(hand)

    assert start is not None
    assert done.differences == []
    assert (await recorded_since(hand, number)).items() <= {
        event: (one.outcome, one.code, one.handoff) for event, one in again.decided.items()
    }.items()


async def test_what_others_saw_of_somebody_who_was_forgotten_is_said_to_be_lost(hand: Hand, scratch: Hand) -> None:
    await hand.feed(a_page_view("web:kay"), a_consultation(JEAN))
    number = await snapshot(hand)
    await hand.feed(an_event(EventType.CONTENT_DOWNLOADED, email="kay@globex.example", cookie="web:kay"))
    await hand.feed(an_erasure(JEAN, hand.clock.now() + timedelta(hours=1)))
    saw = {f"{row.lead} #{row.seq}" for row in await hand.rows(tables.VERDICT) if row.surroundings}
    await first_forgotten(hand, number)
    start, done = await played_again(hand, scratch)

    assert start is not None
    assert start.forgotten == 1
    assert {difference.partition(":")[0] for difference in done.differences} == saw
    assert len(saw) == 1


async def test_it_is_made_now_and_then_and_forgotten_with_the_batches(hand: Hand) -> None:
    assert await keep_a_snapshot(hand.desk) is None
    await a_day(hand)
    first = await keep_a_snapshot(hand.desk)
    too_soon = await keep_a_snapshot(hand.desk)
    hand.clock.advance(timedelta(days=8))
    await hand.feed(a_consultation("later@x.example"))
    second = await keep_a_snapshot(hand.desk)
    hand.clock.advance(timedelta(days=33))
    await forget_by_age(hand.desk)
    left = [row.number for row in await hand.rows(tables.SNAPSHOT)]
    parts = {row.snapshot for row in await hand.rows(tables.SNAPSHOT_PART)}

    assert (first is not None, too_soon, second is not None) == (True, None, True)
    assert (left, parts) == ([second], {second})


async def test_a_batch_under_way_is_in_it_whole_or_not_at_all(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    deciding = asyncio.create_task(the_next_day(hand))
    book, numbers = hand.desk.shelf.current, set[int]()
    while not deciding.done():
        number = await take(hand.database, milliseconds(hand.clock.now()), book.version, book.lists_version)
        numbers |= {number} if number else set()
        await asyncio.sleep(0)
    await deciding
    for number in sorted(numbers)[:1]:
        await first_forgotten(hand, number)
    _, done = await played_again(hand, scratch)

    assert numbers
    assert done.differences == []


def test_rows_come_back_as_they_were_packed() -> None:
    table = tables.ACT
    columns = [column.name for column in table.columns]
    rows = [{"lead": UUID(int=n), "seq": n, "fact": UUID(int=n + 1), "batch": 7 * n} for n in range(1001)]

    assert list(unpacked(packed(columns, rows), table)) == rows
