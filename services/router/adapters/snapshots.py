"""Snapshots: the state after one batch and before the next, kept so that the past can be decided again from there.

A batch is numbered after it has locked what it touches, and its row is written before it commits. So while nobody may
write such a row, everything up to the highest number is committed and nothing behind it is: one look at that moment is
a snapshot. On PostgreSQL the look is a `REPEATABLE READ` transaction, begun while `router_batch` is locked in `SHARE`
mode; the lock goes at once, the look lasts as long as the copying does (the manual, 13.2.2 and 13.3.1). On SQLite
there is one writer, and it is us.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from services.router.adapters import tables
from services.router.adapters.packing import Bucket, bucket_of, packed, unpacked

_LEFT_OUT = frozenset(
    {
        tables.POSITIONS,
        tables.OUTBOX,
        tables.SEEN,
        tables.TIMER,
        tables.BATCH,
        tables.ASSIGNMENT,
        tables.ROTATION,
        tables.GIVEN,
        tables.PUBLICATION,
        tables.PARKED,
        tables.ERASED,
        tables.SNAPSHOT,
        tables.SNAPSHOT_PART,
    }
)
"""What no decision reads, or what stands whole in the database whenever a past begins."""
_SLIM = ("lead", "seq", "event", "counted")
"""Of verdicts, what a correction reads."""
_GUARD = "SELECT pg_try_advisory_xact_lock(hashtext('playcaller router_snapshot'))"
_AT_ONCE = 1000


def kept_tables() -> list[Table]:
    """The tables of which a snapshot holds the rows."""
    return [table for table in tables.METADATA.sorted_tables if table not in _LEFT_OUT]


def columns_of(table: Table) -> Sequence[str]:
    """What of a row is kept."""
    return _SLIM if table is tables.VERDICT else [column.name for column in table.columns]


async def take(database: Database, at: int, playbook: str, lists: str) -> int | None:
    """Keep the state as it is `at` this moment (milliseconds, UTC); the number of the last batch in it.

    None where there is nothing new, where another process is at it, or where somebody was forgotten meanwhile: try
    again later.
    """
    if database.dialect == "sqlite":
        async with database.transaction() as connection:
            return await _copied(connection, at, playbook, lists)
    async with database.transaction() as guard:
        if not (await guard.execute(text(_GUARD))).scalar_one():
            return None
        before = await _erasures(guard)
        async with _standing_still(database) as connection:
            number = await _copied(connection, at, playbook, lists)
        if number is not None and await _erasures(guard) != before:
            async with database.transaction() as connection:
                await drop(connection, [number])
            return None
    return number


async def drop(connection: AsyncConnection, numbers: Collection[int]) -> None:
    """Throw these snapshots away."""
    part, snapshot = tables.SNAPSHOT_PART, tables.SNAPSHOT
    await connection.execute(delete(part).where(part.c.snapshot.in_(numbers)))
    await connection.execute(delete(snapshot).where(snapshot.c.number.in_(numbers)))


async def without(connection: AsyncConnection, leads: Collection[UUID]) -> None:
    """Take these leads, who are one person, out of every snapshot, in the caller's transaction."""
    part, snapshot, gone = tables.SNAPSHOT_PART, tables.SNAPSHOT, frozenset(leads)
    numbers = list((await connection.execute(select(snapshot.c.number))).scalars())
    if not numbers or not gone:
        return
    theirs = part.c.bucket.in_({bucket_of(lead) for lead in gone})
    for row in (await connection.execute(select(part).where(theirs).with_for_update())).all():
        table = tables.METADATA.tables[row.of]
        if "lead" not in table.c:
            continue
        rows = list(unpacked(row.rows, table))
        left = [one for one in rows if one["lead"] not in gone]
        if len(left) < len(rows):
            here = (part.c.snapshot == row.snapshot) & (part.c.of == row.of) & (part.c.bucket == row.bucket)
            await connection.execute(update(part).where(here).values(rows=packed(list(rows[0]), left)))
    await connection.execute(update(snapshot).values(forgotten=snapshot.c.forgotten + 1))


async def rows_in(recorded: Database, number: int, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    """What the snapshot holds of a table, a bucket at a time; columns that have come since are not there."""
    part = tables.SNAPSHOT_PART
    here = (part.c.snapshot == number) & (part.c.of == table.name)
    known = {column.name for column in table.columns}
    async with recorded.reading() as connection:
        buckets = list((await connection.execute(select(part.c.bucket).where(here))).scalars())
    for bucket in sorted(buckets):
        async with recorded.reading() as connection:
            found = select(part.c.rows).where(here & (part.c.bucket == bucket))
            held = (await connection.execute(found)).scalar_one_or_none()
        if held is not None:
            yield [{name: row[name] for name in row if name in known} for row in unpacked(held, table)]


@asynccontextmanager
async def _standing_still(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that sees every batch up to one, and none behind it, for as long as it likes."""
    async with database.engine.connect() as plain:
        reader = await plain.execution_options(isolation_level="REPEATABLE READ")
        async with database.transaction() as holder:
            await holder.execute(text("SET LOCAL lock_timeout = '2s'"))
            await holder.execute(text(f"LOCK TABLE {tables.BATCH.name} IN SHARE MODE"))
            await reader.execute(select(func.max(tables.BATCH.c.number)))
        yield reader
        await reader.commit()


async def _erasures(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(tables.ERASED))).scalar_one())


async def _copied(connection: AsyncConnection, at: int, playbook: str, lists: str) -> int | None:
    number = (await connection.execute(select(func.max(tables.BATCH.c.number)))).scalar_one()
    known = select(tables.SNAPSHOT.c.number).where(tables.SNAPSHOT.c.number == number)
    if number is None or (await connection.execute(known)).scalar_one_or_none() is not None:
        return None
    for table in kept_tables():
        for bucket, rows in (await _buckets(connection, table)).items():
            part = {"snapshot": number, "of": table.name, "bucket": bucket, "rows": rows.bytes()}
            await connection.execute(insert(tables.SNAPSHOT_PART).values(part))
    row = {"number": number, "at": at, "playbook": playbook, "lists": lists, "forgotten": 0}
    await connection.execute(insert(tables.SNAPSHOT).values(row))
    return int(number)


async def _buckets(connection: AsyncConnection, table: Table) -> dict[int, Bucket]:
    columns = columns_of(table)
    place = list(columns).index("lead") if "lead" in columns else None
    wanted = select(*[table.c[name] for name in columns])
    if table is tables.VERDICT:
        wanted = wanted.where(func.length(table.c.counted) > 1)
    found: dict[int, Bucket] = {}
    async for row in await connection.stream(wanted.execution_options(yield_per=_AT_ONCE)):
        bucket = 0 if place is None else bucket_of(row[place])
        found.setdefault(bucket, Bucket(columns)).add(row)
    return found
