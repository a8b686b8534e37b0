"""The shape of teams/<team>.yaml: a team, its people, their hours, and the service levels."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.lead import Priority
from services.router.adapters.playbook_models import Shape
from services.router.adapters.playbook_types import Duration, Hours, Name, Text


class AddressPage(Shape):
    """Where a person is reached."""

    channel: Name
    address: Text


class AwayPage(Shape):
    """Out of office, both days included, in the person's own zone."""

    start: date
    end: date


Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekdays"]


class PersonPage(Shape):
    """A rep or a manager. Zone, hours and holidays are the team's where they have none of their own."""

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", to_lower=True, max_length=254)]
    zone: Text | None = None
    hours: dict[Day, Hours] | None = None
    holidays: Text | None = None
    addresses: Annotated[list[AddressPage], Field(min_length=1)]
    weight: int = Field(1, ge=1, le=100)
    capacity: int = Field(20, ge=1, le=10_000)
    away: list[AwayPage] = Field(default_factory=list)


class ServicePage(Shape):
    """The deadlines of one priority, in business time."""

    accept_within: Duration
    attempt_within: Duration
    triage_within: Duration = timedelta(hours=4)
    reminders: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(max_length=5)] = Field(
        default_factory=lambda: [0.5, 0.8]
    )


class TeamPage(Shape):
    """teams/<team>.yaml."""

    label: Text
    zone: Text
    hours: Annotated[dict[Day, Hours], Field(min_length=1)]
    holidays: Text | None = None
    service: dict[Priority, ServicePage]
    manager: dict[Name, PersonPage] = Field(min_length=1, max_length=1)
    reps: dict[Name, PersonPage] = Field(min_length=1)
