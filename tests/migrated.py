"""Databases that are migrated once a run: each test gets a copy of the file, or of PostgreSQL's template."""

import asyncio
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from runtime.database import Database
from runtime.migrations import migrate

_FILES: dict[str, bytes] = {}
_TEMPLATES: dict[tuple[str, str], str] = {}
"""(server, package) → the database that is copied."""


async def copied(package: str, file: Path) -> None:
    """Make this file a database with the package's tables."""
    if package not in _FILES:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.db"
            await _migrated(f"sqlite+aiosqlite:///{template}", package)
            _FILES[package] = template.read_bytes()  # closing the last connection has put everything into one file
    await asyncio.to_thread(file.write_bytes, _FILES[package])


async def template_of(server: str, package: str) -> str:
    """The name of a database on this server that holds the package's tables and to which nobody is connected."""
    if (server, package) not in _TEMPLATES:
        name = f"template_{uuid4().hex}"
        await administer(server, f'CREATE DATABASE "{name}"')
        await _migrated(make_url(server).set(database=name).render_as_string(hide_password=False), package)
        _TEMPLATES[server, package] = name
    return _TEMPLATES[server, package]


async def templates_dropped(server: str) -> None:
    """Leave a server as it was found."""
    for place in [one for one in _TEMPLATES if one[0] == server]:
        await administer(server, f'DROP DATABASE "{_TEMPLATES.pop(place)}" WITH (FORCE)')


async def administer(server: str, *statements: str) -> None:
    """Statements for the server itself, each outside a transaction."""
    plain = make_url(server).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _migrated(url: str, package: str) -> None:
    database = Database(url)
    await migrate(database, package)
    await database.close()
