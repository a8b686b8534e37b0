"""The outbox: what a transaction decided to tell is written with it, published right after, and swept if that failed.

At least once: every message carries an id of its own, and its readers are idempotent.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import structlog
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.clock import Clock
from runtime.database import Database
from runtime.log import Log, LogError, Message

_HEADERS = msgspec.msgpack.Decoder(dict[str, bytes])
SWEEP = 500
_log_line = structlog.get_logger(__name__)


def outbox_table(metadata: MetaData, name: str) -> Table:
    """The table a service keeps what it is about to say in."""
    return Table(
        name,
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("at", BigInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", LargeBinary, nullable=False),
    )


class Outbox:
    """Says what the database decided, once it is decided."""

    def __init__(self, database: Database, table: Table, log: Log, clock: Clock) -> None:
        self._database, self._table, self._log, self._clock = database, table, log, clock
        self._publishing = asyncio.Lock()

    async def put(self, connection: AsyncConnection, said: Sequence[tuple[str, Message]]) -> None:
        """Write (topic, message) pairs within the caller's transaction."""
        if not said:
            return
        at = int(self._clock.now().timestamp() * 1000)
        rows = [
            {
                "at": at,
                "topic": topic,
                "key": message.key,
                "value": message.value,
                "headers": msgspec.msgpack.encode(dict(message.headers)),
            }
            for topic, message in said
        ]
        await connection.execute(insert(self._table), rows)

    async def flush(self, *, older_than: timedelta = timedelta()) -> int:
        """Publish what waits, oldest first, and forget it; how many. Call after the commit. Raises `LogError`."""
        total = 0
        async with self._publishing:
            while True:
                count = await self._publish_some(older_than)
                total += count
                if count < SWEEP:  # that was all of it: no further transaction only to see nothing
                    break
        return total

    async def _publish_some(self, older_than: timedelta) -> int:
        table = self._table
        before = int((self._clock.now() - older_than).timestamp() * 1000)
        oldest = select(table).where(table.c.at <= before).order_by(table.c.id).limit(SWEEP)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(oldest.with_for_update(skip_locked=True))).all()
            topics = dict.fromkeys(row.topic for row in rows)
            for topic in topics:
                await self._log.append(
                    topic,
                    [Message(row.key, row.value, _HEADERS.decode(row.headers)) for row in rows if row.topic == topic],
                )
            if rows:
                await connection.execute(delete(table).where(table.c.id.in_([row.id for row in rows])))
        return len(rows)

    async def sweep(self, stop: asyncio.Event, *, every: float = 1.0, age: timedelta = timedelta(seconds=2)) -> None:
        """Publish leftovers (a crash or a broker outage after the commit) until stopped."""
        while not stop.is_set():
            try:
                await self.flush(older_than=age)
            except (
                LogError,
                SQLAlchemyError,
                OSError,
            ) as fault:  # it stays in the table; readiness tells of the outage
                _log_line.warning("the outbox waits", table=self._table.name, fault=type(fault).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await stop.wait()
