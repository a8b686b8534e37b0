"""Forgets by age: de-duplication keys, unknown visitors, old verdicts, closed windows. A small job, now and then."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, Table, delete, exists, func, select
from sqlalchemy.exc import SQLAlchemyError

from services.router.adapters import tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.saving import day_of
from services.router.adapters.snapshots import drop, take
from services.router.desk import Desk

_EVERY = 3600.0
_log = structlog.get_logger(__name__)


async def forget_by_age(desk: Desk) -> dict[str, int]:
    """Delete what is past its time; how many rows, by table. Each table in a transaction of its own."""
    counted = {}
    for table, past in _past(desk):
        async with desk.carriage.database.transaction() as connection:
            counted[table.name] = (await connection.execute(delete(table).where(past))).rowcount
    async with desk.carriage.database.transaction() as connection:
        old = select(tables.SNAPSHOT.c.number).where(tables.SNAPSHOT.c.at < _days_ago(desk, desk.settings.batch_days))
        numbers = list((await connection.execute(old)).scalars())
        await drop(connection, numbers)
    return {**counted, tables.SNAPSHOT.name: len(numbers)}


async def keep_a_snapshot(desk: Desk) -> int | None:
    """Keep the state as it is now, where the last time was long enough ago; the number of its last batch."""
    days = desk.settings.snapshot_days
    if not days:
        return None
    async with desk.carriage.database.reading() as connection:
        last = (await connection.execute(select(func.max(tables.SNAPSHOT.c.at)))).scalar_one()
    if last is not None and last > _days_ago(desk, days):
        return None
    book = desk.shelf.current
    return await take(desk.carriage.database, milliseconds(desk.now()), book.version, book.lists_version)


def _days_ago(desk: Desk, days: float) -> int:
    return milliseconds(desk.now() - timedelta(days=days))


def _past(desk: Desk) -> list[tuple[Table, ColumnElement[bool]]]:
    now, settings = desk.now(), desk.settings
    today = day_of(milliseconds(now))

    def days(number: int) -> int:
        return milliseconds(now - timedelta(days=number))

    seen, identifier = tables.SEEN, tables.IDENTIFIER
    worked = exists().where(tables.STANDING.c.lead == identifier.c.lead)
    return [
        (seen, seen.c.day < today - settings.dedup_days),
        (tables.TOMBSTONE, tables.TOMBSTONE.c.day < today - settings.batch_days),
        (tables.DEAD, tables.DEAD.c.day < today - settings.batch_days),
        (tables.FLOOD, tables.FLOOD.c.day < today - 1),
        (identifier, identifier.c.lone & (identifier.c.day < today - settings.anonymous_days) & ~worked),
        (tables.VERDICT, tables.VERDICT.c.at < days(settings.verdict_days)),
        (tables.BATCH, tables.BATCH.c.at < days(settings.batch_days)),
    ]


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Every hour until stopped; an outage of the database is waited out."""
    while not stop.is_set():
        try:
            await keep_a_snapshot(desk)
            counted = await forget_by_age(desk)
            if any(counted.values()):
                _log.info("forgotten by age", **counted)
        except (SQLAlchemyError, OSError) as away:
            _log.warning("retention waits", fault=type(away).__name__)
        try:
            await asyncio.wait_for(stop.wait(), _EVERY)
        except TimeoutError:
            continue
