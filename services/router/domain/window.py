"""The window of opportunity: when it opened, what is left of it, and what that makes of priority and deadlines (R7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.domain.playbook import Playbook
from services.router.domain.team import ServiceLevel

_PRIORITIES = tuple(Priority)


class Left(NamedTuple):
    """How much of a window is left at a handoff."""

    opened_at: datetime
    lag: timedelta
    """From the opening to the handoff."""
    half_life: timedelta
    letters: int
    """How many letters the priority sinks: one for each half-life that has passed. A request for a call never sinks."""

    @property
    def late(self) -> bool:
        """Whether half of it, or more, was gone before anybody in sales heard of it."""
        return self.lag >= self.half_life

    @property
    def worth(self) -> float:
        """What is left of it, from 1 down to 0."""
        return worth(self.lag, self.half_life)


def worth(lag: timedelta, half_life: timedelta) -> float:
    """What so long after the opening is left of a window: 2^(-lag / half-life), at most 1."""
    return float(0.5 ** max(0.0, lag / half_life))


def half_life_of(rules: Iterable[Rule], playbook: Playbook) -> timedelta | None:
    """The shortest half-life of these rules' windows; None where none of them has one."""
    found = [each.half_life for rule in rules if (each := playbook.rules.get(rule)) is not None and each.half_life]
    return min(found, default=None)


def left(rules: Iterable[Rule], playbook: Playbook, opened_at: datetime, now: datetime) -> Left | None:
    """What is left at `now` of the window that opened at `opened_at` (both UTC); None where these rules have none."""
    fired = tuple(rules)
    half_life = half_life_of(fired, playbook)
    if half_life is None:
        return None
    lag = max(timedelta(), now - opened_at)
    letters = 0 if Rule.CONSULTATION in fired else lag // half_life
    return Left(opened_at, lag, half_life, letters)


def lowered(priority: Priority, letters: int) -> Priority:
    """So many letters lower, D at the lowest; higher where negative, A at the highest."""
    at = _PRIORITIES.index(priority) + letters
    return _PRIORITIES[max(0, min(len(_PRIORITIES) - 1, at))]


def hurried(level: ServiceLevel, half_life: timedelta | None) -> ServiceLevel:
    """The service level, no slower than the window closes: no deadline is longer than its half-life."""
    return level if half_life is None else _hurried(level, half_life)


@lru_cache(maxsize=256)
def _hurried(level: ServiceLevel, half_life: timedelta) -> ServiceLevel:
    if level.attempt_within <= half_life:
        return level
    accept, attempt = min(level.accept_within, half_life), min(level.attempt_within, half_life)
    return ServiceLevel(accept, attempt, level.reminders, level.triage_within)
