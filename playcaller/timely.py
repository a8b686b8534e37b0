"""`playcaller timely`: were they handed off too late, or too early?"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from playcaller.known import known
from runtime.database import Database
from runtime.opening import database_url
from runtime.settings import Settings
from schemas.verdict import Rule
from services.router.adapters.playbook_store import in_force
from services.router.domain.playbook import Playbook
from services.router.domain.timeliness import Timeliness
from services.router.domain.window import half_life_of
from services.router.timeliness import timely

_NOTHING = "–"
_MEDIAN, _MOST = 0.5, 0.9


def run(playbook_path: Path, data: Path | None) -> int:
    """Print one row a rule. Raises `RingError` where nothing is known yet."""
    settings, book = known(data), in_force(playbook_path)
    Console(highlight=False).print(table_of(book, asyncio.run(_timely(settings, book))))
    return 0


async def _timely(settings: Settings, book: Playbook) -> Mapping[Rule, Timeliness]:
    database = Database(database_url(settings))
    try:
        return await timely(database, book)
    finally:
        await database.close()


def table_of(book: Playbook, found: Mapping[Rule, Timeliness]) -> Table:
    """One row a rule: how many were offered, how soon, how many too late, what was left, how many too early."""
    table = Table(box=None, padding=(0, 2, 0, 0), title="From ready to offered", title_justify="left")
    table.add_column("rule", ratio=1)
    for heading in ("offered", "median", "9 in 10", "half-life", "too late", "left", "too early"):
        table.add_column(heading, no_wrap=True)
    for rule, one in found.items():
        if rule in book.rules:
            table.add_row(book.rules[rule].title, *_cells(one, half_life_of([rule], book)))
    return table


def _cells(one: Timeliness, half_life: timedelta | None) -> tuple[str, ...]:
    number = len(one.lags)
    return (
        str(number),
        *(_span(one.percentile(part)) if number else _NOTHING for part in (_MEDIAN, _MOST)),
        _span(half_life) if half_life is not None else _NOTHING,
        f"{one.late} of {number}" if half_life is not None and number else _NOTHING,
        f"{100 * sum(one.worths) / len(one.worths):.0f} %" if one.worths else _NOTHING,
        f"{one.early} of {one.answered}" if one.answered else _NOTHING,
    )


def _span(time: timedelta) -> str:
    """`40 s`, `12 min`, `3 h`, `2 days`: one unit, rounded."""
    seconds = time.total_seconds()
    for size, unit in ((172_800, "days"), (7200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"
