"""`playcaller backtest`: a playbook over everything that the log still holds, beside what was decided then."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from playcaller.known import known
from playcaller.ring import RingError
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import LogError
from runtime.opening import database_url, key_secret, make_log
from runtime.settings import Settings
from runtime.telemetry import configure
from schemas.verdict import Outcome
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.playbook_store import in_force
from services.router.backtest import Backtest, backtest
from services.router.comparison import Came, Comparison, Difference, compared
from services.router.domain.playbook import Playbook
from services.router.past import ReplayError

_TOLD = 20
"""Differences that are named one by one."""


def run(playbook_path: Path, data: Path | None) -> int:
    """Print what the playbook in this folder would have decided; 0 whatever that is. Raises `RingError`."""
    settings = known(data)
    configure("CRITICAL", "console")
    book, console = in_force(playbook_path), Console(highlight=False)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("deciding the past once more", total=None)
        done, found = asyncio.run(
            _compared(settings, book, lambda so_far, of: progress.update(task, completed=so_far, total=of))
        )
    _print(console, book, done, found)
    return 0


async def _compared(
    settings: Settings, book: Playbook, progress: Callable[[int, int], None]
) -> tuple[Backtest, Comparison]:
    database = Database(database_url(settings))
    try:
        async with make_log(settings, SystemClock()) as log:
            done = await backtest(
                database, log, lambda _version, _lists: book, progress, Forgotten(key_secret(settings))
            )
        return done, await compared(database, done)
    except (ReplayError, LogError) as gone:
        raise RingError(str(gone)) from None
    finally:
        await database.close()


def _print(console: Console, book: Playbook, done: Backtest, found: Comparison) -> None:
    if found.first is None or found.last is None:
        console.print("Nothing has been decided yet.")
        return
    console.print(
        f"\n[bold]{done.events:,}[/] events from {found.first:%d %B %Y %H:%M} to {found.last:%d %B %Y %H:%M} UTC, "
        f"decided once more by [bold]{book.version}[/]"
    )
    if not done.whole:
        console.print(
            "[yellow]![/] The first batches are forgotten: whoever was known by then is met as a stranger here, so "
            "some of the differences are not the playbook's."
        )
    console.print(_verdicts(found))
    changed = len(found.differences)
    if not changed:
        console.print(f"[green]✓[/] All {found.same:,} kept verdicts come out as they were.")
        return
    console.print(f"[yellow]![/] {changed:,} verdicts would be others; {found.same:,} come out as they were.")
    for one in found.differences[:_TOLD]:
        console.print(_line(one))
    if changed > _TOLD:
        console.print(f"  … and {changed - _TOLD:,} more", style="dim")
    console.print(_fate(found))
    console.print(_loads(book, done, found))


def _verdicts(found: Comparison) -> Table:
    table = Table("verdict", "then", "now", box=None, padding=(0, 2))
    for outcome in Outcome:
        was, now = found.was[outcome], found.now[outcome]
        table.add_row(outcome.value, f"{was:,}", Text(f"{now:,}", "" if was == now else "bold yellow"))
    return table


def _line(one: Difference) -> Text:
    was, now = (f"{each.outcome.value} ({each.code})" if each else "nothing kept" for each in (one.was, one.now))
    who = f" {one.who}" if one.who else ""
    came = f", {one.came.value}" if one.came else ""
    return Text.assemble("  ", (str(one.event), "dim"), f"{who}{came}: {was} → ", (now, "bold"))


def _fate(found: Comparison) -> Table:
    table = Table("handoffs of then", *(each.value for each in Came), box=None, padding=(0, 2))
    for label, counted in (("made again", found.kept), ("no longer made", found.lost)):
        table.add_row(label, *(f"{counted[each]:,}" for each in Came))
    table.add_row("made now only", "", "", f"{found.new:,}")
    return table


def _loads(book: Playbook, done: Backtest, found: Comparison) -> Table:
    table = Table("plays of", "then", "now", box=None, padding=(0, 2))
    for rep in sorted(found.load_was.keys() | done.load.keys()):
        name = book.reps[rep].name if rep in book.reps else rep
        table.add_row(name, f"{found.load_was[rep]:,}", f"{done.load[rep]:,}")
    return table
