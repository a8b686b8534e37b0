"""Forgets by age: de-duplication keys, unknown visitors, old verdicts, closed windows. A small job, now and then."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, Table, delete, exists
from sqlalchemy.exc import SQLAlchemyError

from services.router.adapters import tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.saving import day_of
from services.router.desk import Desk

_EVERY = 3600.0
_log = structlog.get_logger(__name__)


async def forget_by_age(desk: Desk) -> dict[str, int]:
    """Delete what is past its time; how many rows, by table. Each table in a transaction of its own."""
    counted = {}
    for table, past in _past(desk):
        async with desk.carriage.database.transaction() as connection:
            counted[table.name] = (await connection.execute(delete(table).where(past))).rowcount
    return counted


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
            counted = await forget_by_age(desk)
            if any(counted.values()):
                _log.info("forgotten by age", **counted)
        except (SQLAlchemyError, OSError) as away:
            _log.warning("retention waits", fault=type(away).__name__)
        try:
            await asyncio.wait_for(stop.wait(), _EVERY)
        except TimeoutError:
            continue
