"""Forgets by age: what describes a lead is kept no longer here than on the log, however the handoff ended."""

import asyncio
import contextlib
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from runtime.clock import Clock
from runtime.database import Database
from services.notifier.delivery import OVER
from services.notifier.tables import ATTEMPTS, DELIVERIES, HANDOFFS, INBOX, REACTIONS, READERS, millis

EVERY = 3600.0
"""Seconds."""

_log = structlog.get_logger(__name__)


async def forget_by_age(database: Database, clock: Clock, keep: timedelta) -> int:
    """Delete handoffs whose last command is older than `keep` and has nothing left to deliver; how many."""
    before = millis(clock.now() - keep)
    waiting = select(DELIVERIES.c.handoff).where(DELIVERIES.c.state.not_in([one.value for one in OVER]))
    old = select(HANDOFFS.c.handoff).where((HANDOFFS.c.at < before) & HANDOFFS.c.handoff.not_in(waiting))
    async with database.transaction() as connection:
        gone = list((await connection.execute(old.with_for_update())).scalars())
        for table in (DELIVERIES, READERS, REACTIONS, INBOX, HANDOFFS):
            await connection.execute(delete(table).where(table.c.handoff.in_(gone)))
        await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at < before))
    return len(gone)


async def run(database: Database, clock: Clock, keep: timedelta, stop: asyncio.Event) -> None:
    """Every hour until stopped; an outage of the database is waited out."""
    while not stop.is_set():
        try:
            if forgotten := await forget_by_age(database, clock, keep):
                _log.info("forgotten by age", handoffs=forgotten)
        except (SQLAlchemyError, OSError) as away:
            _log.warning("retention waits", fault=type(away).__name__)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await stop.wait()
