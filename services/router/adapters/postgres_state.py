"""The router's state on PostgreSQL: whole batches as arrays, through asyncpg, within SQLAlchemy's transaction."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters.state import Row

_ARRAYS: dict[type, str] = {
    Uuid: "uuid[]",
    Text: "text[]",
    BigInteger: "bigint[]",
    Integer: "integer[]",
    Boolean: "boolean[]",
    LargeBinary: "bytea[]",
}


class PostgresState:
    """A constant number of statements a batch, whatever its size."""

    waits = True

    async def empty(self, connection: AsyncConnection, table: Table) -> bool:
        """As the contract says."""
        driver = await _driver(connection)
        return await driver.fetchval(f"SELECT 1 FROM {table.name} LIMIT 1") is None  # noqa: S608  (our own names)

    async def fetch(
        self,
        connection: AsyncConnection,
        table: Table,
        by: Sequence[str],
        keys: Sequence[Row],
        columns: Sequence[str],
        *,
        only: str = "",
    ) -> Sequence[Row]:
        """As the contract says."""
        if not keys:
            return ()
        driver = await _driver(connection)
        rows: Sequence[Row] = await driver.fetch(_fetch(table, tuple(by), tuple(columns), only), *_columns(keys))
        return rows

    async def lock(self, connection: AsyncConnection, table: Table, keys: Sequence[Row]) -> Sequence[Row]:
        """As the contract says; sorted by the primary key, so that two batches never wait for each other."""
        if not keys:
            return ()
        driver = await _driver(connection)
        rows: Sequence[Row] = await driver.fetch(_lock(table), *_columns(keys))
        return rows

    async def put(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says."""
        if rows:
            driver = await _driver(connection)
            await driver.execute(_put(table), *_columns(rows))

    async def add(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
        """As the contract says."""
        if not rows:
            return 0
        driver = await _driver(connection)
        return _count(await driver.execute(_add(table), *_columns(rows)))

    async def add_keys(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> AbstractSet[str]:
        """As the contract says: as a rule all are new, and then nothing has to be sent back."""
        keys = {row[0] for row in rows}
        if not rows or await self.add(connection, table, rows) == len(keys):
            return keys
        driver = await _driver(connection)
        (key,) = table.primary_key.columns
        return {row[0].hex for row in await driver.fetch(_mine(table, key.name), list(keys))}

    async def remove(self, connection: AsyncConnection, table: Table, by: str, values: Sequence[Any]) -> int:
        """As the contract says."""
        if not values:
            return 0
        driver = await _driver(connection)
        statement = f"DELETE FROM {table.name} WHERE {by} = ANY($1::{_array(table, by)})"  # noqa: S608  (our own names)
        return _count(await driver.execute(statement, list(values)))


async def _driver(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, asyncpg.Connection) or not driver.is_in_transaction():
        raise RuntimeError("the transaction has to be begun through SQLAlchemy, on asyncpg")
    return driver


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


def _array(table: Table, column: str) -> str:
    kind = table.c[column].type
    return next(array for type_, array in _ARRAYS.items() if isinstance(kind, type_) and type(kind) is type_)


def _given(table: Table, columns: Sequence[str]) -> str:
    return ", ".join(f"${number}::{_array(table, name)}" for number, name in enumerate(columns, 1))


def _rows(table: Table, columns: Sequence[str]) -> str:
    return f"SELECT * FROM unnest({_given(table, columns)})"  # noqa: S608  (our own names)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


@lru_cache
def _fetch(table: Table, by: tuple[str, ...], columns: tuple[str, ...], only: str) -> str:
    further = f" AND {only}" if only else ""
    if len(by) == 1:
        return f'SELECT {_quoted(columns)} FROM {table.name} WHERE "{by[0]}" = ANY({_given(table, by)}){further}'  # noqa: S608  (our own names)
    joined = " AND ".join(f'row."{name}" = asked."{name}"' for name in by)
    asked = f"unnest({_given(table, by)}) AS asked({_quoted(by)})"
    picked = ", ".join(f'row."{name}"' for name in columns)
    return f"SELECT {picked} FROM {asked} JOIN {table.name} AS row ON {joined}{further}"  # noqa: S608  (our own names)


@lru_cache
def _mine(table: Table, key: str) -> str:
    """Those of the keys whose row this very transaction has written (PostgreSQL's manual, 5.6 System Columns)."""
    own = "xmin = pg_current_xact_id()::xid"
    return f'SELECT "{key}" FROM {table.name} WHERE "{key}" = ANY($1::{_array(table, key)}) AND {own}'  # noqa: S608  (our own names)


@lru_cache
def _lock(table: Table) -> str:
    keys = _keys(table)
    order = _quoted(keys)
    asked = _rows(table, keys)
    return f"SELECT {_quoted(_names(table))} FROM {table.name} WHERE ({order}) IN ({asked}) ORDER BY {order} FOR UPDATE"  # noqa: S608  (our own names)


@lru_cache
def _add(table: Table) -> str:
    names = _names(table)
    return f"INSERT INTO {table.name} ({_quoted(names)}) {_rows(table, names)} ON CONFLICT DO NOTHING"


@lru_cache
def _put(table: Table) -> str:
    names, keys = _names(table), _keys(table)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    insert = f"INSERT INTO {table.name} ({_quoted(names)}) {_rows(table, names)}"
    return f"{insert} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {changed}"
