"""What of a playbook is worth working out once: which signals and which rules can concern which type of event."""

from dataclasses import dataclass

from schemas.event import EventType
from schemas.verdict import Reason, Rule
from services.router.domain.playbook import Condition, Playbook, Signal

_MOST = 8
"""Playbooks remembered: the one in force, a candidate, a few old ones during a replay."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One playbook version, indexed by event type."""

    playbook: Playbook
    signals: dict[EventType, tuple[Signal, ...]]
    consultation: frozenset[EventType]
    """Types on which rule 1 can be true."""
    responses: frozenset[EventType]
    """Types that are a human inbound response."""
    nurture: dict[tuple[str, ...], tuple[Reason, ...]]
    """The sentences for a set of checklist items that do not hold, made when first needed."""


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
    return Prepared(
        playbook,
        {kind: tuple(each for each in playbook.scoring.signals if _can(each.when, kind)) for kind in EventType},
        frozenset(kind for kind in EventType if first is not None and _can(first.when, kind)),
        frozenset(kind for kind in EventType if kind.value in playbook.responses),
        {},
    )


def _can(condition: Condition, kind: EventType) -> bool:
    return condition.event_types is None or kind.value in condition.event_types
