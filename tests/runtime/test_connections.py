"""Connections to a really running PostgreSQL: those that died are replaced, and a statement may go alone."""

import asyncpg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, text
from sqlalchemy.exc import DBAPIError

from runtime.at_hand import driver_of
from runtime.database import Database

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True))
pytestmark = pytest.mark.servers


async def test_a_connection_that_died_while_it_lay_idle_is_replaced_before_anybody_gets_it(
    fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("runtime.database.IDLE", -1.0)  # every connection has lain idle for too long
    database, witness = Database(fresh_postgres_url), Database(fresh_postgres_url)
    async with database.reading() as connection:
        idle = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    async with witness.reading() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": idle})

    async with database.reading() as connection:
        fresh = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()

    await database.close()
    await witness.close()
    assert fresh != idle


async def test_a_connection_that_was_closed_while_it_lay_idle_is_replaced_before_anybody_gets_it(
    fresh_postgres_url: str,
):
    database = Database(fresh_postgres_url)
    async with database.reading() as connection:
        idle = driver_of(connection)
    idle.terminate()

    assert [tuple(row) for row in await database.alone("SELECT 1")] == [(1,)]
    await database.close()


async def test_a_statement_alone_is_kept_whole_or_not_at_all_and_the_next_transaction_is_one_again(
    fresh_postgres_url: str,
):
    database = Database(fresh_postgres_url, pool_size=1)
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
    await database.alone("INSERT INTO things SELECT unnest($1::integer[])", [1, 2])
    with pytest.raises(DBAPIError) as refused:
        await database.alone("INSERT INTO things SELECT unnest($1::integer[])", [3, 1])
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await connection.execute(THINGS.insert(), [{"id": 4}])
            raise ZeroDivisionError

    async with database.reading() as connection:
        kept = list((await connection.execute(select(THINGS.c.id).order_by(THINGS.c.id))).scalars())

    assert isinstance(refused.value.orig, asyncpg.UniqueViolationError)
    assert kept == [1, 2]
    await database.close()


_PID = "SELECT pg_backend_pid()"


async def pid_of(database: Database) -> int:
    ((pid,),) = await database.alone(_PID)
    return int(pid)


async def end(witness: Database, pid: int) -> None:
    async with witness.reading() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


async def test_a_statement_alone_finds_the_connection_of_the_last_one_at_hand_and_the_pool_lends_another(
    fresh_postgres_url: str,
):
    database = Database(fresh_postgres_url)
    first = await pid_of(database)
    async with database.reading() as connection:
        pooled = (await connection.execute(text(_PID))).scalar_one()

    assert (await pid_of(database), pooled == first) == (first, False)
    await database.close()


async def test_a_connection_at_hand_that_died_meanwhile_is_thrown_away_before_anybody_gets_it(
    fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("runtime.at_hand.IDLE", -1.0)  # it has lain there for too long
    database, witness = Database(fresh_postgres_url), Database(fresh_postgres_url)
    first = await pid_of(database)
    await end(witness, first)

    assert await pid_of(database) != first
    await database.close()
    await witness.close()


async def test_what_a_statement_left_broken_is_not_kept_at_hand(fresh_postgres_url: str):
    database = Database(fresh_postgres_url)
    async with database.begun("SELECT 1") as (connection, _):
        dying = driver_of(connection)
    with pytest.raises(DBAPIError):
        await database.alone("SELECT pg_terminate_backend(pg_backend_pid(), 0)")

    assert dying.is_closed()
    assert [tuple(row) for row in await database.alone("SELECT 1")] == [(1,)]
    await database.close()


async def test_closing_leaves_no_connection_at_hand_open(fresh_postgres_url: str):
    database = Database(fresh_postgres_url)
    async with database.begun("SELECT 1") as (connection, _):
        kept = driver_of(connection)
    was_open = not kept.is_closed()
    await database.close()

    assert (was_open, kept.is_closed()) == (True, True)


async def test_a_connection_that_dies_under_a_statement_is_an_error_that_every_caller_retries(
    fresh_postgres_url: str,
):
    database = Database(fresh_postgres_url, pool_size=1)
    with pytest.raises(DBAPIError):
        await database.alone("SELECT pg_terminate_backend(pg_backend_pid(), 0)")

    assert [tuple(row) for row in await database.alone("SELECT 1")] == [(1,)]
    await database.close()
