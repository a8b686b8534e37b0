"""What of a playbook is worth working out once: which signals and which rules can concern which type of event.

Answers that depend on a few values alone (which signals a page counts under, which persona a title tells) are
remembered by those values. Remembering changes nothing but the time it takes: the same values give the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from schemas.event import EventType
from schemas.verdict import Rule
from services.router.domain.playbook import Condition, Facts, Persona, Playbook, Signal

_MOST = 8
"""Playbooks remembered: the one in force, a candidate, a few old ones during a replay."""
_MOST_ANSWERS = 8192
T = TypeVar("T")


@dataclass(slots=True)
class Answers(Generic[T]):
    """Answers by the values they depend on. `paths` is None where a condition does not say what it reads."""

    paths: tuple[str, ...] | None
    known: dict[tuple[object, ...], T] = field(default_factory=dict)
    names: tuple[str, ...] | None = None
    """The paths without `event.`, where all of them are an event's and its type is given anyway."""

    def __post_init__(self) -> None:
        """Work the names out once."""
        if self.paths is not None and all(path.startswith("event.") for path in self.paths):
            self.names = tuple(path.removeprefix("event.") for path in self.paths if path != "event.type")

    def key(self, facts: Facts) -> tuple[object, ...] | None:
        """What the answer depends on; None where it must be worked out. Numbers do not tell `1` from `True`."""
        if self.paths is None:
            return None
        found = tuple([facts.value(path) for path in self.paths])
        for value in found:
            if (value is not None and value.__class__ is int) or value.__class__ is float:
                return None
        return found

    def keep(self, key: tuple[object, ...] | None, answer: T) -> T:
        """Remember the answer, if it can be."""
        if key is not None:
            if len(self.known) >= _MOST_ANSWERS:
                self.known.clear()
            self.known[key] = answer
        return answer


def answers(conditions: Iterable[Condition]) -> Answers[T]:
    """An empty memory for what these conditions answer together."""
    found = tuple(conditions)
    told = all(each.paths or each.text == "always" for each in found) and not any(each.signals for each in found)
    return Answers(tuple(sorted({path for each in found for path in each.paths})) if told else None)


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
    personas: Answers[tuple[Persona | None, str]]
    fits: Answers[dict[str, int]]
    plays: dict[tuple[object, ...], tuple[str, str]] = field(default_factory=dict)
    """The play and why, by what it is chosen by."""


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
    first = playbook.rules.get(Rule.CONSULTATION)
    signals = {kind: tuple(each for each in playbook.scoring.signals if _can(each.when, kind)) for kind in EventType}
    return Prepared(
        playbook,
        signals,
        frozenset(kind for kind in EventType if first is not None and _can(first.when, kind)),
        frozenset(kind for kind in EventType if kind.value in playbook.responses),
        {kind: answers(each.when for each in found) for kind, found in signals.items()},
        answers(each.when for each in playbook.personas),
        answers(each.when for each in playbook.scoring.characteristics),
    )


def _can(condition: Condition, kind: EventType) -> bool:
    return condition.event_types is None or kind.value in condition.event_types
