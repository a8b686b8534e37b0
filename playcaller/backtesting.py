"""`playcaller backtest`: a playbook over everything that the log still holds, beside what was decided then."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from playcaller.backtest_printing import print_backtest
from playcaller.known import known
from playcaller.ring import RingError
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import LogError
from runtime.opening import database_url, key_secret, make_log
from runtime.settings import Settings
from runtime.telemetry import configure
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.playbook_store import in_force
from services.router.backtest import Backtest, backtest
from services.router.comparison import Comparison, compared
from services.router.domain.playbook import Playbook
from services.router.past import ReplayError


def run(playbook_path: Path, data: Path | None, until: str = "") -> int:
    """Print what the playbook in this folder would have decided; 0 whatever that is. Raises `RingError`."""
    end = moment(until) if until else None
    settings = known(data)
    configure("CRITICAL", "console")
    book, console = in_force(playbook_path), Console(highlight=False)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("deciding the past once more", total=None)
        done, found = asyncio.run(
            _compared(settings, book, end, lambda so_far, of: progress.update(task, completed=so_far, total=of))
        )
    print_backtest(console, book, done, found)
    return 0


def moment(text: str) -> datetime:
    """`2026-11-01` (the day's first moment) or `2026-11-01T17:30`, UTC unless it says otherwise.

    Raises `RingError` with the way to write it.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RingError(f"--until {text}: write a day as 2026-11-01, or a moment as 2026-11-01T17:30 (UTC)") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def _compared(
    settings: Settings, book: Playbook, until: datetime | None, progress: Callable[[int, int], None]
) -> tuple[Backtest, Comparison]:
    database = Database(database_url(settings))
    try:
        async with make_log(settings, SystemClock()) as log:
            forgotten = Forgotten(key_secret(settings))
            done = await backtest(
                database, log, lambda _version, _lists: book, progress, forgotten=forgotten, until=until
            )
        return done, await compared(database, done)
    except (ReplayError, LogError) as gone:
        raise RingError(str(gone)) from None
    finally:
        await database.close()
