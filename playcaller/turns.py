"""`playcaller turns`: how many plays each rep got in turn, what they were entitled to, and why the two differ."""

import asyncio
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table

from playcaller.known import known
from runtime.database import Database
from runtime.opening import database_url
from runtime.settings import Settings
from services.router.adapters.playbook_store import in_force
from services.router.domain.fairness import Share
from services.router.domain.playbook import Playbook
from services.router.turns import turns


def run(playbook_path: Path, data: Path | None) -> int:
    """Print a table for each team. Raises `RingError` where nothing is known yet."""
    settings = known(data)
    book, console = in_force(playbook_path), Console(highlight=False)
    for team, shares in asyncio.run(_turns(settings, book)).items():
        console.print(_table(book, team, dict(shares)))
    return 0


async def _turns(settings: Settings, book: Playbook) -> dict[str, dict[str, Share]]:
    database = Database(database_url(settings))
    try:
        return {team: dict(shares) for team, shares in (await turns(database, book)).items()}
    finally:
        await database.close()


def _table(book: Playbook, team: str, shares: dict[str, Share]) -> Table:
    table = Table("rep", "got", "entitled to", "differs by", "because", box=None, padding=(0, 2), title_justify="left")
    table.title = f"[bold]{book.teams[team].label}[/]: turns of the rotation"
    for rep, share in shares.items():
        causes = [f"{cause.value} {_turns_in(by)}" for cause, by in share.causes.items() if by]
        entitled = f"{float(share.entitled):.1f}"
        table.add_row(book.reps[rep].name, str(share.got), entitled, _turns_in(share.deviation), ", ".join(causes))
    return table


def _turns_in(number: Fraction) -> str:
    return f"{float(number):+.1f}"
