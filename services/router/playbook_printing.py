"""How `playbook check` looks: faults by file, the examples, and the coverage map in letters and colours."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.verdict import Rule
from services.router.adapters.playbook_check import Report
from services.router.adapters.playbook_coverage import NOBODY, Cell, Coverage
from services.router.adapters.playbook_faults import PlaybookFault
from services.router.domain.playbook import Playbook
from services.router.domain.plays import LEADING

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_red", "bright_cyan", "bright_green", "bright_magenta")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEADS = {
    Rule.CONSULTATION: "asks\nto talk",
    Rule.TARGET_RESPONDS: "named account\nresponds",
    Rule.SQL_CRITERIA: "SQL criteria\nmet",
    Rule.SCORE_THRESHOLD: "score\nreached",
}
_FALLBACK = Text("·", style="dim")


def print_faults(console: Console, path: Path, faults: Sequence[PlaybookFault]) -> None:
    """All faults, grouped by file; each line begins with what an editor understands as a place."""
    for _file, group in groupby(faults, key=lambda fault: fault.file):
        for fault in group:
            _print_fault(console, f"{path / fault.file}:{fault.line}", fault)
        console.print()
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    console.print(f"[bold red]✗[/] {count}: this playbook cannot be used.")
    console.print("  A running service keeps its last good one.", style="dim")


def _print_fault(console: Console, place: str, fault: PlaybookFault) -> None:
    """One line, for programs too; where a terminal is too narrow for it, the place and below it what is wrong."""
    meant = f" [green](did you mean “{escape(fault.suggestion)}”?)[/]" if fault.suggestion else ""
    said = f"{escape(fault.message)}{meant}"
    line = Text.from_markup(f"[bold]{escape(place)}[/]: {said}")
    if console.is_terminal and line.cell_len > console.width:
        console.print(f"[bold]{escape(place)}[/]:", soft_wrap=True)
        console.print(Padding(Text.from_markup(said), (0, 0, 0, 4)))
    else:
        console.print(line, soft_wrap=True)


def print_report(console: Console, path: Path, report: Report) -> None:
    """The playbook in a few lines, the examples, the coverage map and its legend."""
    playbook = report.playbook
    console.print(f"\n[bold]{escape(playbook.title)}[/]  [dim]{escape(str(path))} · version {playbook.version}[/]")
    console.print(_sizes(playbook), style="dim")
    console.print()
    console.print(_examples(report))
    console.print()
    marks = _marks(report.coverage)
    console.print(_map(playbook, report.coverage, marks))
    console.print()
    console.print(_legend(playbook, report.coverage, marks))
    for name in report.idle:
        console.print(f"[yellow]![/] plays/{name}.yaml never wins: a more specific play stands before it everywhere")
    console.print(_share(report.coverage))


def _sizes(playbook: Playbook) -> str:
    scoring = playbook.scoring
    parts = (
        f"{len(scoring.signals)} signals, {len(scoring.characteristics)} characteristics"
        if scoring.on
        else "no scoring",
        f"{len(playbook.plays)} plays",
        f"{len(playbook.personas)} personas",
        f"{len(playbook.teams)} teams with {sum(len(team.reps) for team in playbook.teams.values())} reps",
        f"{len(playbook.targets)} named accounts",
    )
    return " · ".join(parts)


def _examples(report: Report) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    for rule in Rule:
        mine = [example for example in report.examples if example.rule is rule]
        title = escape(report.playbook.rules[rule].title)
        table.add_row("[green]✓[/]", title, f"[dim]{len(mine)} examples say what they should[/]")
    return table


def _marks(coverage: Coverage) -> Mapping[str, Text]:
    """Each play's letter in its colour, the busiest play first; the fallback is a dot."""
    busy = [name for name, _ in coverage.counts.most_common() if name != coverage.fallback]
    found = {
        name: Text(_LETTERS[at % len(_LETTERS)], style=f"bold {_COLOURS[at % len(_COLOURS)]}")
        for at, name in enumerate(busy)
    }
    return {**found, coverage.fallback: _FALLBACK}


def _map(playbook: Playbook, coverage: Coverage, marks: Mapping[str, Text]) -> Table:
    stages = [stage.name for stage in reversed(playbook.stages)]
    caption = f"Each letter is a play, one for each stage: {' → '.join(stages)}. After a /: without a phone."
    table = Table(title="Which play answers whom", caption=caption, box=box.SIMPLE_HEAD, title_justify="left")
    table.caption_justify, table.title_style, table.caption_style = "left", "bold", "dim"
    table.add_column("persona", no_wrap=True)
    for rule in LEADING:
        table.add_column(_HEADS[rule], justify="center", no_wrap=True)
    for persona in [*(persona.name for persona in playbook.personas), NOBODY]:
        row = [_cell(coverage, marks, rule, persona, stages) for rule in LEADING]
        table.add_row(persona.replace("_", " ") or Text("not known", style="italic"), *row)
    return table


def _cell(coverage: Coverage, marks: Mapping[str, Text], rule: Rule, persona: str, stages: Sequence[str]) -> Text:
    with_phone, without = (
        [coverage.plays[Cell(rule, persona, stage, "", phone)] for stage in stages] for phone in (True, False)
    )
    text = Text().join(marks[name] for name in with_phone)
    if with_phone != without:
        text.append("/", style="dim").append_text(Text().join(marks[name] for name in without))
    return text


def _legend(playbook: Playbook, coverage: Coverage, marks: Mapping[str, Text]) -> Table:
    titles = {play.name: play.title for play in playbook.plays}
    table = Table(box=None, padding=(0, 1), show_header=False)
    for name, mark in marks.items():
        count = coverage.counts[name]
        share = f"{count / len(coverage.plays):.0%}"
        table.add_row(mark, escape(titles[name]), f"[dim]plays/{name}.yaml[/]", Text(share, justify="right"))
    return table


def _share(coverage: Coverage) -> str:
    cells, gaps = len(coverage.plays), sum(1 for _ in coverage.gaps())
    return (
        f"\n[bold green]✓[/] All {cells} situations have a complete play; "
        f"the fallback answers {gaps} of them ([bold]{coverage.share:.0%}[/]).\n"
    )
