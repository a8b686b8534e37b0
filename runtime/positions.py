"""Offsets in the database: a compare-and-set, the first statement of every batch's transaction, and its fence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database, asked
from runtime.log import Batch, FencedError, Partition, Position

_BY_KEYS = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; "
"""A batch finds every row by its key. Each statement is planned once a connection (PostgreSQL would plan those that are
given few keys anew each time), and not for the few rows that a table has on its first day (its manual, 19.7.1, 19.7.4).
"""


def positions_table(metadata: MetaData, name: str) -> Table:
    """The table a consumer keeps its offsets in."""
    return Table(
        name,
        metadata,
        Column("topic", Text, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("next", BigInteger, nullable=False),
        Column("epoch", BigInteger, nullable=False),
    )


class Positions:
    """The offsets of one consumer group, in its own table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        mine = [table.c[name] == bindparam(f"is_{name}") for name in ("topic", "number", "next", "epoch")]
        self._move = update(table).where(*mine).values(next=bindparam("after"))
        place = "topic = {} AND number = {} AND next = {} AND epoch = {}"
        self._words = f"UPDATE {table.name} SET next = {{}} WHERE {place}"  # noqa: S608  (our own name)
        self.moved = self._words.format("$1", "$2", "$3", "$4", "$5")
        """What `move` does as a statement of PostgreSQL's, of the values that `claim` gives: for a WITH around it."""
        place, ours = "next = $1 AND topic = $2 AND number = $3 AND epoch = $4", "xmin = pg_current_xact_id()::xid"
        self._was_moved = f"SELECT FROM {table.name} WHERE {place} AND {ours}"

    async def take(self, connection: AsyncConnection, partition: Partition) -> Position:
        """Take the partition over: a higher epoch, so that its former owner is fenced at its next batch."""
        table = self._table
        insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
        fresh = insert(table).values(topic=partition.topic, number=partition.number, next=0, epoch=1)
        taken = fresh.on_conflict_do_update(index_elements=["topic", "number"], set_={"epoch": table.c.epoch + 1})
        row = (await connection.execute(taken.returning(table.c.next, table.c.epoch))).one()
        return Position(next=row.next, epoch=row.epoch)

    @staticmethod
    def claim(batch: Batch) -> tuple[int, str, int, int, int]:
        """The values of `moved` for this batch, in order."""
        return batch.next, batch.partition.topic, batch.partition.number, batch.first, batch.epoch

    @asynccontextmanager
    async def claimed(self, database: Database, batch: Batch) -> AsyncIterator[AsyncConnection]:
        """A transaction that begins by claiming the batch: on PostgreSQL in one round trip. Raises `FencedError`."""
        if database.dialect != "postgresql":
            async with database.transaction() as connection:
                await self.move(connection, batch)
                yield connection
            return
        async with database.begun(_BY_KEYS + self._moving(batch)) as (connection, tag):
            if tag != "UPDATE 1":
                raise _fenced(batch)
            yield connection

    @asynccontextmanager
    async def claimed_with(
        self, database: Database, batch: Batch, insert: str
    ) -> AsyncIterator[tuple[AsyncConnection, int]]:
        """As `claimed`, on PostgreSQL, and in the same round trip this INSERT; and how many rows it wrote.

        It selects from `moved` too, which is empty where the claim fails. Its values stand in it.
        """
        words = f"WITH moved AS ({self._moving(batch)} RETURNING next) {insert}"
        async with database.begun(_BY_KEYS + words) as (connection, tag):
            written = int(tag.rpartition(" ")[2])
            if not written and not await asked(connection, self._was_moved, *self.claim(batch)[:3], batch.epoch):
                raise _fenced(batch)
            yield connection, written

    def _moving(self, batch: Batch) -> str:
        after, topic, *numbers = self.claim(batch)
        quoted = topic.replace("'", "''")
        return self._words.format(after, f"'{quoted}'", *numbers)

    async def move(self, connection: AsyncConnection, batch: Batch) -> None:
        """Claim the batch: to be the first statement of its transaction. Raises `FencedError` if another owner did."""
        where = {"is_topic": batch.partition.topic, "is_number": batch.partition.number}
        stands = {"is_next": batch.first, "is_epoch": batch.epoch}
        if (await connection.execute(self._move, {**where, **stands, "after": batch.next})).rowcount != 1:
            raise _fenced(batch)

    async def read(self, connection: AsyncConnection) -> dict[Partition, int]:
        """Where every partition stands, for lag and for tools."""
        rows = await connection.execute(select(self._table))
        return {Partition(row.topic, row.number): row.next for row in rows}


def _fenced(batch: Batch) -> FencedError:
    return FencedError(f"{batch.partition.topic}/{batch.partition.number} at {batch.first}: another owner moved on")
