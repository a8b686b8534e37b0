"""Rows of the router's tables, and a transaction to write them in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from services.router.adapters.ask import Row
from services.router.adapters.tables import BATCH

ADA, GRACE = UUID(int=1), UUID(int=2)


def an_identifier(
    value: str, lead: UUID = ADA, *, kind: str = "email", lone: bool = False, dossier: bytes = b"d"
) -> Row:
    return (kind, value, lead, lone, 739_000, dossier, b"")


@asynccontextmanager
async def begun(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction whose first statement went through SQLAlchemy, as the contract asks."""
    async with database.transaction() as connection:
        await connection.execute(select(BATCH.c.number).limit(1))
        yield connection


def plain(rows: object) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in rows)  # type: ignore[attr-defined]  # rows of either driver iterate
