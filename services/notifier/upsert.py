"""`INSERT … ON CONFLICT` on either database, in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Write the rows, all of the same columns; where a primary key exists, the other columns take the new values."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    new = _insert(connection)(table).values(list(rows))
    changed = {name: new.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))


async def put_if_absent(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write those rows whose key is not there yet; how many were written."""
    written = 0
    for row in rows:
        written += (await connection.execute(_insert(connection)(table).values(row).on_conflict_do_nothing())).rowcount
    return written


def _insert(connection: AsyncConnection) -> Any:
    return postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
