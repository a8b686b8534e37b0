"""How a preview looks: who would cross which line, from how many points to how many, and what happens then."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.verdict import Rule
from services.router.domain.reasons import points
from services.router.preview import Crossing, Preview

_TOLD = 20
_LINES = {Rule.SQL_CRITERIA: "the SQL checklist", Rule.SCORE_THRESHOLD: "the threshold"}
_CONTROLS = (*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_HARMLESS = dict.fromkeys(_CONTROLS, "·")
"""What a terminal would obey instead of showing; a stranger may have typed a name."""


def print_preview(console: Console, found: Preview) -> None:
    """Everything that was found, for a terminal of eighty columns."""
    console.print()
    moved = "nobody's score changes" if not found.moved else f"the score of {found.moved:,} changes"
    people = "1 person is known" if found.known == 1 else f"{found.known:,} people are known"
    console.print(f"[bold]Before it is in force[/]: {people}, {moved}.")
    if found.recounted:
        console.print(
            f"[yellow]![/] Looked for from the publication on, and not in the past: {', '.join(found.recounted)}."
        )
    if found.back:
        console.print(f"  {found.back:,} would have passed at their next sign of life, and would no longer.")
    if not found.across:
        console.print("  Nobody would cross a line by it.\n")
        return
    console.print(_across(found))
    if len(found.across) > _TOLD:
        console.print(f"  … and {len(found.across) - _TOLD:,} more", style="dim")
    console.print(
        "[dim]The publication itself passes nobody on: each of them goes to sales at their next sign of life.[/]\n"
    )


def _across(found: Preview) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 2), header_style="dim")
    table.add_column(f"{len(found.across):,} would cross a line", overflow="ellipsis", no_wrap=True, min_width=30)
    for head in ("has", "would have", "needs"):
        table.add_column(head, justify="right")
    table.add_column("crosses")
    for one in found.across[:_TOLD]:
        table.add_row(
            Text(one.who.translate(_HARMLESS)),
            points(one.before.points),
            Text(points(one.after.points), "bold"),
            points(one.after.threshold),
            _line(one),
        )
    return table


def _line(one: Crossing) -> str:
    crossed = " and ".join(_LINES[rule] for rule in one.gained)
    kind = one.after.suppressed
    return f"{crossed}, to triage: {kind.value.replace('_', ' ')}" if kind else crossed
