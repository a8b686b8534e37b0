"""Feedback: what came back. People's acts, timers and acts of control, all keyed by the handoff, else the lead."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID, uuid5

import msgspec

from schemas.fact import Fact

_REPS = UUID("0f6c1f2e-6f0b-5c1e-8a52-5a3f1e0c9d47")
LONGEST_RETURN = timedelta(days=366)
"""So far ahead somebody may ask to see a lead again."""


class RejectReason(StrEnum):
    """H3's closed list. It separates a bad lead from a play that failed from the wrong person for it."""

    NOT_A_FIT = "not_a_fit"
    BAD_DATA = "bad_data"
    COMPETITOR_OR_STUDENT = "competitor_or_student"
    NOT_READY = "not_ready"
    NO_ANSWER = "no_answer"
    PLAY_DID_NOT_FIT = "play_did_not_fit"
    WRONG_REP = "wrong_rep"
    NO_CAPACITY = "no_capacity"


class AttemptResult(StrEnum):
    """What one attempt to reach the lead came to."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    EMAIL_SENT = "email_sent"
    WRONG_NUMBER = "wrong_number"


class HandoffOutcome(StrEnum):
    """How the work ended."""

    QUALIFIED = "qualified"
    CONVERTED = "converted"
    RECYCLED = "recycled"
    DISQUALIFIED = "disqualified"


class TriageChoice(StrEnum):
    """What a person decided about a lead in triage."""

    PASS = "pass"  # noqa: S105  (the product's word, no password)
    NURTURE = "nurture"
    DISQUALIFY = "disqualify"


class TimerKind(StrEnum):
    """What falls due."""

    HOLD_ELAPSED = "hold_elapsed"
    """An email click was held to see whether a burst follows; now it is judged."""
    ACCEPT_REMINDER = "accept_reminder"
    ACCEPT_DEADLINE = "accept_deadline"
    ATTEMPT_REMINDER = "attempt_reminder"
    ATTEMPT_DEADLINE = "attempt_deadline"
    TRIAGE_DEADLINE = "triage_deadline"
    """One that names a deadline in `about` comes before it and reminds of it."""
    SNOOZE_ENDED = "snooze_ended"
    """One that names the handoff in `about` is of its lead, which went back to nurture until now."""


class _Act(Fact, frozen=True, kw_only=True):
    """A person's act. `at` is when its door received it (UTC); `actor` is a rep's id; `via` the channel or door."""

    handoff: UUID
    actor: str
    at: datetime
    via: str = ""


class HandoffAccepted(_Act, frozen=True, kw_only=True, tag="handoff_accepted"):
    """The rep takes it."""


class HandoffRejected(_Act, frozen=True, kw_only=True, tag="handoff_rejected"):
    """The rep does not take it, and says why."""

    reason: RejectReason
    note: str = ""
    again_on: date | None = None
    """Where the lead goes back to nurture by it: the day, in the rep's own zone, on which they want to see it again."""


class AttemptLogged(_Act, frozen=True, kw_only=True, tag="attempt_logged"):
    """The rep tried to reach the lead."""

    result: AttemptResult
    note: str = ""


class HandoffSnoozed(_Act, frozen=True, kw_only=True, tag="handoff_snoozed"):
    """The rep wants the card back later; the clock goes on."""

    until: datetime


class OutcomeReported(_Act, frozen=True, kw_only=True, tag="outcome_reported"):
    """How it ended."""

    outcome: HandoffOutcome
    note: str = ""
    again_on: date | None = None
    """Of one that recycles the lead: the day, in the rep's own zone, on which they want to see it again."""


class PlayRated(_Act, frozen=True, kw_only=True, tag="play_rated"):
    """Was the play any good? 1 to 5."""

    stars: int


class TriageDecided(_Act, frozen=True, kw_only=True, tag="triage_decided"):
    """A person settled a triage item; `handoff` is the item's id."""

    choice: TriageChoice
    note: str = ""


class TimerFired(Fact, frozen=True, kw_only=True, tag="timer_fired"):
    """A deadline came. `due_at` is the `now` of what it leads to."""

    kind: TimerKind
    subject: UUID
    """The handoff, the triage item or (for a held click) the lead."""
    due_at: datetime
    about: UUID | None = None
    """The held event; of a reminder, the deadline that it is of; of a lead that comes back, its handoff; or nothing."""
    round: int = 0
    """Which assignment of the handoff this deadline belongs to: an older round's timer is a no-op."""


class LeadErased(Fact, frozen=True, kw_only=True, tag="lead_erased"):
    """A person asked to be forgotten. `email` is needed to find them and is gone with the topic's retention."""

    email: str
    actor: str
    at: datetime


class IdentifiersErased(Fact, frozen=True, kw_only=True, tag="identifiers_erased"):
    """What a `LeadErased` came to: all that the person was known by, for whoever keeps something under such a key."""

    keys: tuple[str, ...]
    """Keyed hashes of `<kind>:<value>`, in hex, as they stand on the log."""
    at: datetime


class AbsenceDeclared(Fact, frozen=True, kw_only=True, tag="absence_declared"):
    """A rep is out of office, beside what the playbook says; an absence that runs when this one starts ends there.

    Days are whole ones, in the rep's own zone. `at` is when the door received it (UTC).
    """

    rep: str
    actor: str
    at: datetime
    first: date | None = None
    """None: from `at` on."""
    last: date | None = None
    """Included. None: back again."""
    via: str = ""


def key_of_rep(rep: str) -> bytes:
    """The key of what a rep says of themselves: the same at every door, so that it stands in its order."""
    return uuid5(_REPS, rep).bytes


class PlaybookPublished(Fact, frozen=True, kw_only=True, tag="playbook_published"):
    """From here on this version decides."""

    version: str
    lists: str
    reason: str
    actor: str
    at: datetime


Act: TypeAlias = (
    HandoffAccepted | HandoffRejected | AttemptLogged | HandoffSnoozed | OutcomeReported | PlayRated | TriageDecided
)
Feedback: TypeAlias = Act | TimerFired | LeadErased | IdentifiersErased | AbsenceDeclared | PlaybookPublished

DECODER: "msgspec.json.Decoder[Feedback]" = msgspec.json.Decoder(Feedback)
