"""A play on its way to people: the command to the notifier, complete enough that it never reads the playbook."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from schemas.brief import Brief
from schemas.enrolment import ChangeEnrolment
from schemas.fact import Fact, Value
from schemas.handoff import HandoffState
from schemas.lead import Priority


class Content(Value, frozen=True, kw_only=True):
    """One thing to send the lead: never what they have already read."""

    title: str
    url: str


class PlayText(Value, frozen=True, kw_only=True):
    """The prescriptive instructions, rendered for this lead and this rep (P1). Plain text, unescaped."""

    name: str
    objective: str
    when_to_call: str
    talk_track: str
    voicemail: str
    follow_up: str
    email_subject: str
    email_body: str
    attempts: int
    attempt_window: str
    wedge: str = ""
    content: tuple[Content, ...] = ()
    snippets: tuple[str, ...] = ()
    tone: str = ""
    questions: tuple[str, ...] = ()
    email_first: bool = False


class CardKind(StrEnum):
    """Why this message is sent."""

    OFFER = "offer"
    UPDATE = "update"
    """The same card in a new state, or with a new reason: in place, and by a reply in the thread if `notice` is set."""
    REMINDER = "reminder"
    TRIAGE = "triage"
    ENROLMENT = "enrolment"
    """No card: what the marketing tool is told of a stay in a nurture track."""


class ActionKind(StrEnum):
    """What the reader of the card may do."""

    ACCEPT = "accept"
    REJECT = "reject"
    ATTEMPT = "attempt"
    SNOOZE = "snooze"
    OUTCOME = "outcome"
    RATE = "rate"
    TRIAGE = "triage"


class Address(Value, frozen=True, kw_only=True):
    """Where a person is reached: a channel's name and that channel's own kind of address."""

    channel: str
    address: str


class Recipient(Value, frozen=True, kw_only=True):
    """One person, by the playbook's id, and where they want to be told, the first that works."""

    person: str
    name: str
    addresses: tuple[Address, ...]


class DeliverPlay(Fact, frozen=True, kw_only=True, tag="deliver_play"):
    """Show this card to these people. The newest `version` of a handoff wins; an older one is ignored.

    The ledger's key is (handoff, kind, sequence, person, channel): `sequence` counts assignments for an offer,
    and is the handoff's version for a reminder and for an update.
    """

    handoff: UUID
    version: int
    kind: CardKind
    sequence: int
    state: HandoffState
    priority: Priority
    at: datetime
    recipients: tuple[Recipient, ...]
    actors: tuple[str, ...]
    """The persons who may act on it: the assignee and the team's manager."""
    actions: tuple[ActionKind, ...]
    brief: Brief
    play: PlayText | None = None
    """None only for a triage item, which has questions instead."""
    questions: tuple[str, ...] = ()
    assignee: str = ""
    team: str = ""
    accept_by: datetime | None = None
    not_before: datetime | None = None
    """Nobody contacts the lead before this moment; None for at once."""
    waits_for: str = ""
    """Why not before, in a few words; empty where there is no more to say."""
    expires_at: datetime | None = None
    """After this it is not worth delivering: retries end here."""
    time_zone: str = "UTC"
    notice: str = ""
    """One sentence about what is new."""
    playbook: str = ""
    """The version that chose the play; empty for a triage item."""


class ErasePlay(Fact, frozen=True, kw_only=True, tag="erase_play"):
    """Forget the person behind this handoff or enrolment: blank the ledger and the inbox, edit cards where possible."""

    handoff: UUID
    at: datetime


PlayCommand: TypeAlias = DeliverPlay | ErasePlay | ChangeEnrolment

DECODER: "msgspec.json.Decoder[PlayCommand]" = msgspec.json.Decoder(PlayCommand)
