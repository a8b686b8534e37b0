"""The router's state in one SQLite file: the same set-wise contract by JSON arrays and executemany.

A transaction here holds the one write lock from its beginning (`BEGIN IMMEDIATE`), so locking a row is reading it.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from itertools import chain
from typing import Any
from uuid import UUID

import aiosqlite
from sqlalchemy import Boolean, Table, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from runtime.log import Batch
from runtime.positions import Positions
from services.router.adapters.ask import (
    Ask,
    Create,
    Fetch,
    Filled,
    Held,
    Lock,
    Number,
    Row,
    Sum,
    Tally,
    Whole,
    one_by_one,
)
from services.router.adapters.state import CrossedError, Write

_Convert = Callable[[Any], Any]
_TAKEN = frozenset({sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE})
_PIECE = 500
"""Rows a statement, far below what SQLite takes as values (32 766)."""


class SqliteState:
    """Ids stand as 32 hexadecimal digits, as SQLAlchemy writes them here."""

    waits = False

    async def ask(self, connection: AsyncConnection, *asks: Ask) -> Sequence[Sequence[Row]]:
        """As the contract says: there is no way to a file that would have to be saved."""
        return await one_by_one(asks, partial(self._answer, connection))

    async def _answer(self, connection: AsyncConnection, one: Ask) -> Sequence[Row]:
        match one:
            case Fetch():
                return await self.fetch(connection, one.table, one.by, one.keys, one.columns, only=one.only)
            case Lock():
                return await self.lock(connection, one.table, one.keys, held=one.held)
            case Create():
                await self.create(connection, one.table, one.rows)
                return ()
            case Sum() | Number() | Tally() | Filled() | Whole():
                return await self._counted(connection, one)

    async def _counted(self, connection: AsyncConnection, one: Sum | Number | Tally | Filled | Whole) -> Sequence[Row]:
        match one:
            case Sum():
                return await self._sum(connection, one)
            case Number():
                return await self._number(connection, one)
            case Tally():
                return await self._tally(connection, one)
            case Filled():
                held = ", ".join(f"EXISTS (SELECT 1 FROM {table.name})" for table in one.tables)  # noqa: S608  (our own names)
                driver = await _driver(connection)
                return [list(map(bool, row)) for row in await driver.execute_fetchall(f"SELECT {held}")]
            case Whole():
                every = f"SELECT {_quoted(_names(one.table))} FROM {one.table.name}"  # noqa: S608  (our own names)
                driver = await _driver(connection)
                return _read(one.table, _names(one.table), await driver.execute_fetchall(every))

    @staticmethod
    async def _sum(connection: AsyncConnection, one: Sum) -> Sequence[Row]:
        driver, table = await _driver(connection), one.table
        await driver.executemany(_sum(table), _written(table, _names(table), one.rows))
        by = tuple(column.name for column in table.primary_key.columns)
        asked = json.dumps(_written(table, by, [row[: len(by)] for row in one.rows]))
        return _read(
            table, _names(table), await driver.execute_fetchall(_fetch(table, by, _names(table), ""), (asked,))
        )

    @staticmethod
    async def _number(connection: AsyncConnection, one: Number) -> Sequence[Row]:
        driver = await _driver(connection)
        number, *names = _names(one.table)
        found: list[int] = []
        for first in range(0, len(one.rows), _PIECE):
            rows = _written(one.table, tuple(names), one.rows[first : first + _PIECE])
            marks = ", ".join([f"({', '.join('?' for _ in names)})"] * len(rows))
            statement = f'INSERT INTO {one.table.name} ({_quoted(names)}) VALUES {marks} RETURNING "{number}"'  # noqa: S608  (our own names)
            found += [row[0] for row in await driver.execute_fetchall(statement, tuple(chain.from_iterable(rows)))]
        return [(number,) for number in sorted(found)]  # SQLite promises no order for what it returns

    @staticmethod
    async def _tally(connection: AsyncConnection, one: Tally) -> Sequence[Row]:
        driver = await _driver(connection)
        listed = f'"{one.where}" IN (SELECT value FROM json_each(?))'  # noqa: S608  (our own names)
        statement = f'SELECT "{one.of}", count(*) FROM {one.table.name} WHERE {listed} GROUP BY "{one.of}"'  # noqa: S608  (our own names)
        return list(await driver.execute_fetchall(statement, (json.dumps(one.among),)))

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
        asked = json.dumps(_written(table, tuple(by), keys))
        rows = await driver.execute_fetchall(_fetch(table, tuple(by), tuple(columns), only), (asked,))
        return _read(table, tuple(columns), rows)

    async def lock(
        self,
        connection: AsyncConnection,
        table: Table,
        keys: Sequence[Row],
        *,
        held: Held = "awaited",  # noqa: ARG002  (nobody else can hold a row)
    ) -> Sequence[Row]:
        """As the contract says: the transaction holds the write lock already."""
        by = tuple(column.name for column in table.primary_key.columns)
        return await self.fetch(connection, table, by, keys, _names(table))

    async def put(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says."""
        if rows:
            driver = await _driver(connection)
            await driver.executemany(_put(table), _written(table, _names(table), rows))

    async def add(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
        """As the contract says."""
        if not rows:
            return 0
        driver = await _driver(connection)
        cursor = await driver.executemany(_add(table), _written(table, _names(table), rows))
        return cursor.rowcount

    async def create(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says."""
        if rows:
            driver = await _driver(connection)
            try:
                await driver.executemany(_insert(table), _written(table, _names(table), rows))
            except sqlite3.IntegrityError as taken:
                if taken.sqlite_errorcode not in _TAKEN:
                    raise
                raise CrossedError(f"one of the rows of {table.name} is there already", table.name) from taken

    async def write(self, connection: AsyncConnection, writes: Iterable[Write], *asks: Ask) -> Sequence[Sequence[Row]]:
        """As the contract says."""
        for one in writes:
            await getattr(self, one.how)(connection, one.table, one.rows)
        return await self.ask(connection, *asks)

    async def remember(
        self, connection: AsyncConnection, table: Table, keys: Sequence[str], day: int
    ) -> AbstractSet[str]:
        """As the contract says."""
        if not keys:
            return set()
        driver = await _driver(connection)
        key, kept = _names(table)
        statement = (
            f'INSERT INTO {table.name} ("{key}", "{kept}") SELECT value, ? FROM json_each(?) WHERE true '  # noqa: S608  (our own names)
            f"ON CONFLICT DO NOTHING RETURNING {key}"
        )
        return {row[0] for row in await driver.execute_fetchall(statement, (day, json.dumps(keys)))}

    @asynccontextmanager
    async def claimed(
        self,
        database: Database,
        positions: Positions,
        batch: Batch,
        *,
        table: Table,  # noqa: ARG002  (the contract's)
        keys: Sequence[str],  # noqa: ARG002  (the contract's)
        day: int,  # noqa: ARG002  (the contract's)
    ) -> AsyncIterator[tuple[AsyncConnection, AbstractSet[str] | None]]:
        """As the contract says: there is no round trip to be saved."""
        async with positions.claimed(database, batch) as connection:
            yield connection, None

    async def remove(self, connection: AsyncConnection, table: Table, by: str, values: Sequence[Any]) -> int:
        """As the contract says."""
        if not values:
            return 0
        driver = await _driver(connection)
        statement = f'DELETE FROM {table.name} WHERE "{by}" = ?'  # noqa: S608  (our own names)
        cursor = await driver.executemany(statement, _written(table, (by,), [(value,) for value in values]))
        return cursor.rowcount


async def _driver(connection: AsyncConnection) -> aiosqlite.Connection:
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, aiosqlite.Connection) or not driver.in_transaction:
        raise RuntimeError("the transaction has to be begun by runtime.database, on aiosqlite")
    return driver


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _hex(value: UUID | str | None) -> str | None:
    return value.hex if isinstance(value, UUID) else value


def _uuid(value: str | None) -> UUID | None:
    return None if value is None else UUID(hex=value)


@lru_cache
def _converted(table: Table, columns: tuple[str, ...]) -> tuple[tuple[int, _Convert, _Convert], ...]:
    """(position, to SQLite, from SQLite) of the columns that are written otherwise than they are meant."""
    found: list[tuple[int, _Convert, _Convert]] = []
    for position, name in enumerate(columns):
        if isinstance(table.c[name].type, Uuid):
            found.append((position, _hex, _uuid))
        elif isinstance(table.c[name].type, Boolean):
            found.append((position, int, bool))
    return tuple(found)


def _written(table: Table, columns: tuple[str, ...], rows: Iterable[Row]) -> list[list[Any]]:
    written = [list(row) for row in rows]
    for position, to, _ in _converted(table, columns):
        for row in written:
            row[position] = to(row[position])
    return written


def _read(table: Table, columns: tuple[str, ...], rows: Iterable[Any]) -> list[list[Any]]:
    read = [list(row) for row in rows]
    for position, _, back in _converted(table, columns):
        for row in read:
            row[position] = back(row[position])
    return read


@lru_cache
def _fetch(table: Table, by: tuple[str, ...], columns: tuple[str, ...], only: str) -> str:
    further = f" AND {only}" if only else ""
    picked = ", ".join(f'kept."{name}"' for name in columns)
    match = " AND ".join(f"kept.\"{name}\" = json_extract(asked.value, '$[{at}]')" for at, name in enumerate(by))
    return f"SELECT {picked} FROM json_each(?) AS asked CROSS JOIN {table.name} AS kept ON {match}{further}"  # noqa: S608  (our own names)


@lru_cache
def _add(table: Table) -> str:
    return f"{_insert(table)} ON CONFLICT DO NOTHING"


@lru_cache
def _put(table: Table) -> str:
    keys = tuple(column.name for column in table.primary_key.columns)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in _names(table) if name not in keys)
    return f"{_insert(table)} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {changed}"


@lru_cache
def _sum(table: Table) -> str:
    last = _names(table)[-1]
    return _put(table).replace(f'excluded."{last}"', f'{table.name}."{last}" + excluded."{last}"')


def _insert(table: Table) -> str:
    names = _names(table)
    return f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({', '.join('?' for _ in names)})"  # noqa: S608  (our own names)
