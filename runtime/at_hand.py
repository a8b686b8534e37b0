"""Connections that stay at hand between two short uses, so that what a pool does in between is not waited for.

A pool takes a connection back, resets it, and looks at it before it gives it away: many small steps, which an urgent
event would wait for twice, before its transaction and before anybody is told of it.
"""

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    import asyncpg

IDLE = 5.0
"""Seconds after which a connection may have died unnoticed; one in use tells by itself."""


class AtHand:
    """A few connections outside of their pool, the one used last first. They count as taken from it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[AsyncConnection, float]] = []

    async def take(self) -> AsyncConnection | None:
        """One that lives as far as anybody knows; none where the pool has to be asked."""
        while self._kept:
            connection, since = self._kept.pop()
            if driver_of(connection).is_closed():
                await _given_back(connection)
            elif time.monotonic() - since <= IDLE or await _answers(connection):
                return connection
        return None

    def keep(self, connection: AsyncConnection) -> bool:
        """Keep one that nothing was left open on; False where it has to go back to its pool."""
        driver = driver_of(connection)
        unclean = connection.in_transaction() or driver.is_in_transaction() or driver.is_closed()
        if unclean or len(self._kept) >= self._most:
            return False
        self._kept.append((connection, time.monotonic()))
        return True

    async def close(self) -> None:
        """Give all of them back."""
        while self._kept:
            await _given_back(self._kept.pop()[0])


def driver_of(connection: AsyncConnection) -> "asyncpg.Connection":
    """asyncpg's own connection, for statements whose shape and values need nothing of SQLAlchemy."""
    pooled = connection.sync_connection  # it is there: no greenlet has to fetch it
    if pooled is None or connection.dialect.name != "postgresql":
        raise RuntimeError("only an open connection to PostgreSQL has this driver")
    return pooled.connection.driver_connection


async def _answers(connection: AsyncConnection) -> bool:
    """Does it live? One that does not is thrown away."""
    try:
        await driver_of(connection).execute("SELECT 1")
    except BaseException as fault:
        await asyncio.shield(_thrown_away(connection))
        if not isinstance(fault, Exception):
            raise
        return False
    return True


async def _thrown_away(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await _given_back(connection)


async def _given_back(connection: AsyncConnection) -> None:
    with suppress(SQLAlchemyError, OSError):  # it has died: its pool makes another
        await asyncio.shield(connection.close())
