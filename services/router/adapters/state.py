"""Set-wise access to the router's tables: a handful of statements, each for a whole batch, on either database.

`postgres_state.PostgresState` and `sqlite_state.SqliteState` stand under one contract suite. All calls run within the
caller's transaction, whose first statement went through SQLAlchemy (the offset's compare-and-set, as a rule).
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from runtime.log import Batch
from runtime.positions import Positions
from services.router.adapters.ask import Ask, Held, Row


@dataclass(frozen=True, slots=True)
class Write:
    """Rows for one table. `put` replaces those that are there, `add` leaves them, `create` finds none of them."""

    how: Literal["put", "add", "create"]
    table: Table
    rows: Sequence[Row]


class State(Protocol):
    """Rows in, rows out; a row is a sequence in the order of the columns asked for, or of the table's columns.

    Ids go in as `UUID` or as 32 hexadecimal digits, and come out as `UUID`.
    """

    waits: bool
    """May another writer pass between two statements of one transaction? Then what was locked is read again."""

    async def ask(self, connection: AsyncConnection, *asks: Ask) -> Sequence[Sequence[Row]]:
        """The answers to these, in order, in as few round trips as may be.

        What locks or writes does so in their order. What one of them writes the others need not read, nor what is
        committed while one of them waits: what must be seen after a lock is asked for in another call.
        """
        ...

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
        """The rows whose `by` columns equal one of the keys, in no order, not locked.

        `only` is a condition in SQL, ours and constant, such as a partial index's.
        """
        ...

    async def lock(
        self, connection: AsyncConnection, table: Table, keys: Sequence[Row], *, held: Held = "awaited"
    ) -> Sequence[Row]:
        """The whole rows with these primary keys, locked until the end of the transaction in the keys' order.

        A row that another transaction holds is waited for, or left out.
        """
        ...

    async def put(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """Write whole rows, in place of those with the same primary key. No two of them may share one."""
        ...

    async def add(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
        """Write those whole rows whose primary key is not there yet; how many were."""
        ...

    async def create(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """Write rows that should not be there yet, the fastest way. Raises `CrossedError` where one of them is."""
        ...

    async def write(self, connection: AsyncConnection, writes: Iterable[Write], *asks: Ask) -> Sequence[Sequence[Row]]:
        """All of these, then the answers to what is asked, in as few round trips as may be; no row twice.

        The writes are asked for one by one: where that takes work, it is done while the former are written. What is
        asked need not see them. Raises `CrossedError` as `create` does.
        """
        ...

    async def remember(
        self, connection: AsyncConnection, table: Table, keys: Sequence[str], day: int
    ) -> AbstractSet[str]:
        """Write (key, day) where the key (32 hexadecimal digits, no two equal) is not there yet; those that are new.

        New is what no transaction before this one has written.
        """
        ...

    def claimed(
        self, database: Database, positions: Positions, batch: Batch, *, table: Table, keys: Sequence[str], day: int
    ) -> AbstractAsyncContextManager[tuple[AsyncConnection, AbstractSet[str] | None]]:
        """`Positions.claimed`; and with it what `remember` does and gives, or None where that is better done alone.

        Keys may stand among them twice.
        """
        ...

    async def remove(self, connection: AsyncConnection, table: Table, by: str, values: Sequence[Any]) -> int:
        """Delete the rows whose `by` column has one of the values; how many."""
        ...


class CrossedError(Exception):
    """Another transaction made the same row first, or moved an identity while this one waited: take the batch anew.

    `table` is the name of the table where a row stood in the way, if it is one.
    """

    def __init__(self, words: str, table: str = "") -> None:
        super().__init__(words)
        self.table = table


class RefusedError(Exception):
    """A row cannot be written as it is (its place is taken): one of the batch's facts is at fault, not the moment."""


def state_of(database: Database) -> State:
    """The adapter for this database. Raises `SystemExit` for a dialect that is none of ours."""
    match database.dialect:
        case "postgresql":
            from services.router.adapters.postgres_state import PostgresState

            return PostgresState()
        case "sqlite":
            from services.router.adapters.sqlite_state import SqliteState

            return SqliteState()
        case other:
            raise SystemExit(
                f"the router keeps no state in {other!r}: use postgresql+asyncpg:// or sqlite+aiosqlite://"
            )
