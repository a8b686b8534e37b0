"""`playcaller audit`: everything that was decided, decided again from the log, and compared byte for byte."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from playcaller.known import known
from playcaller.ring import RingError
from runtime.carriage import Carriage
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import LogError
from runtime.migrations import migrate
from runtime.opening import database_url, key_secret, make_log
from runtime.settings import Settings
from runtime.telemetry import configure
from services.router.adapters.playbook_store import books_in
from services.router.beginning import Start, beginning, restored
from services.router.desk import a_desk
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.past import ReplayError
from services.router.replay import Replayed, replay
from services.router.settings import RouterSettings

_TOLD = 20


def run(playbook_path: Path, data: Path | None) -> int:
    """Print what comes to something else; 1 if anything does. Raises `RingError` where the past cannot be decided."""
    settings = known(data)
    configure("CRITICAL", "console")
    start, done = asyncio.run(_replayed(settings, books_in(playbook_path)))
    console = Console(highlight=False)
    for line in _said_of(start):
        console.print(line)
    for one in done.differences[:_TOLD]:
        console.print(f"  [yellow]![/] {one}")
    if done.differences:
        console.print(
            f"[bold red]✗[/] {len(done.differences):,} of {done.verdicts:,} verdicts are not what the log says."
        )
        return 1
    console.print(f"[bold green]✓[/] {done.verdicts:,} verdicts, byte for byte what the log says.")
    return 0


def _said_of(start: Start | None) -> list[str]:
    """Where the past begins, if that is not the beginning."""
    if start is None or start.at is None:
        return []
    said = [f"From the snapshot of {start.at:%Y-%m-%d %H:%M} UTC on: what came before is forgotten."]
    if start.forgotten:
        many = "One person has" if start.forgotten == 1 else f"{start.forgotten:,} people have"
        said.append(f"{many} been forgotten since: what verdicts on others saw of them may come out otherwise.")
    return said


async def _replayed(settings: Settings, books: Mapping[tuple[str, str], Playbook]) -> tuple[Start | None, Replayed]:
    recorded, clock = Database(database_url(settings)), SystemClock()
    with tempfile.TemporaryDirectory(prefix="playcaller-audit-") as folder:
        scratch = Database(f"sqlite+aiosqlite:///{folder}/again.db")
        try:
            await migrate(scratch, PACKAGE)
            async with make_log(settings, clock) as log:
                carriage = Carriage(log, scratch, clock, asyncio.Event(), key_secret(settings))
                desk = a_desk(carriage, RouterSettings(**settings.model_dump()), next(iter(books.values())))
                start = await beginning(recorded, log)
                if start is not None:
                    await restored(recorded, start, scratch)
                return start, await replay(recorded, log, desk, books)
        except (ReplayError, LogError) as gone:
            raise RingError(str(gone)) from None
        finally:
            await scratch.close()
            await recorded.close()
