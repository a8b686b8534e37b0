"""What of a playbook is worth working out once: which signals and which rules can concern which type of event.

Answers that depend on a few values alone (which signals a page counts under, whether a form asks for a call) are
remembered by those values, and who somebody is by `portraits`. Remembering changes nothing but the time it takes: the
same values give the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from schemas.event import EventType
from schemas.verdict import Rule, Ternary
from services.router.domain.condition import Condition
from services.router.domain.flip import Step, Turn, facts_in
from services.router.domain.playbook import Playbook, Signal, SuppressionKind
from services.router.domain.portraits import Portraits, portraits
from services.router.domain.possibilities import Openly, openly
from services.router.domain.scoring import Gauge, gauges
from services.router.domain.steps import steps_of
from services.router.domain.vocabulary import PERSONAL

_MOST = 8
"""Playbooks remembered: the one in force, a candidate, a few old ones during a replay."""
_MOST_ANSWERS = 8192
T = TypeVar("T")


@dataclass(slots=True)
class Answers(Generic[T]):
    """Answers about events of one type, by what they say under `names`; None where that is not told, or one's alone."""

    names: tuple[str, ...] | None
    known: dict[tuple[object, ...], T] = field(default_factory=dict)

    def keep(self, key: tuple[object, ...] | None, answer: T) -> T:
        """Remember the answer, if it can be."""
        if key is not None:
            if len(self.known) >= _MOST_ANSWERS:
                self.known.clear()
            self.known[key] = answer
        return answer


def answers(conditions: Iterable[Condition]) -> Answers[T]:
    """An empty memory for what these conditions answer together of one type of event."""
    found = tuple(conditions)
    paths = {path for each in found for path in each.paths}
    told = all(each.paths or each.text == "always" for each in found) and not any(each.signals for each in found)
    if not told or not all(path.startswith("event.") for path in paths):
        return Answers(None)
    names = tuple([path.removeprefix("event.") for path in sorted(paths) if path != "event.type"])
    return Answers(names if PERSONAL.isdisjoint(names) else None)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One playbook version, indexed by event type."""

    playbook: Playbook
    signals: dict[EventType, tuple[Signal, ...]]
    consultation: frozenset[EventType]
    """Types on which rule 1 can be true."""
    responses: frozenset[EventType]
    """Types that are a human inbound response."""
    matches: dict[EventType, Answers[tuple[str, ...]]]
    """Which signals an event of this type counts under."""
    asks: dict[EventType, Answers[Ternary]]
    """What rule 1 says of an event of this type."""
    portraits: Portraits
    openly: Openly
    """What it tells of people, as its checklists ask it."""
    gauges: dict[str, Gauge]
    agreed: bool
    """There is an SQL checklist, and rule 2 goes by it."""
    reachable: bool
    """There is a score, and rule 3 goes by it."""
    steps: tuple[Step, ...]
    """Its verdicts, step by step."""
    facts: tuple[Condition, ...]
    """The facts that those rest on."""
    waits: dict[str, timedelta]
    """Plays that nobody begins at once: how long they wait."""
    flips: dict[tuple[Ternary, ...], tuple[Turn, ...]] = field(default_factory=dict)
    """The smallest changes that flip a verdict, and what it is then, by the values of those facts."""
    plays: dict[tuple[object, ...], tuple[str, str]] = field(default_factory=dict)
    """The play and why, by what it is chosen by."""
    accounts: dict[str, str] = field(default_factory=dict)
    """The account's key, by an email's domain; empty for none."""
    suppressed: dict[str, SuppressionKind | None] = field(default_factory=dict)
    """The list that names it, if any, by an email's domain."""


_KNOWN: dict[int, Prepared] = {}


def prepared(playbook: Playbook) -> Prepared:
    """The index of this playbook. The same for the same playbook: it is only remembered, never changed."""
    known = _KNOWN.get(id(playbook))
    if known is not None and known.playbook is playbook:
        return known
    made = _prepare(playbook)
    if len(_KNOWN) >= _MOST:
        _KNOWN.clear()
    _KNOWN[id(playbook)] = made
    return made


def _prepare(playbook: Playbook) -> Prepared:
    steps = steps_of(playbook)
    first = playbook.rules.get(Rule.CONSULTATION)
    consultation = frozenset(kind for kind in EventType if first is not None and _can(first.when, kind))
    signals = {kind: tuple(each for each in playbook.scoring.signals if _can(each.when, kind)) for kind in EventType}
    return Prepared(
        playbook,
        signals,
        consultation,
        frozenset(kind for kind in EventType if kind.value in playbook.responses),
        {kind: answers(each.when for each in found) for kind, found in signals.items()},
        {kind: answers([first.when]) for kind in consultation if first is not None},
        portraits(playbook),
        openly(playbook),
        gauges(playbook.scoring),
        bool(playbook.sql.items) and Rule.SQL_CRITERIA in playbook.rules,
        playbook.scoring.on and Rule.SCORE_THRESHOLD in playbook.rules,
        steps,
        facts_in(steps),
        {play.name: play.not_before for play in playbook.plays if play.not_before},
    )


def _can(condition: Condition, kind: EventType) -> bool:
    return condition.event_types is None or kind.value in condition.event_types
