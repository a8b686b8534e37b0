"""Transactions, offsets, the outbox and migrations, on SQLite and on a really running PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Integer, MetaData, Table, func, select

from runtime.clock import ManualClock
from runtime.database import Database, DatabaseAwayError
from runtime.log import Batch, FencedError, Log, LogUnavailableError, Message, Partition, Position
from runtime.outbox import Outbox, outbox_table
from runtime.positions import Positions, positions_table
from runtime.sqlite_log import SqliteLog

METADATA = MetaData()
POSITIONS = positions_table(METADATA, "positions")
OUTBOX = outbox_table(METADATA, "outbox")
THINGS = Table("things", METADATA, SqlColumn("id", Integer, primary_key=True))
URGENT = Partition("urgent", 3)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
    return database


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    async with SqliteLog(tmp_path / "target.db", partitions=2, clock=ManualClock(NOON)) as log:
        yield log


def batch(first: int, after: int, epoch: int) -> Batch:
    return Batch(URGENT, first, after, epoch, [])


async def things(database: Database) -> list[int]:
    async with database.reading() as connection:
        return list((await connection.execute(select(THINGS.c.id).order_by(THINGS.c.id))).scalars())


async def test_a_transaction_is_kept_on_leaving(tables: Database):
    async with tables.transaction() as connection:
        await connection.execute(THINGS.insert(), [{"id": 1}, {"id": 2}])

    assert await things(tables) == [1, 2]


async def test_an_exception_leaves_nothing_behind(tables: Database):
    with pytest.raises(ZeroDivisionError):
        async with tables.transaction() as connection:
            await connection.execute(THINGS.insert(), [{"id": 1}])
            raise ZeroDivisionError

    assert await things(tables) == []


async def test_a_cancelled_transaction_leaves_nothing_behind_and_blocks_nobody(tables: Database):
    began = asyncio.Event()

    async def never_ends() -> None:
        async with tables.transaction() as connection:
            await connection.execute(THINGS.insert(), [{"id": 1}])
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await began.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with tables.transaction() as connection:
        await connection.execute(THINGS.insert(), [{"id": 2}])

    assert await things(tables) == [2]


async def test_writers_queue_up_instead_of_failing(tables: Database):
    async def write(number: int) -> None:
        async with tables.transaction() as connection:
            seen = (await connection.execute(select(func.count()).select_from(THINGS))).scalar_one()
            await connection.execute(THINGS.insert(), [{"id": number}])
            assert seen >= 0

    await asyncio.gather(*(write(number) for number in range(30)))

    assert await things(tables) == list(range(30))


async def test_a_database_that_answers_is_ready(database: Database):
    assert await database.ready()


async def test_a_database_that_is_away_is_not_ready():
    away = Database("postgresql+asyncpg://ada:secret@127.0.0.1:1/none")

    assert not await away.ready()
    await away.close()


async def test_a_database_that_is_away_is_an_error_that_every_caller_retries():
    gone = Database("postgresql+asyncpg://ada@127.0.0.1:9/nowhere")

    with pytest.raises(DatabaseAwayError):
        async with gone.transaction():
            raise AssertionError("there is no connection to work on")
    with pytest.raises(OSError):
        async with gone.reading():
            raise AssertionError("there is no connection to read from")


async def test_a_new_partition_begins_at_zero_and_each_owner_gets_a_higher_epoch(tables: Database):
    positions = Positions(POSITIONS)
    async with tables.transaction() as connection:
        taken = [await positions.take(connection, URGENT) for _ in range(3)]

    assert taken == [Position(0, 1), Position(0, 2), Position(0, 3)]


async def test_moving_on_is_kept_for_the_next_owner(tables: Database):
    positions = Positions(POSITIONS)
    async with tables.transaction() as connection:
        await positions.take(connection, URGENT)
        await positions.move(connection, batch(0, 10, epoch=1))
        await positions.move(connection, batch(10, 25, epoch=1))
        taken = await positions.take(connection, URGENT)

        assert taken == Position(25, 2)
        assert await positions.read(connection) == {URGENT: 25}


@pytest.mark.parametrize(
    ("stale", "why"),
    [(batch(0, 10, epoch=1), "an older epoch"), (batch(5, 10, epoch=2), "another offset")],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_who_lost_the_race_is_fenced(tables: Database, stale: Batch, why: str):
    positions = Positions(POSITIONS)
    async with tables.transaction() as connection:
        await positions.take(connection, URGENT)
        await positions.take(connection, URGENT)
    with pytest.raises(FencedError, match="another owner"):
        async with tables.transaction() as connection:
            await positions.move(connection, stale)


async def test_of_two_owners_at_once_exactly_one_moves_the_offset(tables: Database):
    positions = Positions(POSITIONS)
    async with tables.transaction() as connection:
        await positions.take(connection, URGENT)

    async def attempt(number: int) -> bool:
        try:
            async with tables.transaction() as connection:
                await positions.move(connection, batch(0, 10, epoch=1))
                await connection.execute(THINGS.insert(), [{"id": number}])
        except FencedError:
            return False
        return True

    won = await asyncio.gather(*(attempt(number) for number in range(8)))

    assert sum(won) == 1
    assert await things(tables) == [won.index(True)]


async def told(log: Log, topic: str) -> list[bytes]:
    return [one.value for part in await log.partitions(topic) for one in await log.read(part, 0)]


def saying(*words: bytes, topic: str = "plays") -> list[tuple[str, Message]]:
    return [(topic, Message(b"acme", word, {"id": word})) for word in words]


async def test_what_a_transaction_said_is_published_once_in_order_and_forgotten(tables: Database, target: SqliteLog):
    outbox = Outbox(tables, OUTBOX, target, ManualClock(NOON))
    async with tables.transaction() as connection:
        await outbox.put(connection, saying(b"one", b"two"))
        await outbox.put(connection, saying(b"three"))

    assert await outbox.flush() == 3
    assert await outbox.flush() == 0
    assert await told(target, "plays") == [b"one", b"two", b"three"]


async def test_what_was_rolled_back_is_never_said(tables: Database, target: SqliteLog):
    outbox = Outbox(tables, OUTBOX, target, ManualClock(NOON))
    with pytest.raises(FencedError):
        async with tables.transaction() as connection:
            await outbox.put(connection, saying(b"never"))
            await outbox.put(connection, saying(b"nor this", b"nor that"))
            raise FencedError

    assert await outbox.flush() == 0
    assert await told(target, "plays") == []


async def test_headers_survive_the_outbox(tables: Database, target: SqliteLog):
    outbox = Outbox(tables, OUTBOX, target, ManualClock(NOON))
    async with tables.transaction() as connection:
        await outbox.put(connection, saying(b"\x00\xff"))
    await outbox.flush()
    (record,) = [one for part in await target.partitions("plays") for one in await target.read(part, 0)]

    assert (record.key, record.value, record.headers) == (b"acme", b"\x00\xff", {"id": b"\x00\xff"})


async def test_more_than_one_sweep_is_published_whole(tables: Database, target: SqliteLog):
    outbox = Outbox(tables, OUTBOX, target, ManualClock(NOON))
    words = [str(number).encode() for number in range(1200)]
    async with tables.transaction() as connection:
        await outbox.put(connection, saying(*words))

    assert await outbox.flush() == 1200
    assert await told(target, "plays") == words[:1000]


async def test_while_the_log_is_away_it_waits_in_the_table(tables: Database, target: SqliteLog, tmp_path: Path):
    clock = ManualClock(NOON)
    async with SqliteLog(tmp_path / "none" / "x.db", partitions=1, clock=clock) as away:
        other = SqliteLog(tmp_path / "none" / "x.db", partitions=1, clock=clock)
        async with other:
            await other.append("plays", [Message(b"", b"the writer")])
            outbox = Outbox(tables, OUTBOX, away, clock)
            async with tables.transaction() as connection:
                await outbox.put(connection, saying(b"later"))
            with pytest.raises(LogUnavailableError):
                await outbox.flush()

    assert await Outbox(tables, OUTBOX, target, clock).flush() == 1
    assert await told(target, "plays") == [b"later"]


async def test_the_sweeper_takes_only_what_was_left_over(tables: Database, target: SqliteLog):
    clock = ManualClock(NOON)
    outbox = Outbox(tables, OUTBOX, target, clock)
    async with tables.transaction() as connection:
        await outbox.put(connection, saying(b"old"))
    clock.advance(timedelta(seconds=3))
    async with tables.transaction() as connection:
        await outbox.put(connection, saying(b"fresh"))

    assert await outbox.flush(older_than=timedelta(seconds=2)) == 1
    assert await told(target, "plays") == [b"old"]


async def test_the_sweeper_outlives_an_outage_of_the_database(tables: Database, target: SqliteLog):
    gone = Database("postgresql+asyncpg://ada:secret@127.0.0.1:1/none")
    stop = asyncio.Event()
    sweeping = asyncio.create_task(Outbox(gone, OUTBOX, target, ManualClock(NOON)).sweep(stop, every=0.01))
    done, _ = await asyncio.wait([sweeping], timeout=0.3)
    stop.set()
    await sweeping

    assert not done
    await gone.close()
