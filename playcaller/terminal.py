"""The terminal: each event as it arrives, its verdict with the reasons, and the play a rep got, as a small card."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.handoff import HandoffChanged, HandoffState
from schemas.play import CardKind, DeliverPlay, PlayText
from schemas.verdict import Outcome, Rule
from services.router.narration import Narration

STYLES = {
    Outcome.PASS: "bold white on green4",
    Outcome.TRIAGE: "bold black on gold1",
    Outcome.NURTURE: "bold white on steel_blue",
    Outcome.UPDATE: "bold white on dark_violet",
    Outcome.IGNORE: "bold white on grey42",
}
RULES = {
    Rule.CONSULTATION: "rule 1 · asked for a consultation",
    Rule.SQL_CRITERIA: "rule 2 · SQL criteria met",
    Rule.SCORE_THRESHOLD: "rule 3 · score over the threshold",
    Rule.TARGET_RESPONDS: "rule 4 · a target account responds",
}
PRIORITIES = {"A": "bold red", "B": "bold dark_orange", "C": "bold yellow", "D": "bold grey62"}
DEEDS = {
    HandoffState.ACCEPTED: ("✔", "green", "accepted"),
    HandoffState.WORKING: ("☎", "cyan", "is working on"),
    HandoffState.REJECTED: ("✘", "red", "rejected"),
    HandoffState.QUALIFIED: ("★", "green", "qualified"),
    HandoffState.CONVERTED: ("★", "green", "converted"),
    HandoffState.RECYCLED: ("↺", "steel_blue", "sent back to nurture"),
    HandoffState.DISQUALIFIED: ("✘", "red", "disqualified"),
    HandoffState.EXPIRED: ("⌛", "yellow", "let expire"),
    HandoffState.MERGED: ("⇉", "dark_violet", "saw merged"),
    HandoffState.WITHDRAWN: ("↩", "grey62", "saw withdrawn"),
}
MAX_REASONS = 3
FEW = 2
CARD = 110
"""Columns of a card, where there are as many."""
CONTROLS = dict.fromkeys(
    [*range(10), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F], "·"
)
"""What a terminal would obey instead of showing (C0 but for the newline, C1, changes of direction)."""


def harmless(text: Text) -> Text:
    """The same text, and nothing in it that a terminal obeys; a stranger may have typed it."""
    text.plain = text.plain.translate(CONTROLS)
    return text


class Terminal:
    """Draws what happens. Everything it is given may hold what a stranger typed: nothing is read as markup."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _console()

    def _print(self, text: Text) -> None:
        self._console.print(harmless(text))

    def _point(self, sign: str, text: str, style: str) -> None:
        """A sentence behind a sign; where it is too long for a line it goes on below its own beginning."""
        grid = Table.grid()
        grid.add_column(width=len(sign))
        grid.add_column()
        grid.add_row(sign, harmless(Text(text, style=style)))
        self._console.print(grid)

    def title(self, text: str, detail: str = "") -> None:
        """A heading of a run."""
        self._console.print()
        self._console.rule(Text(text, style="bold"), align="left", style="grey37")
        if detail:
            self._print(Text(detail, style="grey62"))

    def say(self, text: str, style: str = "") -> None:
        """One plain line."""
        self._print(Text(text, style=style))

    def fact(self, name: str, value: str) -> None:
        """A name and its value, in two columns."""
        self._print(Text.assemble((f"  {name:<12}", "grey62"), value))

    def scene(self, text: str) -> None:
        """What happens next in the story, in a sentence."""
        self._console.print()
        self._print(Text.assemble(("▌ ", "cyan"), (text, "bold")))

    def posted(self, where: str, status: int, seconds: float) -> None:
        """A webhook was sent to the door, and what the door said."""
        style = "green" if status < 300 else "red"  # noqa: PLR2004  (HTTP's own limit)
        answer = (f"{status}", style)
        self._console.print(
            Text.assemble("  → ", (where, "cyan"), "  ", answer, (f"  {seconds * 1000:.0f} ms", "grey50"))
        )

    def judged(self, told: Narration) -> None:
        """One event's verdict with its reasons."""
        outcome = Outcome(told.outcome)
        said = Text.assemble(
            "  ", (f" {outcome.value.upper()} ", STYLES[outcome]), "  ", (told.who or "somebody", "bold")
        )
        said.append(f"  {_short(told.what.replace('_', ' '), 60)}")
        if told.score:
            said.append(f"  score {told.score // 1000}", "grey62")
        self._print(said)
        for rule in told.fired:
            self._point("     ● ", RULES[Rule(rule)], "green")
        for reason in told.reasons[:MAX_REASONS]:
            self._point("     · ", reason, "grey74")

    def moved(self, told: Narration) -> None:
        """Somebody entered or left a nurture track."""
        said = Text.assemble("     ✉ ", ("nurture", "steel_blue"), f": {told.what} “{told.track}”")
        if told.resolve:
            said.append(f", to find out: {told.resolve}")
        if not told.told:
            said.append(" (no webhook in nurture.yaml: nobody is told)", "grey50")
        self._print(said)

    def lost(self, told: Narration) -> None:
        """A record that could not be judged and waits among the dead letters."""
        why = "; ".join(told.reasons)
        self._console.print(
            Text.assemble("  ", (" DEAD LETTER ", "bold white on red"), f"  {told.source} {told.what}: {why}")
        )

    def published(self, told: Narration) -> None:
        """Another playbook decides from here on."""
        self._console.print()
        self._print(Text.assemble(("▪ ", "cyan"), (told.reasons[0], "bold")))
        for reason in told.reasons[1:]:
            self._print(Text.assemble("  ", (reason, "grey74")))

    def card(self, command: DeliverPlay) -> None:
        """The play a rep got, a question for triage, or news on a card they have."""
        names = _listed([recipient.name for recipient in command.recipients])
        if command.kind is CardKind.OFFER and command.play is not None:
            self._console.print(_offer(command, command.play, names))
        elif command.kind is CardKind.TRIAGE:
            self._print(Text.assemble("     ⚑ ", ("triage", "gold1"), f" for {names}: {command.brief.name}"))
            for question in command.questions[:MAX_REASONS]:
                self._point("       ? ", question, "gold1")
        elif command.play is None:
            self._print(Text.assemble("     ⚑ ", ("triage", "gold1"), f" is told: {command.brief.name} is settled"))
        elif command.notice:
            self._print(Text.assemble("     ✎ ", (f"{names} is told: ", "dark_violet"), command.notice))

    def changed(self, change: HandoffChanged, names: dict[str, str], lead: str) -> None:
        """What a rep did with a handoff, or what the clock did."""
        if change.state not in DEEDS:
            return
        sign, style, deed = DEEDS[change.state]
        who = names.get(change.actor or change.assignee, change.actor or "the clock")
        why = f" ({change.reason})" if change.reason else ""
        self._print(Text.assemble(f"  {sign} ", (f"{who} {deed} {lead or 'the lead'}", f"bold {style}"), why))

    def invite(self, url: str) -> None:
        """Where the rep's inbox is."""
        self._console.print()
        body = Text.assemble("Open the rep's inbox and press a button:\n", (url, "bold cyan underline"))
        self._console.print(Panel(body, border_style="cyan", expand=False, padding=(0, 2)))


def _console() -> Console:
    """Standard output; where that is no terminal, and nobody says how wide it is, wide enough for a card."""
    own = Console(highlight=False)
    return own if own.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=CARD)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= FEW else f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} more"


def _offer(command: DeliverPlay, play: PlayText, names: str) -> RenderableType:
    brief = command.brief
    person = ", ".join(part for part in (brief.title, brief.company) if part)
    head = Text.assemble(
        (f" {command.priority.value} ", PRIORITIES[command.priority.value] + " reverse"),
        "  ",
        (brief.name, "bold"),
        f"  {person}",
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(style="grey62", no_wrap=True)
    table.add_column()
    for name, value in _rows(command, play):
        table.add_row(name, harmless(Text(value)))
    title = Text.assemble(
        ("▶ ", "green"), (names, "bold green"), ("  gets the play ", "green"), (play.name, "bold green")
    )
    return Panel(
        Group(harmless(head), table), title=harmless(title), title_align="left", border_style="green", width=CARD
    )


def _rows(command: DeliverPlay, play: PlayText) -> Iterable[tuple[str, str]]:
    brief = command.brief
    reach = " · ".join(part for part in (brief.phone, brief.email) if part)
    if reach:
        yield "reach", reach
    if brief.why_now:
        yield "why now", _short("; ".join(brief.why_now), 160)
    if brief.account and brief.game_plan:
        yield "account", _short(f"{brief.account}: {brief.game_plan}", 160)
    yield "goal", _short(play.objective, 160)
    yield "when", _short(play.when_to_call, 160)
    yield "say", _short(play.talk_track, 200)
    yield "attempts", f"{play.attempts} within {play.attempt_window}"
    if command.accept_by is not None:
        yield "accept by", _local(command.accept_by, command.time_zone)
    if command.not_before is not None:
        why = f": {command.waits_for}" if command.waits_for else ""
        yield "not before", f"{_local(command.not_before, command.time_zone)}{why}"
    if command.playbook:
        yield "playbook", f"version {command.playbook}"


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%a %H:%M} ({zone})"


def _short(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
