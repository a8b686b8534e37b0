"""A batch's transaction begins with its claim: of two owners one has it, and what breaks leaves nothing behind."""

import asyncio
import contextlib

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from runtime.database import Database
from runtime.log import Batch, FencedError, Partition
from runtime.positions import Positions, positions_table

METADATA = MetaData()
POSITIONS = Positions(positions_table(METADATA, "positions"))
THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True))
URGENT = Partition("ada's urgent; -- {0} events", 3)


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
        await POSITIONS.take(connection, URGENT)
        await POSITIONS.take(connection, Partition("urgent", 3))
    return database


async def a_database(url: str) -> Database:
    """With the tables, and one connection that everybody gets."""
    database = Database(url, pool_size=1)
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
        await POSITIONS.take(connection, URGENT)
    return database


def a_batch(first: int = 0, after: int = 10, epoch: int = 1) -> Batch:
    return Batch(URGENT, first, after, epoch, [])


async def stands(database: Database) -> tuple[int, list[int]]:
    """Where the partition stands, and the things that were written."""
    async with database.reading() as connection:
        things = list((await connection.execute(select(THINGS.c.id).order_by(THINGS.c.id))).scalars())
        return (await POSITIONS.read(connection))[URGENT], things


async def write(database: Database, batch: Batch, thing: int) -> None:
    async with POSITIONS.claimed(database, batch) as connection:
        await connection.execute(THINGS.insert(), [{"id": thing}])


async def test_what_is_written_under_a_claim_is_kept_with_the_offset(tables: Database) -> None:
    await write(tables, a_batch(0, 10), 1)
    await write(tables, a_batch(10, 25), 2)

    assert await stands(tables) == (25, [1, 2])


@pytest.mark.parametrize("stale", [a_batch(epoch=0), a_batch(first=5)], ids=["an older epoch", "another offset"])
async def test_who_lost_the_race_is_fenced_before_anything_is_written(tables: Database, stale: Batch) -> None:
    with pytest.raises(FencedError, match="another owner"):
        await write(tables, stale, 1)
    await write(tables, a_batch(), 2)

    assert await stands(tables) == (10, [2])


async def test_of_owners_at_once_exactly_one_has_the_claim(tables: Database) -> None:
    tried = await asyncio.gather(*(write(tables, a_batch(), one) for one in range(8)), return_exceptions=True)
    won = [number for number, outcome in enumerate(tried) if not isinstance(outcome, FencedError)]

    assert [tried[number] for number in won] == [None]
    assert await stands(tables) == (10, won)


async def test_an_exception_under_a_claim_gives_the_batch_back(tables: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with POSITIONS.claimed(tables, a_batch()) as connection:
            await connection.execute(THINGS.insert(), [{"id": 1}])
            raise ZeroDivisionError

    assert await stands(tables) == (0, [])


async def test_a_cancelled_claim_gives_the_batch_back_and_blocks_nobody(tables: Database) -> None:
    began = asyncio.Event()

    async def never_ends() -> None:
        async with POSITIONS.claimed(tables, a_batch()) as connection:
            await connection.execute(THINGS.insert(), [{"id": 1}])
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await began.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await write(tables, a_batch(), 2)

    assert await stands(tables) == (10, [2])


@pytest.mark.servers
async def test_a_connection_that_dies_under_a_claim_leaves_nothing_and_is_given_to_nobody(
    fresh_postgres_url: str,
) -> None:
    database = await a_database(fresh_postgres_url)
    with pytest.raises(Exception, match=r"terminating connection|closed"):
        async with POSITIONS.claimed(database, a_batch()) as connection:
            await connection.execute(THINGS.insert(), [{"id": 1}])
            await connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid(), 0)")
    await write(database, a_batch(), 2)

    assert await stands(database) == (10, [2])
    await database.close()


@pytest.mark.servers
async def test_a_claim_under_which_a_failure_was_passed_over_does_not_count_as_kept(fresh_postgres_url: str) -> None:
    database = await a_database(fresh_postgres_url)
    with pytest.raises(SQLAlchemyError, match="nothing was committed"):
        async with POSITIONS.claimed(database, a_batch()) as connection:
            with contextlib.suppress(SQLAlchemyError):
                await connection.execute(text("SELECT 1 / 0"))
    await write(database, a_batch(), 2)

    assert await stands(database) == (10, [2])
    await database.close()


@pytest.mark.servers
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_who_is_cancelled_again_while_a_claim_is_undone_leaves_a_pool_that_serves_the_next(
    fresh_postgres_url: str, turns: int
) -> None:
    database, witness = await a_database(fresh_postgres_url), Database(fresh_postgres_url)

    async def asks_for_long() -> None:
        async with database.begun("SELECT pg_sleep(60)"):
            pass

    task = asyncio.create_task(asks_for_long())
    busy = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    while not await witness.alone(busy):
        pass
    task.cancel()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await write(database, a_batch(), 2)

    assert await stands(database) == (10, [2])
    await database.close()
    await witness.close()
