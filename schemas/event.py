"""An event: one fact in our words, that somebody did something at a time. It keeps the sender's raw payload."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from schemas.fact import Fact, Trust, Value


class EventType(StrEnum):
    """What kind of thing happened. `name` and `properties` say which one exactly."""

    PAGE_VIEWED = "page_viewed"
    FORM_SUBMITTED = "form_submitted"
    CONTENT_DOWNLOADED = "content_downloaded"
    EMAIL_DELIVERED = "email_delivered"
    EMAIL_OPENED = "email_opened"
    EMAIL_CLICKED = "email_clicked"
    EMAIL_BOUNCED = "email_bounced"
    EMAIL_REPLIED = "email_replied"
    UNSUBSCRIBED = "unsubscribed"
    MEETING_BOOKED = "meeting_booked"
    MEETING_CANCELED = "meeting_canceled"
    WEBINAR_REGISTERED = "webinar_registered"
    TRACKED = "tracked"
    """Something else a product or a page told us; its own word is in `name`."""
    PROFILE_STATED = "profile_stated"
    """No act of the person: a system or a browser says something about them (identify, group, a CRM's change)."""
    LEAD_BROUGHT = "lead_brought"
    """Sales brought this lead itself (E11)."""
    RETRACTED = "retracted"
    """What `corrects` names never happened; nothing takes its place."""
    UNKNOWN = "unknown"
    """It verified and is well formed, but this source's table does not know the kind."""


URGENT = frozenset(
    {
        EventType.FORM_SUBMITTED,
        EventType.EMAIL_REPLIED,
        EventType.MEETING_BOOKED,
        EventType.MEETING_CANCELED,
        EventType.WEBINAR_REGISTERED,
        EventType.LEAD_BROUGHT,
    },
)
"""The types that travel on the urgent lane, so that no consultation request waits behind a million page views."""


class IdentifierKind(StrEnum):
    """What can tell one person from another. In the order in which an event is counted on them."""

    EMAIL = "email"
    COOKIE = "cookie"
    PHONE = "phone"


class Identifier(Value, frozen=True, kw_only=True):
    """One identifier, normalised: email lower-cased, phone E.164, cookie as `<source namespace>:<value>`."""

    kind: IdentifierKind
    value: str
    trust: Trust = Trust.CLAIMED


class Claim(Value, frozen=True, kw_only=True):
    """One statement about the lead: a field of `schemas.lead.Field` and its value as text, whoever said it."""

    field: str
    value: str
    trust: Trust = Trust.CLAIMED


class Attachment(Value, frozen=True, kw_only=True):
    """A file by reference (E9): never inlined, never executed."""

    name: str
    media_type: str
    size: int
    sha256: str


class Mark(StrEnum):
    """Why an event is machine traffic: stored, but it scores nothing and fires no rule (E8)."""

    BOT = "bot"
    SCANNER = "scanner"
    MONITORING = "monitoring"
    HONEYPOT = "honeypot"


class Raw(Value, frozen=True, kw_only=True):
    """The sender's own bytes (or this event's slice of them), so that a normaliser's bug can be repaired later."""

    media_type: str
    body: bytes


class Corrected(Value, frozen=True, kw_only=True):
    """What was said before it was corrected, as far as it is counted: a visitor's ordinary events leave no row."""

    type: EventType
    occurred_at: datetime
    name: str = ""
    properties: dict[str, str | int | float | bool | None] = {}  # noqa: RUF012  (msgspec copies mutable defaults)
    machine: bool = False
    """It was marked, so it counted nothing."""
    claims: tuple[Claim, ...] = ()
    """What it said of a visitor without an address, but for names and words."""


class Event(Fact, frozen=True, kw_only=True, tag="event"):
    """Somebody did something at a time.

    `id` is a UUIDv7 made at the door. `dedup_key` is the hex SHA-256 of the source and of what that source's file says
    identifies this event, equal on every redelivery. `occurred_at` is never after `received_at`; both are UTC.
    """

    source: str
    type: EventType
    occurred_at: datetime
    received_at: datetime
    dedup_key: str
    identifiers: tuple[Identifier, ...] = ()
    claims: tuple[Claim, ...] = ()
    name: str = ""
    """The sender's own word for it: the form's title, the tracked event's name, the page's title."""
    properties: dict[str, str | int | float | bool | None] = {}  # noqa: RUF012  (msgspec copies mutable defaults)
    """What the playbook may ask about: url, path, form_id, form_variant, form_fields, asset, link, utm_*, …"""
    attachments: tuple[Attachment, ...] = ()
    marks: tuple[Mark, ...] = ()
    historical: bool = False
    """It was imported or is a backlog: it scores, but fires no rule except a consultation request."""
    corrects: UUID | None = None
    """This event takes the place of that one: what that one counted is taken back, then this one is judged."""
    corrected: Corrected | None = None
    """Of what `corrects` names; whoever makes a correction from the event itself says it."""
    raw: Raw | None = None


DECODER = msgspec.json.Decoder(Event)
