"""Offsets in the database: a compare-and-set, the first statement of every batch's transaction, and its fence."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.log import Batch, FencedError, Partition, Position


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
        self.moved = f"UPDATE {table.name} SET next = $1 WHERE topic = $2 AND number = $3 AND next = $4 AND epoch = $5"  # noqa: S608  (our own name)
        """What `move` does as a statement of PostgreSQL's, of the values that `claim` gives: for a WITH around it."""

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

    async def move(self, connection: AsyncConnection, batch: Batch) -> None:
        """Claim the batch: to be the first statement of its transaction. Raises `FencedError` if another owner did."""
        where = {"is_topic": batch.partition.topic, "is_number": batch.partition.number}
        stands = {"is_next": batch.first, "is_epoch": batch.epoch}
        if (await connection.execute(self._move, {**where, **stands, "after": batch.next})).rowcount != 1:
            raise FencedError(
                f"{batch.partition.topic}/{batch.partition.number} at {batch.first}: another owner moved on"
            )

    async def read(self, connection: AsyncConnection) -> dict[Partition, int]:
        """Where every partition stands, for lag and for tools."""
        rows = await connection.execute(select(self._table))
        return {Partition(row.topic, row.number): row.next for row in rows}
