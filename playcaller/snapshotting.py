"""`playcaller snapshot`: the state as it is now, kept so that the past can be decided again from here on."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from playcaller.known import known
from playcaller.ring import RingError
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.lockfile import HeldError, Lockfile
from runtime.opening import database_url
from runtime.settings import Settings
from services.router.adapters.codec import milliseconds
from services.router.adapters.playbook_store import in_force
from services.router.adapters.snapshots import take
from services.router.domain.playbook import Playbook


def run(playbook_path: Path, data: Path | None) -> int:
    """Print what was kept. Raises `RingError` where nothing is known yet, or a ring writes to this very file."""
    settings = known(data)
    number = asyncio.run(_taken(settings, in_force(playbook_path)))
    console = Console(highlight=False)
    if number is None:
        console.print("Nothing new since the last snapshot, or another process is making one.")
    else:
        console.print(f"[bold green]✓[/] The state after batch {number:,} is kept: `playcaller audit` can begin there.")
    return 0


async def _taken(settings: Settings, book: Playbook) -> int | None:
    database = Database(database_url(settings))
    try:
        with _alone(settings, database):
            return await take(database, milliseconds(SystemClock().now()), book.version, book.lists_version)
    finally:
        await database.close()


@contextlib.contextmanager
def _alone(settings: Settings, database: Database) -> Iterator[None]:
    """SQLite's file has one writing process; a running ring makes its snapshots itself."""
    lock = Lockfile(settings.data / "lock")
    try:
        if database.dialect == "sqlite":
            lock.take()
        yield
    except HeldError as held:
        raise RingError(f"{held}; or wait: it makes a snapshot every PLAYCALLER_SNAPSHOT_DAYS by itself") from None
    finally:
        lock.release()
