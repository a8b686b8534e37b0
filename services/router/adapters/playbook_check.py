"""What can be proven of a playbook before a lead meets it: examples run, plays rendered, the grid resolved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schemas.brief import Brief
from schemas.play import PlayText
from services.router.adapters.playbook_book import Sheet
from services.router.adapters.playbook_coverage import Coverage, coverage_of, idle
from services.router.adapters.playbook_examples import Example, run
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_files import Loaded, load_pages, vocabulary_of
from services.router.adapters.playbook_models import PlayPage
from services.router.adapters.playbook_pages import Where
from services.router.adapters.rendering import render
from services.router.domain.playbook import Play, Playbook
from services.router.domain.team import Rep

_HOLES = re.compile(
    r"\bNone\b|\bMissing\b|[{}]|[“(]\s*[”)]|\w [,.;!?](?:\s|$)|(?:^|\s)[,;](?:\s|$)|\S {2,}\S|(?:^|[“\n])there,"
)
_FULL = Brief(
    name="Grace Hopper",
    title="Vice President, Field Service",
    company="Acme Corporation",
    email="grace@acme.example",
    phone="+12025550143",
    persona="Vice president",
    stage="Evaluating",
    awareness="Knows that solutions like ours exist",
    source="website",
    interest="route planning",
    score=160,
    why_now=("The score reached 160",),
    history=("Read a case study",),
    account="Acme Corporation",
    game_plan="Win a pilot in one depot.",
)
_BRIEFS = {"everything is known": _FULL, "nothing is known": Brief(name="")}


@dataclass(frozen=True, slots=True)
class Report:
    """A playbook that is in order, and what is worth knowing about it."""

    playbook: Playbook
    examples: tuple[Example, ...]
    coverage: Coverage
    idle: tuple[str, ...]
    """Plays that never win."""


def check(path: str | Path) -> Report:
    """The report. Raises `PlaybookFaultsError` with every fault, those of examples and of rendered plays included."""
    loaded = load_pages(path)
    playbook = loaded.playbook
    vocabulary = vocabulary_of(loaded.book, loaded.sheets)
    examples = [each for sheet in loaded.sheets.rules for each in run(sheet, playbook, vocabulary)]
    _prove_plays(loaded)
    if faults := loaded.book.all_faults():
        raise PlaybookFaultsError(faults)
    coverage = coverage_of(playbook)
    return Report(playbook, tuple(examples), coverage, tuple(idle(playbook, coverage)))


def _prove_plays(loaded: Loaded) -> None:
    """Every play, rendered when all is known, when nothing is, and when nothing is left to send."""
    rep = loaded.playbook.reps[loaded.playbook.last_resort]
    plays = {play.name: play for play in loaded.playbook.plays}
    for sheet in loaded.sheets.plays:
        _prove_play(sheet, plays[sheet.name], rep)


def _prove_play(sheet: Sheet[PlayPage], play: Play, rep: Rep) -> None:
    everything = frozenset(each.url for each in play.content)
    for which, brief in _BRIEFS.items():
        for read in (frozenset[str](), everything):
            for where, text in texts_of(render(play, brief, rep, read=read)):
                if said := hole_in(text):
                    sheet.page.fault(where, f"when {which} this text has a hole: {said}")


@lru_cache(maxsize=2048)  # most texts of a play say the same whatever is known
def hole_in(text: str) -> str:
    """Where a value that nobody knows has left a hole in a rendered text; empty where it is whole."""
    if not text.strip():
        return "it is empty"
    hole = _HOLES.search(text)
    return " ".join(f"near “{text[max(0, hole.start() - 20) : hole.end() + 10]}”".split()) if hole else ""


def texts_of(text: PlayText) -> Iterator[tuple[Where, str]]:
    """Every text of a rendered play, and where its template stands on the page."""
    yield ("objective",), text.objective
    yield ("email_first",) if text.email_first else ("when_to_call",), text.when_to_call
    yield ("talk_track",), text.talk_track
    yield ("voicemail",), text.voicemail
    yield ("follow_up",), text.follow_up
    yield ("email", "subject"), text.email_subject
    yield ("email", "body"), text.email_body
    yield ("wedge",), text.wedge
    yield ("tone",), text.tone
    for at, snippet in enumerate(text.snippets):
        yield ("snippets", at), snippet
    for at, question in enumerate(text.questions):
        yield ("questions", at), question
