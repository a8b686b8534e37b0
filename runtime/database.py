"""The database: SQLite in one file for the embedded default, PostgreSQL for everything else, behind SQLAlchemy."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from runtime.at_hand import IDLE, AtHand, driver_of

if TYPE_CHECKING:
    import asyncpg


class DatabaseAwayError(ConnectionError):
    """The database cannot be reached, or is just starting or stopping: keep what there is, and try again."""


class Database:
    """One pool of connections. `dialect` is `postgresql` or `sqlite`.

    SQLite: WAL, full sync, `BEGIN IMMEDIATE`, and one writer at a time within the process.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 10) -> None:
        parsed = make_url(url)
        self.dialect = parsed.get_backend_name()
        options: dict[str, Any] = {}
        self._away: tuple[type[Exception], ...] = (OSError,)
        self._half_closed: tuple[type[Exception], ...] = ()
        if self.dialect == "postgresql":
            self._away, self._half_closed = _postgresql_away(), _postgresql_half_closed()
            options = {"pool_size": pool_size, "max_overflow": pool_size, "pool_use_lifo": True}
        self.engine = create_async_engine(parsed, hide_parameters=True, **options)
        if self.dialect == "postgresql":
            _replace_dead_connections(self.engine)
        self._at_hand = AtHand(pool_size // 2)
        self._unbegun = self.engine.execution_options(isolation_level="AUTOCOMMIT")  # the same pool
        self._writing: asyncio.Lock | None = None
        if self.dialect == "sqlite":
            self._writing = asyncio.Lock()
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A read-write transaction: committed on leaving, rolled back on an exception.

        Raises `DatabaseAwayError` when no connection can be had, SQLAlchemy's errors for what fails on one.
        """
        if self._writing is None:
            async with self._connected(self.engine) as connection, connection.begin():
                yield connection
            return
        async with self._writing, self._connected(self.engine) as connection:
            await connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
            except BaseException:
                await asyncio.shield(connection.rollback())
                raise
            await connection.commit()

    @asynccontextmanager
    async def begun(self, opening: str) -> AsyncIterator[tuple[AsyncConnection, str]]:
        """A transaction of PostgreSQL's that `BEGIN`s and says `opening` in one round trip; and the tag that gives.

        `opening` is a whole statement, its values in it. Raises as `transaction` does, and `PendingRollbackError`
        where a statement had failed and was passed over, so that nothing is committed.
        """
        async with self._lent() as connection:
            try:
                tag = await self._said(connection, f"BEGIN; {opening}")
                yield connection, tag
                _committed(await self._said(connection, "COMMIT"))
            except BaseException:
                await _undone(connection)
                raise

    async def _said(self, connection: AsyncConnection, words: str) -> str:
        try:
            return str(await driver_of(connection).execute(words))
        except self._away as fault:
            raise DBAPIError(words, None, fault, hide_parameters=True) from fault

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; nothing done with it is kept. Raises as `transaction` does."""
        async with self._connected(self.engine) as connection:
            yield connection

    async def alone(self, statement: str, *values: Any) -> "Sequence[asyncpg.Record]":
        """One statement of PostgreSQL's as a transaction of its own, in a single round trip: the rows it gives.

        Its values are `$1`, `$2`, … Raises as `transaction` does.
        """
        async with self._lent() as connection:
            return await asked(connection, statement, *values)

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[AsyncConnection]:
        """A connection without a transaction, from those at hand if there is one, and back to them if all went well."""
        connection = await self._at_hand.take()
        connection = connection or await self._taken(self._unbegun)
        kept = False
        try:
            async with self._living(connection):
                yield connection
            kept = self._at_hand.keep(connection)
        finally:
            if not kept:
                await asyncio.shield(connection.close())

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        connection = await self._taken(engine)
        try:
            async with self._living(connection):
                yield connection
        finally:
            await asyncio.shield(connection.close())

    @asynccontextmanager
    async def _living(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Throw the connection away that turns out to be half closed: the server's goodbye was read, its end was not.

        asyncpg calls it a fault of its own, which neither it nor SQLAlchemy counts among the database's errors.
        """
        try:
            yield
        except self._half_closed as fault:
            await asyncio.shield(connection.invalidate())
            raise DBAPIError(None, None, fault, hide_parameters=True, connection_invalidated=True) from fault

    async def _taken(self, engine: AsyncEngine) -> AsyncConnection:
        """From the pool. The driver's own errors while a server starts or goes are one error of ours."""
        try:
            return await engine.connect()
        except self._away as fault:
            raise DatabaseAwayError(f"the database is away ({type(fault).__name__})") from fault

    async def ready(self) -> bool:
        """Does it answer?"""
        try:
            async with self.reading() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Give the connections back."""
        await self._at_hand.close()
        await self.engine.dispose()


def _postgresql_away() -> tuple[type[Exception], ...]:
    """What asyncpg raises beside SQLAlchemy's errors: when it cannot connect, and where it is asked directly."""
    import asyncpg

    return (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def _postgresql_half_closed() -> tuple[type[Exception], ...]:
    """What asyncpg raises on a connection whose server has said that it ends, and is still there."""
    import asyncpg

    return (asyncpg.InternalClientError,)


async def asked(connection: AsyncConnection, statement: str, *values: Any) -> "Sequence[asyncpg.Record]":
    """The rows of one statement through asyncpg; its values are `$1`, `$2`, … Raises SQLAlchemy's `DBAPIError`.

    It begins no transaction: within `Database.transaction` that is done by the first statement of SQLAlchemy's.
    """
    try:
        rows: Sequence[asyncpg.Record] = await driver_of(connection).fetch(statement, *values)
    except _postgresql_away() as fault:
        raise DBAPIError(statement, None, fault, hide_parameters=True) from fault
    return rows


def _committed(tag: str) -> None:
    """PostgreSQL calls it no error, and says so in the tag alone, where a COMMIT comes to a ROLLBACK."""
    if tag != "COMMIT":
        raise PendingRollbackError("nothing was committed: a statement of the transaction had failed")


async def _undone(connection: AsyncConnection) -> None:
    """As `_undo`; who is cancelled while it waits for that ends the connection: nobody is to get it half asked."""
    try:
        await asyncio.shield(_undo(connection))
    except asyncio.CancelledError:
        with suppress(SQLAlchemyError):  # it has gone already
            driver_of(connection).terminate()
        raise


async def _undo(connection: AsyncConnection) -> None:
    """Leave no transaction open on a connection that goes back to its pool; one that cannot be asked does not go."""
    try:
        await driver_of(connection).execute("ROLLBACK")
    except Exception:  # noqa: BLE001  (what broke the transaction is raised; that it broke the connection too is seen here)
        await connection.invalidate()


def _replace_dead_connections(engine: AsyncEngine) -> None:
    """Give nobody one that is closed; those that lay unused for long have to prove that they live.

    That is a round trip or three, which busy ones need not pay.

    SQLAlchemy's own pre-ping asks at every checkout (its manual, Dealing with Disconnects).
    """
    dialect = engine.dialect

    def returned(_connection: object, record: Any) -> None:
        record.info["returned"] = time.monotonic()

    def taken(connection: Any, record: Any, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("it was closed while nobody used it")
        if time.monotonic() - record.info.get("returned", math.inf) > IDLE:
            try:
                dialect.do_ping(connection)
            except Exception as fault:
                raise DisconnectionError("it died while nobody used it") from fault

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)


_WAL_ATTEMPTS = 200


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `transaction`, never by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch to WAL. Of several that switch a new file at once SQLite refuses some, whatever their busy timeout is."""
    for attempt in range(1, _WAL_ATTEMPTS + 1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as fault:
            if "locked" not in str(fault) or attempt == _WAL_ATTEMPTS:
                raise
        else:
            return
