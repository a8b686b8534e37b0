"""How `playcaller backtest` looks: verdicts, who would get what instead, what sales made of it, and the load."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from playcaller.terminal import harmless
from schemas.verdict import Outcome
from services.router.backtest import Backtest, Decided
from services.router.comparison import Comparison, Difference
from services.router.domain.playbook import Playbook
from services.router.outcomes import ENOUGH, Came, Precision

_KINDS = 12
"""Kinds of differences that are told one by one."""
_NAMED = 6
"""People of one kind that are named."""


def print_backtest(console: Console, book: Playbook, done: Backtest, found: Comparison) -> None:
    """Everything that was found, for a terminal of eighty columns."""
    if found.first is None or found.last is None:
        console.print("Nothing has been decided yet.")
        return
    console.print()
    console.print(Text.assemble((f"{done.events:,}", "bold"), " events ", _span(found.first, found.last)))
    console.print(Text.assemble("decided once more by version ", (book.version, "bold")))
    if not done.whole:
        console.print(
            "[yellow]![/] The first batches are forgotten: whoever was known by then is met as a stranger here, so "
            "some of the differences are not the playbook's."
        )
    console.print()
    console.print(_verdicts(found))
    console.print()
    _print_differences(console, found)
    console.print(_precision(book, found))
    console.print()
    console.print(_loads(book, done, found))


def _span(first: datetime, last: datetime) -> str:
    if first.date() == last.date():
        return f"on {first:%d %B %Y}, {first:%H:%M} to {last:%H:%M} UTC"
    return f"from {first:%d %B %Y} to {last:%d %B %Y}"


def _figures(*heads: str) -> Table:
    """A table of a name and figures, the figures to the right."""
    table = Table(box=None, padding=(0, 1, 0, 2), header_style="dim")
    table.add_column(heads[0], min_width=18)
    for head in heads[1:]:
        table.add_column(head, justify="right", min_width=6, no_wrap=True)
    return table


def _verdicts(found: Comparison) -> Table:
    table = _figures("verdict", "then", "now")
    for outcome in Outcome:
        was, now = found.was[outcome], found.now[outcome]
        table.add_row(outcome.value, f"{was:,}", Text(f"{now:,}", "" if was == now else "bold yellow"))
    return table


def _print_differences(console: Console, found: Comparison) -> None:
    changed = len(found.differences)
    if not changed:
        console.print(f"[green]✓[/] All {found.same:,} kept verdicts come out as they were. Plays, too.\n")
        return
    would = "1 verdict would be another" if changed == 1 else f"{changed:,} verdicts would be others"
    console.print(f"[yellow]![/] [bold]{would}[/]; {found.same:,} come out as they were.\n")
    kinds: dict[str, list[Difference]] = {}
    for one in found.differences:
        kinds.setdefault(_change(one), []).append(one)
    often = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    for change, alike in often[:_KINDS]:
        console.print(Text.assemble("  ", (change, "bold"), (f"  × {len(alike):,}", "yellow")))
        console.print(Padding(_people(alike), (0, 0, 0, 5)))
    if len(often) > _KINDS:
        rest = sum(len(alike) for _, alike in often[_KINDS:])
        console.print(f"  … and {rest:,} more, changed in other ways", style="dim")
    console.print()
    console.print(_fate(found))
    console.print()


def _change(one: Difference) -> str:
    was, now = one.was, one.now
    if was and now and was.outcome is now.outcome:
        if was.play != now.play:
            return f"{was.outcome.value}, with the play {was.play or 'none'} → {now.play or 'none'}"
        if was.code != now.code:
            return f"{was.outcome.value}, because {_words(was.code)} → {_words(now.code)}"
        return f"{was.outcome.value}, of one handoff → of another"
    return f"{_said(was)} → {_said(now)}"


def _said(decided: Decided | None) -> str:
    if decided is None:
        return "nothing kept"
    return f"{decided.outcome.value}, with the play {decided.play}" if decided.play else decided.outcome.value


def _words(code: str) -> str:
    return code.replace("_", " ")


def _people(alike: Sequence[Difference]) -> Text:
    """Who it is about, and what sales said of them; somebody without a handoff is an event that `explain` takes."""
    named = [one for one in alike if one.who] or list(alike)
    said = []
    for one in named[:_NAMED]:
        came = f" ({one.came.value})" if one.came not in {None, Came.PENDING} else ""
        said.append(f"{one.who or f'event {one.event}'}{came}")
    more = len(alike) - len(said)
    return harmless(Text(", ".join(said) + (f" and {more:,} more" if more else ""), "dim"))


def _fate(found: Comparison) -> Table:
    table = _figures("handoffs of then", *(each.value for each in Came))
    for label, counted in (("made again", found.kept), ("no longer made", found.lost)):
        table.add_row(label, *(f"{counted[each]:,}" for each in Came))
    if found.new:
        table.add_row("made now only", "", "", "", f"{found.new:,}")
    return table


def _precision(book: Playbook, found: Comparison) -> Table:
    """Each rule in the playbook's own words. Of nine outcomes nothing is named."""
    table = _figures("worth the time, of 100", "then", "now")
    for rule, was in found.precise_was.items():
        title = book.rules[rule].title if rule in book.rules else rule.value
        table.add_row(title, _share(was), _share(found.precise_now[rule]))
    return table


def _share(precision: Precision) -> Text:
    if not precision.enough:
        return _few(precision)
    low, high = precision.interval
    return Text.assemble(
        (f"{precision.share * 100:.0f}", "bold"),
        (f" ({low * 100:.0f}–{high * 100:.0f})  of {precision.known:,}", "dim"),
    )


def _few(precision: Precision) -> Text:
    return Text(f"too few ({precision.known} of {ENOUGH})", "dim")


def _loads(book: Playbook, done: Backtest, found: Comparison) -> Table:
    table = _figures("plays of", "then", "now")
    for rep in sorted(found.load_was.keys() | done.load.keys()):
        name = book.reps[rep].name if rep in book.reps else rep
        was, now = found.load_was[rep], done.load[rep]
        table.add_row(name, f"{was:,}", Text(f"{now:,}", "" if was == now else "bold yellow"))
    return table
