"""When somebody is woken for a deadline: on the way to it, when it comes, and ever more seldom once it has passed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from services.router.domain import business_time
from services.router.domain.identity import made_by
from services.router.domain.moments import milliseconds
from services.router.domain.team import BusinessHours

FARTHEST = timedelta(days=60)
"""Of business time: as far away as the slowest promise that a playbook may make."""
_SHORTEST = timedelta(seconds=1)


def name_of(subject: UUID, due: datetime) -> UUID:
    """Of one deadline: its reminders carry it, and come to nothing once the deadline was moved."""
    return made_by(subject, f"deadline {milliseconds(due)}")


def on_the_way(
    hours: BusinessHours, start: datetime, within: timedelta, parts: Iterable[float]
) -> tuple[datetime, tuple[datetime, ...]]:
    """The deadline `within` business time of `start` (UTC), and when these parts of the way to it are over."""
    due = business_time.add(hours, start, within)
    wakes = (business_time.add(hours, start, within * part) for part in parts)
    return due, tuple(wake for wake in wakes if wake < due)


def ever_later(within: timedelta, times: int) -> timedelta:
    """How long until whoever has it is told again, the deadline having come so many `times`: twice as long each time.

    What nobody does anything about is so told of a number of times that grows with the logarithm of the time it waits.
    """
    within = max(within, _SHORTEST)
    far = max(within, FARTHEST)
    return far if times >= (far // within).bit_length() else within * 2**times
