"""Where a past begins: with the first batch, or, where that is forgotten, with a snapshot of the state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Column, LargeBinary, Row, Text, insert, select

from runtime.database import Database
from runtime.log import Log, OffsetLostError, Partition
from runtime.positions import Positions
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.adapters.loading import world_of
from services.router.adapters.snapshots import kept_tables, rows_in
from services.router.desk import ASSIGNMENT_LANE
from services.router.domain.world import Counted, World
from services.router.past import begins_at_the_beginning


class Start(NamedTuple):
    """A point from which everything that came later can be decided again."""

    number: int
    """The last batch that is not; 0 where all of them are."""
    at: datetime | None = None
    """When the snapshot was made, UTC; None without one."""
    forgotten: int = 0
    """People who were taken out of the snapshot since: what others' verdicts saw of them cannot be seen again."""


async def beginning(recorded: Database, log: Log, before: int | None = None) -> Start | None:
    """The earliest point to begin at, or, with `before`, the latest in front of that batch; None where there is none.

    A snapshot serves where every batch behind it is kept, and the log still holds what these decided.
    """
    async with recorded.reading() as connection:
        rows = list(await connection.execute(select(tables.BATCH).order_by(tables.BATCH.c.number)))
        kept = list(await connection.execute(select(tables.SNAPSHOT).order_by(tables.SNAPSHOT.c.number)))
        reached = await Positions(tables.POSITIONS).read(connection)
    starts = [Start(row.number, instant(row.at), row.forgotten) for row in kept if _followed(row.number, rows)]
    if begins_at_the_beginning(rows, reached):
        starts.insert(0, Start(0))
    if before is not None:
        starts = [one for one in reversed(starts) if one.number < before]
    untouched = [one for one in starts if not one.forgotten]
    for start in (*untouched, *[one for one in starts if one.forgotten]):
        if await _held(log, [row for row in rows if row.number > start.number]):
            return start
    return None


def _followed(number: int, rows: Sequence[Row[Any]]) -> bool:
    """Whether all that was decided behind this batch is kept: batches are forgotten by age, the oldest first."""
    return not rows or rows[0].number <= number + 1


async def _held(log: Log, rows: Sequence[Row[Any]]) -> bool:
    first: dict[tuple[str, int], int] = {}
    for row in rows:
        if row.lane != ASSIGNMENT_LANE:
            first.setdefault((row.lane, row.partition), row.first)
    try:
        for (lane, partition), offset in first.items():
            await log.read(Partition(lane, partition), offset, 1)
    except OffsetLostError:
        return False
    return True


async def restored(recorded: Database, start: Start, scratch: Database) -> None:
    """Bring an empty router's database into the state of the snapshot; nothing to do at the very beginning."""
    if not start.number:
        return
    async with scratch.transaction() as connection:
        for table in kept_tables():
            blank = {column.name: _blank(column) for column in table.columns}
            async for rows in rows_in(recorded, start.number, table):
                filled = [{**blank, **row} for row in rows]
                if filled:
                    await connection.execute(insert(table), filled)
        erased = await _rows(recorded, select(tables.ERASED))
        if erased:
            await connection.execute(insert(tables.ERASED), [{"hash": row.hash, "at": row.at} for row in erased])
        blank = {column.name: _blank(column) for column in tables.BATCH.columns}
        await connection.execute(insert(tables.BATCH).values({**blank, "number": start.number}))


def _blank(column: Column[Any]) -> Any:
    """What stands where the snapshot holds nothing: nobody reads it of the past before it."""
    if column.nullable:
        return None
    kinds: tuple[tuple[type, Any], ...] = ((LargeBinary, b""), (Text, ""), (Boolean, False))
    return next((blank for kind, blank in kinds if isinstance(column.type, kind)), 0)


class Memory(NamedTuple):
    """What a snapshot holds, as values."""

    world: World
    counted: dict[Any, Counted]
    corrected: set[Any]
    dead: set[Any]
    erased: dict[Any, int]
    """hash → when (milliseconds, UTC)."""


async def remembered(recorded: Database, start: Start) -> Memory:
    """The snapshot in memory."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in kept_tables():
        found[table.name] = [row async for rows in rows_in(recorded, start.number, table) for row in rows]
    counted = {row["event"]: codec.COUNTED.decode(row["counted"]) for row in found[tables.VERDICT.name]}
    erased = {row.hash: row.at for row in await _rows(recorded, select(tables.ERASED))}
    corrected = {row["event"] for row in found[tables.TOMBSTONE.name]}
    return Memory(world_of(found), counted, corrected, {row["event"] for row in found[tables.DEAD.name]}, erased)


async def _rows(recorded: Database, statement: Any) -> list[Row[Any]]:
    async with recorded.reading() as connection:
        return list(await connection.execute(statement))
