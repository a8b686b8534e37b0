"""A server that goes says so first: who asks between its goodbye and its end learns that the database is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from runtime.database import Database

pytestmark = pytest.mark.servers
_FIELDS = {"S": "FATAL", "V": "FATAL", "C": "57P01", "M": "terminating connection due to administrator command"}
_BODY = b"".join(f"{name}{value}\0".encode() for name, value in _FIELDS.items()) + b"\0"
GOODBYE = b"E" + (len(_BODY) + 4).to_bytes(4) + _BODY
"""An ErrorResponse (PostgreSQL's manual, 54.7 Message Formats), as a server sends it to idle clients when it stops."""


class Between:
    """Stands between clients and a real server, and can say goodbye in its name without going."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._clients: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side ends."""
        self._clients.append(writer)
        from_server, to_server = await asyncio.open_connection(self._host, self._port)
        with suppress(ConnectionError, asyncio.CancelledError):
            async with asyncio.TaskGroup() as both:
                both.create_task(_pumped(reader, to_server))
                both.create_task(_pumped(from_server, writer))
        to_server.close()
        writer.close()

    async def say_goodbye(self) -> None:
        """To all clients, which have read it when this returns."""
        for client in self._clients:
            client.write(GOODBYE)
            await client.drain()
        for _ in range(100):
            await asyncio.sleep(0)
        self._clients.clear()


async def _pumped(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while some := await source.read(65536):
        target.write(some)
        await target.drain()
    target.close()


@asynccontextmanager
async def standing_between(url: str) -> AsyncIterator[tuple[Database, Between]]:
    real = make_url(url)
    between = Between(real.host or "127.0.0.1", real.port or 5432)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    database = Database(real.set(host=host, port=port))
    try:
        yield database, between
    finally:
        await database.close()
        server.close()


async def alone(database: Database) -> object:
    return (await database.alone("SELECT 7 AS it"))[0]["it"]


async def begun(database: Database) -> object:
    async with database.begun("SELECT 7") as (connection, _):
        return (await connection.execute(text("SELECT 7"))).scalar_one()


async def in_a_transaction(database: Database) -> object:
    async with database.transaction() as connection:
        return (await connection.execute(text("SELECT 7"))).scalar_one()


async def reading(database: Database) -> object:
    async with database.reading() as connection:
        return (await connection.execute(text("SELECT 7"))).scalar_one()


@pytest.mark.parametrize("way", [alone, begun, in_a_transaction, reading])
async def test_who_asks_after_the_goodbye_hears_an_error_of_the_databases_and_the_next_is_served(
    fresh_postgres_url: str, way: Callable[[Database], Awaitable[object]]
) -> None:
    async with standing_between(fresh_postgres_url) as (database, between):
        assert await way(database) == 7
        await between.say_goodbye()
        with pytest.raises(DBAPIError):
            await way(database)

        assert await way(database) == 7
