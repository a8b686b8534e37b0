"""Time is an event: what falls due is appended to the feedback lane, behind every act that came before it.

An act that a door received before the deadline stands on the log by `due + append timeout + clock skew`, or was
refused; only then is the timer appended, under the same key, so that within its partition it stands behind the act.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, select
from sqlalchemy.exc import SQLAlchemyError

from runtime.log import LogError, Message
from schemas.fact import encode
from schemas.feedback import TimerFired, TimerKind
from schemas.topics import FEEDBACK
from services.router.adapters import tables
from services.router.adapters.codec import instant, milliseconds
from services.router.desk import Desk
from services.router.metrics import TIMERS_FIRED
from services.router.telling import JSON

_AT_ONCE = 500
_log = structlog.get_logger(__name__)


class TimerPump:
    """Appends what is due. Several may run: each takes rows that no other has in hand."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        settings = desk.settings
        self._margin = timedelta(seconds=settings.append_timeout + settings.clock_skew)

    async def fire(self) -> int:
        """Append every timer that is due, then forget it; how many. At least once: a timer's id is a v5 of what it is.

        Raises `LogError` where the log is away; the rows stay.
        """
        total = 0
        while (count := await self._some()) > 0:
            total += count
        return total

    async def _some(self) -> int:
        timer = tables.TIMER
        before = milliseconds(self._desk.now() - self._margin)
        due = select(timer).where(timer.c.due_at <= before).order_by(timer.c.due_at, timer.c.id).limit(_AT_ONCE)
        async with self._desk.carriage.database.transaction() as connection:
            rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
            if rows:
                await self._desk.carriage.log.append(FEEDBACK.name, _messages(rows))
                await connection.execute(delete(timer).where(timer.c.id.in_([row.id for row in rows])))
        for row in rows:
            TIMERS_FIRED.labels(row.kind).inc()
        return len(rows)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every now and then until stopped; an outage of log or database is waited out."""
        while not stop.is_set():
            try:
                await self.fire()
            except (LogError, SQLAlchemyError, OSError) as away:
                _log.warning("timers wait", fault=type(away).__name__)
            try:
                await asyncio.wait_for(stop.wait(), self._desk.settings.timer_poll)
            except TimeoutError:
                continue


def _messages(rows: Sequence[Row[Any]]) -> list[Message]:
    return [Message(row.subject.bytes, encode(_fact(row)), JSON) for row in rows]


def _fact(row: Row[Any]) -> TimerFired:
    return TimerFired(
        id=row.id,
        kind=TimerKind(row.kind),
        subject=row.subject,
        due_at=instant(row.due_at),
        about=row.about,
        round=row.round,
    )
