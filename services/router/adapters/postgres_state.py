"""The router's state on PostgreSQL: whole batches as arrays, through asyncpg, within SQLAlchemy's transaction."""

from collections.abc import AsyncIterator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import asyncpg
from sqlalchemy import Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from runtime.log import Batch
from runtime.meanwhile import meanwhile
from runtime.positions import Positions
from services.router.adapters.ask import (
    NOTHING,
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
    idle,
    runs,
    size,
)
from services.router.adapters.postgres_statements import (
    SEPARATOR,
    adding,
    array_of,
    asking,
    creating,
    fetching,
    keys_of,
    locking,
    names_of,
    own,
    putting,
    remembering,
    remembering_at_once,
    together,
)
from services.router.adapters.state import CrossedError, Write

_SMALL = 64
"""Rows up to which a round trip costs more than looking at every value."""


class PostgresState:
    """A constant number of statements a batch, whatever its size."""

    waits = True

    async def ask(self, connection: AsyncConnection, *asks: Ask) -> Sequence[Sequence[Row]]:
        """As the contract says: a few keys and rows in one statement, many each the fastest way."""
        answers: list[Sequence[Row]] = [()] * len(asks)
        for run in runs(asks, _SMALL):
            for place, answer in zip(run, await self._run(connection, asks, run, answers), strict=True):
                answers[place] = answer
        return answers

    async def _run(
        self, connection: AsyncConnection, asks: Sequence[Ask], run: Sequence[int], before: Sequence[Sequence[Row]]
    ) -> Sequence[Sequence[Row]]:
        """The answers to those of the asks, while those `before` them are known."""
        left = {place for place in run if not idle(asks[place], before)}
        if len(left) == 1:
            (only,) = left
            return [await self._answer(connection, asks[place]) if place == only else () for place in run]
        if not left:
            return [()] * len(run)
        found = await self._together(connection, (), [one if at in left else NOTHING for at, one in enumerate(asks)])
        return [found[place] for place in run]

    async def _together(
        self, connection: AsyncConnection, writes: Sequence[Write], asks: Sequence[Ask]
    ) -> Sequence[Sequence[Row]]:
        places = [place for place, one in enumerate(asks) if size(one)]
        values = [_values(asks[place]) for place in places]
        shapes = tuple(_shape(asks[place], places) for place in places)
        kinds = tuple((one.how, one.table) for one in writes)
        statement = together(kinds, shapes, tuple(map(len, values)))
        columns = chain.from_iterable(_columns(one.rows) for one in writes)
        try:
            row = await _driver(connection).fetchrow(statement, *columns, *chain.from_iterable(values))
        except asyncpg.UniqueViolationError as taken:
            raise _crossed(taken) from taken
        found = dict(zip(places, row or (), strict=True))
        return [() if isinstance(one, Create) else found.get(place, ()) for place, one in enumerate(asks)]

    async def _answer(self, connection: AsyncConnection, one: Ask) -> Sequence[Row]:
        match one:
            case Fetch():
                return await self.fetch(connection, one.table, one.by, one.keys, one.columns, only=one.only)
            case Lock():
                return await self.lock(connection, one.table, one.keys, held=one.held)
            case Create():
                await self.create(connection, one.table, one.rows)
                return ()
            case Tally() | Filled() | Whole() | Sum() | Number():
                rows: Sequence[Row] = await _driver(connection).fetch(asking(_shape(one)), *_values(one))
                return rows

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
        shape = Fetch(table, tuple(by), (), tuple(columns), only)
        joined, asked = _asked(table, shape.by, keys)
        rows: Sequence[Row] = await driver.fetch(fetching(shape, joined), *asked)
        return rows

    async def lock(
        self, connection: AsyncConnection, table: Table, keys: Sequence[Row], *, held: Held = "awaited"
    ) -> Sequence[Row]:
        """As the contract says; sorted by the primary key, so that two batches never wait for each other."""
        if not keys:
            return ()
        driver = _driver(connection)
        joined, asked = _asked(table, keys_of(table), keys)
        rows: Sequence[Row] = await driver.fetch(locking(Lock(table, (), held), joined), *asked)
        return rows

    async def put(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says."""
        if rows:
            driver = _driver(connection)
            await driver.execute(putting(table), *_columns(rows))

    async def add(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
        """As the contract says."""
        if not rows:
            return 0
        driver = _driver(connection)
        return _count(await driver.execute(adding(table), *_columns(rows)))

    async def create(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """As the contract says: many by COPY, which neither looks at every value twice nor plans anything.

        It asks first and sends then, so that a few are there sooner by one statement.
        """
        if not rows:
            return
        driver = _driver(connection)
        try:
            if len(rows) > _SMALL:
                await driver.copy_records_to_table(table.name, records=rows, columns=names_of(table))
            else:
                await driver.execute(creating(table), *_columns(rows))
        except asyncpg.UniqueViolationError as taken:
            raise _crossed(taken) from taken

    async def write(self, connection: AsyncConnection, writes: Iterable[Write], *asks: Ask) -> Sequence[Sequence[Row]]:
        """As the contract says: small ones together in one statement, large ones each the fastest way.

        While a large one is written, the rows of the next are made.
        """
        small: list[Write] = []
        coming = iter(writes)
        one = next(coming, None)
        while one is not None:
            if len(one.rows) > _SMALL:
                async with meanwhile(getattr(self, one.how)(connection, one.table, one.rows)):
                    one = next(coming, None)
                continue
            if one.rows:
                small.append(one)
            one = next(coming, None)
        if not small or sum(map(size, asks)) > _SMALL:
            if small:
                await self._together(connection, small, ())
            return await self.ask(connection, *asks)
        return await self._together(connection, small, asks)

    async def remember(
        self, connection: AsyncConnection, table: Table, keys: Sequence[str], day: int
    ) -> AbstractSet[str]:
        """As the contract says: as a rule all are new, and then nothing has to be sent back."""
        if not keys:
            return set()
        driver = _driver(connection)
        written = _count(await driver.execute(remembering(table), ",".join(keys), day))
        return set(keys) if written == len(keys) else await _own(connection, table, keys)

    @asynccontextmanager
    async def claimed(
        self, database: Database, positions: Positions, batch: Batch, *, table: Table, keys: Sequence[str], day: int
    ) -> AsyncIterator[tuple[AsyncConnection, AbstractSet[str] | None]]:
        """As the contract says: a few keys travel with the claim, many are remembered while others are read."""
        if not 0 < len(keys) <= _SMALL:
            async with positions.claimed(database, batch) as connection:
                yield connection, None
            return
        each = sorted(set(keys))
        insert = remembering_at_once(table, each, day)
        async with positions.claimed_with(database, batch, insert) as (connection, written):
            yield connection, set(each) if written == len(each) else await _own(connection, table, each)

    async def remove(self, connection: AsyncConnection, table: Table, by: str, values: Sequence[Any]) -> int:
        """As the contract says."""
        if not values:
            return 0
        driver = _driver(connection)
        statement = f"DELETE FROM {table.name} WHERE {by} = ANY($1::{array_of(table, by)})"  # noqa: S608  (our own names)
        return _count(await driver.execute(statement, list(values)))


async def _own(connection: AsyncConnection, table: Table, keys: Sequence[str]) -> set[str]:
    return {row[0].hex for row in await _driver(connection).fetch(own(table), list(keys))}


def _shape(one: Ask, places: Sequence[int] = ()) -> Ask:
    """The ask without its keys and rows, and its `unless` among those that are asked at all."""
    match one:  # made anew: `dataclasses.replace` looks through every field
        case Fetch():
            return Fetch(one.table, one.by, (), one.columns, one.only)
        case Lock():
            return Lock(one.table, (), one.held, places.index(one.unless) if one.unless in places else None)
        case Create() | Sum() | Number():
            return type(one)(one.table, ())
        case Tally():
            return Tally(one.table, one.of, one.where, ())
        case Filled() | Whole():
            return one


def _values(one: Ask) -> list[list[Any]]:
    match one:
        case Fetch() | Lock():
            return _columns(one.keys)
        case Create() | Sum() | Number():
            return _columns(one.rows)
        case Tally():
            return [list(one.among)]
        case Filled() | Whole():
            return []


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
        SEPARATOR.join(column) if isinstance(table.c[name].type, Text) else column
        for name, column in zip(by, arrays, strict=True)
    ]
    texts = [one for one in joined if isinstance(one, str)]
    whole = all(text and text.count(SEPARATOR) == len(keys) - 1 for text in texts)
    return whole, joined if whole else arrays


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
