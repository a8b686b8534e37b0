"""An enrolment: one stay of one lead in one nurture track, as a command to the marketing tool that runs the track."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.fact import Fact, Value


class EnrolmentStep(StrEnum):
    """What becomes of the stay."""

    ENROLLED = "enrolled"
    """The track begins."""
    GRADUATED = "graduated"
    """The lead goes to sales: the track ends well."""
    WITHDRAWN = "withdrawn"
    """The track ends for another reason: another track, another lead of the same person, nobody for sales."""


class Contact(Value, frozen=True, kw_only=True, gc=False):
    """How the marketing tool knows the person. Plain texts, unescaped, that a stranger may have typed."""

    email: str = ""
    name: str = ""
    title: str = ""
    company: str = ""
    phone: str = ""


class ChangeEnrolment(Fact, frozen=True, kw_only=True, tag="change_enrolment"):
    """Tell the marketing tool at `address` that this stay begins, or that it is over (H6). Times are UTC."""

    enrolment: UUID
    lead: UUID
    step: EnrolmentStep
    track: str
    """The track's name in the playbook."""
    label: str
    address: str
    """Where the track's tool takes signed webhooks."""
    at: datetime
    since: datetime
    """When the stay began."""
    contact: Contact
    cause: UUID
    """The event, act or timer that led to it."""
    reason: str = ""
    resolve: str = ""
    """The unknown that the track should find out."""
    verdict: UUID | None = None
    """The verdict that decided it; none where an act or a deadline did."""
    expires_at: datetime | None = None
    """After this it is not worth telling: retries end here."""
