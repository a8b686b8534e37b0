"""The outbox: what a transaction decided to tell is written with it, published right after, and swept if that failed.

At least once: every message carries an id of its own, and its readers are idempotent.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.at_hand import driver_of
from runtime.clock import Clock
from runtime.database import Database, asked
from runtime.log import Log, LogError, Message

if TYPE_CHECKING:
    from sqlalchemy import Select

_HEADERS = msgspec.msgpack.Decoder(dict[str, bytes])
SWEEP = 500
_FORGOTTEN_MORE_OFTEN = 10
"""How often what was published is forgotten while leftovers are looked for once."""
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


@dataclass(frozen=True, slots=True)
class Said:
    """What one transaction has put into the outbox: its rows, and the (topic, message) pairs in them."""

    ids: tuple[int, ...] = ()
    messages: tuple[tuple[str, Message], ...] = ()


NOTHING_SAID = Said()


class Outbox:
    """Says what the database decided, once it is decided."""

    def __init__(self, database: Database, table: Table, log: Log, clock: Clock) -> None:
        self._database, self._table, self._log, self._clock = database, table, log, clock
        self._publishing = asyncio.Lock()
        self._failed, self._made_good = 1, 0  # a former life may have left something
        self._published: list[int] = []
        self._forget = delete(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
        self._forgotten = f"DELETE FROM {table.name} WHERE id = ANY($1::bigint[])"  # noqa: S608  (our own name)
        self._put = insert(table).returning(table.c.id)
        words = (
            f"INSERT INTO {table.name} (at, topic, key, value, headers) SELECT * FROM unnest(CAST({{}} AS bigint[]), "  # noqa: S608  (our own name)
            "CAST({} AS text[]), CAST({} AS bytea[]), CAST({} AS bytea[]), CAST({} AS bytea[])) RETURNING id"
        )
        self._together = text(words.format(":at", ":topic", ":key", ":value", ":headers"))
        self._driven = words.format("$1", "$2", "$3", "$4", "$5")

    def rows(self, said: Sequence[tuple[str, Message]]) -> "list[tuple[int, str, bytes, bytes, bytes]]":
        """The rows of these (topic, message) pairs but for their numbers, for whoever writes them with other rows."""
        at, encoded = int(self._clock.now().timestamp() * 1000), msgspec.msgpack.encode
        return [(at, topic, one.key, one.value, encoded(dict(one.headers))) for topic, one in said]

    async def put(self, connection: AsyncConnection, said: Sequence[tuple[str, Message]]) -> "Said":
        """Write (topic, message) pairs within the caller's transaction; `publish` them after its commit."""
        if not said:
            return NOTHING_SAID
        names, rows = ("at", "topic", "key", "value", "headers"), self.rows(said)
        if connection.dialect.name == "postgresql":  # arrays: a statement of one shape, however many there are
            columns = [list(column) for column in zip(*rows, strict=True)]
            if driver_of(connection).is_in_transaction():
                found = await asked(connection, self._driven, *columns)
                return Said(tuple(row["id"] for row in found), tuple(said))
            written = await connection.execute(self._together, dict(zip(names, columns, strict=True)))  # it begins
        else:
            written = await connection.execute(self._put, [dict(zip(names, row, strict=True)) for row in rows])
        return Said(tuple(written.scalars()), tuple(said))

    async def publish(self, said: "Said") -> None:
        """Publish what was just committed. Raises `LogError`; the sweeper does it then, and forgets what was published.

        Nobody looks for rows as young as these, so they need no lock; and they may stand a moment longer, as forgetting
        them is a commit, which would stand in the way of those who have just been told. What was left behind is not
        overtaken: after a failure everything that waits goes first, so that nobody reads of a change before they read
        of the thing.
        """
        if not said.ids:
            return
        async with self._publishing:  # one after the other, or what comes next could be said while this one fails
            failed, good = self._failed, self._failed == self._made_good
            if good:
                self._failed += 1
                await self._append(said.messages)
                self._failed -= 1
        if not good:
            await self.flush()
            self._made_good = failed
            return
        self._published += said.ids

    async def forget(self) -> None:
        """The rows that were published go. Raises as the database does; then it has to be tried again."""
        ids, self._published = self._published, []
        try:
            if ids and self._database.dialect == "postgresql":
                await self._database.alone(self._forgotten, ids)
            elif ids:
                async with self._database.transaction() as connection:
                    await connection.execute(self._forget, {"ids": ids})
        except BaseException:
            self._published += ids
            raise

    def doubt(self) -> None:
        """Something may have been left behind: with what is published next everything that waits goes first.

        Call it when a partition is taken over: its former owner, or a commit whose answer was lost, leaves rows.
        """
        self._failed += 1

    async def flush(self, *, older_than: timedelta = timedelta()) -> int:
        """Publish what waits, oldest first, and forget it; how many. Raises `LogError`.

        Several processes may flush at once and publish no row twice; beside `publish`, ask only for older rows.
        """
        total = 0
        async with self._publishing:
            await self.forget()
            while True:
                some = await self._publish_some(older_than)
                total += some
                if some < SWEEP:  # that was all of it: no further transaction only to see nothing
                    break
        return total

    async def _publish_some(self, older_than: timedelta) -> int:
        table = self._table
        before = int((self._clock.now() - older_than).timestamp() * 1000)
        oldest = select(table.c.id).where(table.c.at <= before).order_by(table.c.id).limit(SWEEP)
        if self._database.dialect == "sqlite":
            return await self._publish_alone(oldest)
        ours = oldest.with_for_update(skip_locked=True).cte("ours")
        taken = delete(table).where(table.c.id.in_(select(ours.c.id))).returning(table)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(taken)).all()
            await self._append(_said(rows))
        return len(rows)

    async def _publish_alone(self, oldest: "Select[tuple[int]]") -> int:
        """Without holding the one write lock while the log is written to: nobody else publishes from this file."""
        table = self._table
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(table).where(table.c.id.in_(oldest)))).all()
        if rows:
            await self._append(_said(rows))
            async with self._database.transaction() as connection:
                await connection.execute(delete(table).where(table.c.id.in_([row.id for row in rows])))
        return len(rows)

    async def _append(self, said: Iterable[tuple[str, Message]]) -> None:
        """Each topic in the order in which it was written to, the topics side by side."""
        by_topic: dict[str, list[Message]] = {}
        for topic, message in said:
            by_topic.setdefault(topic, []).append(message)
        await asyncio.gather(*[self._log.append(topic, messages) for topic, messages in by_topic.items()])

    async def sweep(self, stop: asyncio.Event, *, every: float = 1.0, age: timedelta = timedelta(seconds=2)) -> None:
        """Forget what was published, and publish leftovers (a crash or an outage after the commit), until stopped."""
        ticks = count()
        while not stop.is_set():
            try:
                await self.forget()
                if next(ticks) % _FORGOTTEN_MORE_OFTEN == 0:
                    await self.flush(older_than=age)
            except (
                LogError,
                SQLAlchemyError,
                OSError,
            ) as fault:  # it stays in the table; readiness tells of the outage
                _log_line.warning("the outbox waits", table=self._table.name, fault=type(fault).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every / _FORGOTTEN_MORE_OFTEN):
                    await stop.wait()


def _said(rows: Iterable[Any]) -> list[tuple[str, Message]]:
    oldest_first = sorted(rows, key=lambda one: one.id)
    return [(row.topic, Message(row.key, row.value, _HEADERS.decode(row.headers))) for row in oldest_first]
