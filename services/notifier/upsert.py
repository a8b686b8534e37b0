"""`INSERT … ON CONFLICT` on either database, in one place."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Write the rows, all of the same columns; where a primary key exists, the other columns take the new values."""
    if rows:
        await connection.execute(_replacing(connection.dialect.name, table, tuple(rows[0])), list(rows))


async def put_if_absent(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write those rows whose key is not there yet; how many were written."""
    written = 0
    for row in rows:
        written += (await connection.execute(_missing(connection.dialect.name, table), row)).rowcount
    return written


@lru_cache
def _replacing(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    new = _INSERTS[dialect](table)
    changed = {name: new.excluded[name] for name in columns if name not in keys}
    return new.on_conflict_do_update(index_elements=keys, set_=changed)


@lru_cache
def _missing(dialect: str, table: Table) -> Any:
    return _INSERTS[dialect](table).on_conflict_do_nothing()


_INSERTS: dict[str, Callable[[Table], Any]] = {"postgresql": postgresql_insert, "sqlite": sqlite_insert}
