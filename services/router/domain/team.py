"""The people who sell: teams, reps, when they work, and how fast they promised to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.lead import Priority
from schemas.play import Address


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When somebody works: local wall-clock intervals by ISO weekday (1 Monday … 7 Sunday), without holidays."""

    zone: ZoneInfo
    week: Mapping[int, tuple[tuple[time, time], ...]]
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Absence:
    """Out of office, [start, end) in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rep:
    """A salesperson."""

    id: str
    name: str
    email: str
    hours: BusinessHours
    addresses: tuple[Address, ...]
    weight: int = 1
    capacity: int = 20
    """Open handoffs at once."""
    away: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Deadlines in business time, and when to remind (fractions of the way)."""

    accept_within: timedelta
    attempt_within: timedelta
    reminders: tuple[float, ...] = (0.5, 0.8)
    triage_within: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Team:
    """A team that shares a rotation."""

    name: str
    label: str
    reps: tuple[str, ...]
    manager: str
    hours: BusinessHours
    service: Mapping[Priority, ServiceLevel]
