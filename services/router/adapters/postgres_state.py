"""The router's state on PostgreSQL: whole batches as arrays, through asyncpg, within SQLAlchemy's transaction."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters.state import CrossedError, Held, Row, Write

_ARRAYS: dict[type, str] = {
    Uuid: "uuid[]",
    Text: "text[]",
    BigInteger: "bigint[]",
    Integer: "integer[]",
    Boolean: "boolean[]",
    LargeBinary: "bytea[]",
}
_SMALL = 64
"""Rows up to which a round trip costs more than looking at every value."""
_SEPARATOR = "\x1f"
"""ASCII's unit separator: hardly anybody types it."""


class PostgresState:
    """A constant number of statements a batch, whatever its size."""

    waits = True

    async def filled(self, connection: AsyncConnection, tables: Sequence[Table]) -> Sequence[Table]:
        """As the contract says."""
        driver = _driver(connection)
        asked = ", ".join(f"EXISTS (SELECT FROM {table.name})" for table in tables)
        found = await driver.fetchrow(f"SELECT {asked}")
        return [table for table, holds in zip(tables, found or (), strict=True) if holds]

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
        driver = _driver(connection)
        joined, asked = _asked(table, tuple(by), keys)
        rows: Sequence[Row] = await driver.fetch(_fetch(table, tuple(by), tuple(columns), only, joined), *asked)
        return rows

    async def lock(
        self, connection: AsyncConnection, table: Table, keys: Sequence[Row], *, held: Held = "awaited"
    ) -> Sequence[Row]:
        """As the contract says; sorted by the primary key, so that two batches never wait for each other."""
        if not keys:
            return ()
        driver = _driver(connection)
        joined, asked = _asked(table, _keys(table), keys)
        rows: Sequence[Row] = await driver.fetch(_lock(table, joined, held), *asked)
        return rows

    async def put(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says."""
        if rows:
            driver = _driver(connection)
            await driver.execute(_put(table), *_columns(rows))

    async def add(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
        """As the contract says."""
        if not rows:
            return 0
        driver = _driver(connection)
        return _count(await driver.execute(_add(table), *_columns(rows)))

    async def sum(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> Sequence[Row]:
        """As the contract says."""
        if not rows:
            return ()
        now: Sequence[Row] = await _driver(connection).fetch(_sum(table), *_columns(rows))
        return now

    async def create(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says: by COPY, which neither looks at every value twice nor plans anything."""
        if rows:
            driver = _driver(connection)
            try:
                await driver.copy_records_to_table(table.name, records=rows, columns=_names(table))
            except asyncpg.UniqueViolationError as taken:
                raise _crossed(taken) from taken

    async def write(self, connection: AsyncConnection, writes: Sequence[Write]) -> None:
        """As the contract says: small ones together in one statement, large ones each the fastest way."""
        small = [one for one in writes if 0 < len(one.rows) <= _SMALL]
        for one in writes:
            if len(one.rows) > _SMALL:
                await getattr(self, one.how)(connection, one.table, one.rows)
        if not small:
            return
        driver = _driver(connection)
        statement = _together(tuple((one.how, one.table) for one in small))
        try:
            await driver.execute(statement, *[column for one in small for column in _columns(one.rows)])
        except asyncpg.UniqueViolationError as taken:
            raise _crossed(taken) from taken

    async def number(self, connection: AsyncConnection, table: Table, row: Row) -> int:
        """As the contract says."""
        driver = _driver(connection)
        return int(await driver.fetchval(_number(table), *row))

    async def remember(
        self, connection: AsyncConnection, table: Table, keys: Sequence[str], day: int
    ) -> AbstractSet[str]:
        """As the contract says: as a rule all are new, and then nothing has to be sent back."""
        if not keys:
            return set()
        driver = _driver(connection)
        if _count(await driver.execute(_remember(table), ",".join(keys), day)) == len(keys):
            return set(keys)
        return {row[0].hex for row in await driver.fetch(_mine(table), list(keys))}

    async def remove(self, connection: AsyncConnection, table: Table, by: str, values: Sequence[Any]) -> int:
        """As the contract says."""
        if not values:
            return 0
        driver = _driver(connection)
        statement = f"DELETE FROM {table.name} WHERE {by} = ANY($1::{_array(table, by)})"  # noqa: S608  (our own names)
        return _count(await driver.execute(statement, list(values)))


def _crossed(taken: asyncpg.UniqueViolationError) -> CrossedError:
    table = taken.table_name or ""
    return CrossedError(f"another transaction has written one of the rows of {table} first", table)


def _driver(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    pooled = connection.sync_connection  # it is there: no greenlet has to fetch it, thirty times a batch
    driver = pooled.connection.driver_connection if pooled is not None else None
    if not isinstance(driver, asyncpg.Connection) or not driver.is_in_transaction():
        raise RuntimeError("the transaction has to be begun through SQLAlchemy, on asyncpg")
    return driver


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _asked(table: Table, by: tuple[str, ...], keys: Sequence[Row]) -> tuple[bool, list[Any]]:
    """The keys by column; texts as one text each, where no key holds the separator.

    asyncpg looks at each element of an array several times (is it an array itself?), which costs more than the query.
    """
    arrays = _columns(keys)
    if not any(isinstance(table.c[name].type, Text) for name in by):
        return False, arrays
    joined = [
        _SEPARATOR.join(column) if isinstance(table.c[name].type, Text) else column
        for name, column in zip(by, arrays, strict=True)
    ]
    texts = [one for one in joined if isinstance(one, str)]
    whole = all(text and text.count(_SEPARATOR) == len(keys) - 1 for text in texts)
    return whole, joined if whole else arrays


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


def _array(table: Table, column: str) -> str:
    kind = table.c[column].type
    return next(array for type_, array in _ARRAYS.items() if isinstance(kind, type_) and type(kind) is type_)


def _given(table: Table, columns: Sequence[str], joined: bool = False, start: int = 1) -> str:  # noqa: FBT001, FBT002  (ours alone)
    return ", ".join(_one(table, name, number, joined) for number, name in enumerate(columns, start))


def _one(table: Table, name: str, number: int, joined: bool) -> str:  # noqa: FBT001  (ours alone)
    if joined and isinstance(table.c[name].type, Text):
        return f"string_to_array(${number}::text, chr({ord(_SEPARATOR)}))"
    return f"${number}::{_array(table, name)}"


def _rows(table: Table, columns: Sequence[str], start: int = 1) -> str:
    return f"SELECT * FROM unnest({_given(table, columns, start=start)})"  # noqa: S608  (our own names)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


@lru_cache
def _fetch(table: Table, by: tuple[str, ...], columns: tuple[str, ...], only: str, joined: bool) -> str:  # noqa: FBT001  (ours alone)
    """Several columns are looked up key by key (the planner leaves a subquery with an OFFSET as it is).

    Else a table that has grown since it was analysed is read as a whole, at every batch.
    """
    further = f" AND {only}" if only else ""
    if len(by) == 1:
        return (
            f'SELECT {_quoted(columns)} FROM {table.name} WHERE "{by[0]}" = ANY({_given(table, by, joined)}){further}'  # noqa: S608  (our own names)
        )
    match = " AND ".join(f'"{name}" = asked."{name}"' for name in by)
    asked = f"unnest({_given(table, by, joined)}) AS asked({_quoted(by)})"
    found = f"SELECT {_quoted(columns)} FROM {table.name} WHERE {match}{further} OFFSET 0"  # noqa: S608  (our own names)
    return f"SELECT row.* FROM {asked}, LATERAL ({found}) AS row"  # noqa: S608  (our own names)


@lru_cache
def _number(table: Table) -> str:
    number, *names = _names(table)
    given = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    return f'INSERT INTO {table.name} ({_quoted(names)}) VALUES ({given}) RETURNING "{number}"'  # noqa: S608  (our own names)


@lru_cache
def _remember(table: Table) -> str:
    key, day = _names(table)
    keys = "SELECT one::uuid, $2::integer FROM unnest(string_to_array($1::text, ',')) AS one"
    return f'INSERT INTO {table.name} ("{key}", "{day}") {keys} ON CONFLICT DO NOTHING'


@lru_cache
def _mine(table: Table) -> str:
    """Those of the keys whose row this very transaction has written (PostgreSQL's manual, 5.6 System Columns)."""
    (key,) = _keys(table)
    own = "xmin = pg_current_xact_id()::xid"
    return f'SELECT "{key}" FROM {table.name} WHERE "{key}" = ANY($1::uuid[]) AND {own}'  # noqa: S608  (our own names)


@lru_cache
def _lock(table: Table, joined: bool, held: Held) -> str:  # noqa: FBT001  (ours alone)
    keys = _keys(table)
    order = _quoted(keys)
    asked = f"SELECT * FROM unnest({_given(table, keys, joined)})"  # noqa: S608  (our own names)
    rows = f"SELECT {_quoted(_names(table))} FROM {table.name} WHERE ({order}) IN ({asked}) ORDER BY {order}"  # noqa: S608  (our own names)
    return f"{rows} FOR UPDATE{' SKIP LOCKED' if held == 'skipped' else ''}"


@lru_cache
def _add(table: Table, start: int = 1) -> str:
    return f"{_create(table, start)} ON CONFLICT DO NOTHING"


@lru_cache
def _create(table: Table, start: int = 1) -> str:
    names = _names(table)
    return f"INSERT INTO {table.name} ({_quoted(names)}) {_rows(table, names, start)}"


@lru_cache
def _put(table: Table, start: int = 1) -> str:
    names, keys = _names(table), _keys(table)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return f"{_create(table, start)} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {changed}"


@lru_cache
def _sum(table: Table) -> str:
    names = _names(table)
    new = f'excluded."{names[-1]}"'
    return f"{_put(table).replace(new, f'{table.name}.{names[-1]} + {new}')} RETURNING {_quoted(names)}"


_WRITTEN = {"put": _put, "add": _add, "create": _create}


@lru_cache(maxsize=512)
def _together(writes: tuple[tuple[str, Table], ...]) -> str:
    """One statement for several tables (PostgreSQL's manual, 7.8.4 Data-Modifying Statements in WITH)."""
    parts, start = [], 1
    for how, table in writes:
        parts.append(_WRITTEN[how](table, start))
        start += len(_names(table))
    if len(parts) == 1:
        return parts[0]
    named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {named} SELECT"
