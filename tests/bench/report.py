"""The table `make bench` ends with: both figures, their ratio, what must hold and what we aim at."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.measure import Grade, Measure, Result

_STYLE = {Grade.AIM: "bold green", Grade.MUST: "green", Grade.BELOW: "bold red"}


def table(results: Sequence[Result], silent: Sequence[Measure] = ()) -> Table:
    """One row a measure, red where below *must*; `silent` are those whose program failed."""
    drawn = Table(title="Each beside its limit (medians of paired repetitions)", title_justify="left")
    drawn.add_column("id")
    drawn.add_column("measure")
    for name in ("ours", "limit", "ratio", "must", "aim", "rounds"):
        drawn.add_column(name, justify="right")
    drawn.add_column("limit is")
    for one in results:
        drawn.add_row(
            one.measure.id,
            one.measure.title,
            figure(one.ours, one.measure.unit),
            figure(one.limit, one.measure.unit),
            Text(f"{one.ratio:.2f}", style=_STYLE[one.grade]),
            bound(one.measure, one.measure.must),
            bound(one.measure, one.measure.aim),
            str(one.rounds),
            one.measure.against,
        )
    for measure in silent:
        failed = Text("failed", style=_STYLE[Grade.BELOW])
        must, aim = bound(measure, measure.must), bound(measure, measure.aim)
        drawn.add_row(measure.id, measure.title, "–", "–", failed, must, aim, "0", measure.against)
    return drawn


def bound(measure: Measure, value: float) -> str:
    """`≥ 0.20` or `≤ 3`."""
    return f"{'≥' if measure.more else '≤'} {value:g}"


def figure(value: float, unit: str) -> str:
    """Three telling digits and the unit; thousands by a thin space."""
    text = f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}".replace(",", "\u2009")
    return f"{text} {unit}"


def show(console: Console, results: Sequence[Result], silent: Sequence[Measure] = ()) -> int:
    """Print the table; gives the exit status: 1 where anything is below *must* or gave no figure."""
    console.print(table(results, silent))
    below = [one.measure.id for one in results if one.grade is Grade.BELOW] + [one.id for one in silent]
    if below:
        console.print(Text(f"Below must: {', '.join(below)}. docs/measuring.md says how to look for the cause.", "red"))
    return 1 if below else 0
