"""Who they are, answered once: what a playbook asks of a profile alone comes out the same for all who share it.

Persona, fit and most lines of the checklists do not depend on what somebody did. They are worked out for the first lead
with these values and remembered by them, which changes nothing but the time it takes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN, conjunction
from services.router.domain.playbook import (
    Checklist,
    ChecklistItem,
    NurtureTrack,
    Persona,
    Playbook,
    RoutingRule,
    Stage,
)
from services.router.domain.readiness import Checked, checked
from services.router.domain.scoring import Days, Points
from services.router.domain.vocabulary import ACCOUNT_PATHS, DERIVED, PERSONAL

_MOST = 8192
_SIGNALS, _DAYS = 8, 4
"""How many signals, and how many days of each, a history may have that others share."""
Choice = TypeVar("Choice", NurtureTrack, RoutingRule)
_WORKED_OUT = frozenset(f"lead.{name}" for name in DERIVED)
"""What of a lead is not simply what was stated."""
_PERSONA = frozenset({"lead.persona", "lead.persona_level"})
_OWN = frozenset(f"lead.{name}" for name in PERSONAL)
_CHANGING = frozenset({"lead.stage", "lead.lifecycle"})
"""What of a lead follows from what it did and what became of it, not from who it is."""


class Sketch(NamedTuple):
    """A checklist as far as who they are settles it."""

    items: dict[str, Ternary]
    """Every line in its order; those that are open stand as unknown."""
    open: tuple[ChecklistItem, ...]
    """The lines that ask for more than who they are."""
    settled: Ternary
    """What the lines that are settled come to together."""

    def holds(self, facts: Facts) -> bool:
        """Whether every item is known to be true: no further than to the first that is not."""
        return self.settled is TRUE and all(item.when.test(facts) is TRUE for item in self.open)

    def check(self, checklist: Checklist, facts: Facts) -> Checked:
        """The checklist gone through: only what is open is asked."""
        items = self.items.copy()
        for item in self.open:
            items[item.name] = item.when.test(facts)
        return Checked(FALSE, items, ()) if self.settled is FALSE else checked(checklist, items, facts)


@dataclass(slots=True, eq=False)
class Portrait:
    """What everybody with the same profile has in common; each thing is worked out when somebody first asks for it."""

    persona: tuple[Persona | None, str] | None = None
    are: dict[str, int] | None = None
    mql: Sketch | None = None
    sql: Sketch | None = None
    tracks: tuple[tuple[NurtureTrack, bool], ...] | None = None
    """The tracks that are left, in order, and whether the lead is known to fit."""
    teams: tuple[tuple[RoutingRule, bool], ...] | None = None
    """The routing rules that are left, likewise."""


@dataclass(slots=True)
class Likeness:
    """What those have in common who, beside their portrait, did the same on the same days; worked out likewise."""

    gained: dict[str, int] | None = None
    points: Points | None = None
    stage: tuple[Stage | None, str] | None = None
    mql: bool | None = None
    sql: Checked | None = None


@dataclass(slots=True)
class Portraits:
    """The portraits of one playbook version, by the values that its conditions read."""

    alone: frozenset[int]
    """The conditions, by identity, that ask of nothing but who they are."""
    personas: bool
    """Who they are tells their persona."""
    fits: bool
    """Who they are tells their fit."""
    stated: tuple[str, ...]
    """The fields of the profile that the conditions read."""
    read: tuple[str, ...]
    """The other paths that they read."""
    told: bool
    """Who they are and what they did tells their score, their stage and what the checklists say."""
    known: dict[tuple[object, ...], Portrait] = field(default_factory=dict)
    alike: dict[tuple[object, ...], Likeness] = field(default_factory=dict)

    def of(self, values: tuple[object, ...]) -> Portrait:
        """The portrait of everybody with these values. None of them is a number: those would not tell 1 from True."""
        found = self.known.get(values)
        if found is None:
            if len(self.known) >= _MOST:
                self.known.clear()
            found = self.known[values] = Portrait()
        return found

    def like(self, portrait: Portrait, today: int, counts: Mapping[str, Days]) -> Likeness:
        """What is common to everybody with this portrait who did just this; nobody shares a long history."""
        if not self.told or len(counts) > _SIGNALS:
            return Likeness()
        for days in counts.values():
            if len(days) > _DAYS:
                return Likeness()
        key = (portrait, today, *[(name, *days.items()) for name, days in counts.items()])
        found = self.alike.get(key)
        if found is None:
            if len(self.alike) >= _MOST:
                self.alike.clear()
            found = self.alike[key] = Likeness()
        return found

    def sketched(self, checklist: Checklist, facts: Facts) -> Sketch:
        """The checklist, as far as who they are settles it."""
        settled = {each.name: each.when.test(facts) for each in checklist.items if id(each.when) in self.alone}
        return Sketch(
            {each.name: settled.get(each.name, UNKNOWN) for each in checklist.items},
            tuple([each for each in checklist.items if each.name not in settled]),
            conjunction(settled.values()),
        )

    def left(self, choices: Iterable[Choice], facts: Facts) -> tuple[tuple[Choice, bool], ...]:
        """The choices up to the first that is known to fit, without those that are known not to."""
        found: list[tuple[Choice, bool]] = []
        for each in choices:
            if id(each.when) not in self.alone:
                found.append((each, False))
            elif each.when.test(facts) is TRUE:
                found.append((each, True))
                break
        return tuple(found)


def portraits(playbook: Playbook) -> Portraits:
    """An empty gallery for this playbook."""
    personas = [each.when for each in playbook.personas]
    named = all(_of_who(each, personas=False) for each in personas)
    fits = [each.when for each in playbook.scoring.characteristics]
    lines = [each.when for each in (*playbook.mql.items, *playbook.sql.items)]
    stages = [each.when for each in playbook.stages]
    choices = [each.when for each in playbook.tracks] + [each.when for each in playbook.routing]
    alone = [each for each in (*fits, *lines, *choices) if _of_who(each, personas=named)]
    fitting = all(_of_who(each, personas=named) for each in fits)
    told = named and fitting and all(_told(each, personas=named) for each in (*lines, *stages))
    reading = [*alone, *(personas if named else ()), *((*lines, *stages) if told else ())]
    asked = frozenset().union(*(each.paths for each in reading))
    return Portraits(
        frozenset(map(id, alone)),
        named,
        fitting,
        tuple(sorted(path.removeprefix("lead.") for path in asked if _is_stated(path))),
        tuple(sorted(path for path in _with_settled(asked - _PERSONA) if not _is_stated(path))),
        told,
    )


def _with_settled(paths: frozenset[str]) -> frozenset[str]:
    """What is asked of a company comes out by whether its answers are settled, too."""
    return paths if paths.isdisjoint(ACCOUNT_PATHS) else paths | {"account.settled"}


def _is_stated(path: str) -> bool:
    return path.startswith("lead.") and path not in _WORKED_OUT


def _of_who(condition: Condition, *, personas: bool) -> bool:
    """Whether a condition says what it reads, and that is nothing but who they are."""
    return not condition.signals and _told(condition, personas=personas)


def _told(condition: Condition, *, personas: bool) -> bool:
    """Whether a condition says what it reads, and that is nothing but who they are and what they did."""
    if not (condition.paths or condition.signals or condition.text == "always"):
        return False
    return all(_lasting(path, personas=personas) for path in condition.paths)


def _lasting(path: str, *, personas: bool) -> bool:
    if path in _PERSONA:
        return personas
    return path in ACCOUNT_PATHS or (path.startswith("lead.") and path not in _CHANGING and path not in _OWN)
