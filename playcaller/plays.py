"""`playcaller plays`: who really came, how often, and which play is for them; where the fallback is, a page is due."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from playcaller.known import known
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.opening import database_url
from runtime.settings import Settings
from schemas.verdict import Rule
from services.router.adapters.playbook_store import in_force
from services.router.demand import Situation, demand
from services.router.domain.playbook import Playbook
from services.router.domain.plays import fallback

_BECAUSE = {
    Rule.CONSULTATION: "asks to talk",
    Rule.TARGET_RESPONDS: "named account",
    Rule.SQL_CRITERIA: "SQL criteria",
    Rule.SCORE_THRESHOLD: "score reached",
}
_TOLD = 20
"""Situations that are named one by one."""


def run(playbook_path: Path, data: Path | None, days: int) -> int:
    """Print the situations of the last days. Raises `RingError` where nothing is known yet."""
    settings = known(data)
    book, console = in_force(playbook_path), Console(highlight=False)
    found = asyncio.run(_demand(settings, book, days))
    if not found:
        console.print(f"No handoff in the last {days} days.")
        return 0
    gaps = {one: number for one, number in found.items() if one.play == fallback(book).name}
    console.print(_table(book, {**gaps, **found}, days))
    if len(found) > _TOLD:
        console.print(f"  … and {len(found) - _TOLD:,} situations more", style="dim")
    console.print(_share(sum(gaps.values()), sum(found.values())))
    return 0


async def _demand(settings: Settings, book: Playbook, days: int) -> Mapping[Situation, int]:
    database = Database(database_url(settings))
    try:
        return await demand(database, book, SystemClock().now() - timedelta(days=days))
    finally:
        await database.close()


def _table(book: Playbook, found: Mapping[Situation, int], days: int) -> Table:
    title = f"Who came in the last {days} days, and which play is for them"
    table = Table("", "because", "persona", "stage", "phone", "play", box=None, padding=(0, 1), title=title)
    table.title_justify, table.title_style = "left", "bold"
    table.columns[0].justify, table.columns[5].overflow = "right", "fold"
    for one, number in list(found.items())[:_TOLD]:
        product = f", {escape(one.product)}" if one.product else ""
        table.add_row(
            f"{number:,}×",
            _BECAUSE[one.trigger] + product,
            escape(one.persona) or "[dim]not known[/]",
            escape(one.stage) or "[dim]not known[/]",
            "yes" if one.phone else "no",
            Text("the fallback", "yellow") if one.play == fallback(book).name else Text(one.play),
        )
    return table


def _share(gaps: int, whole: int) -> str:
    if not gaps:
        return f"[green]✓[/] All {whole:,} have a play of their own."
    share = f"{gaps:,} of {whole:,} ({gaps / whole:.0%})"
    return f"[yellow]![/] {share} have only the fallback: write plays for the first lines."
