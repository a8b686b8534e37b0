"""What the pure core is given beside the lead, and what it hands back."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from schemas.enrolment import Contact, EnrolmentStep
from schemas.fact import Value
from schemas.feedback import TimerKind
from schemas.verdict import CandidateRep, Verdict
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Lead


class Surroundings(Value, frozen=True, gc=False):
    """What a decision reads beyond its lead. Stored with the verdict, so that replay reads the same."""

    handoff: Handoff | None = None
    """The lead's open handoff."""
    triage: TriageItem | None = None
    account_handoff: Handoff | None = None
    """The account's open handoff by rule 4, if another lead's."""
    flood: Mapping[str, int] = {}
    """flood key (`form:…`, `address:…`, `campaign:…`) → claimed events counted within the window, this one included."""
    owner: str = ""
    """The rep who last worked one of the account's leads."""
    contacted: bool = False
    """Somebody already works this lead or account (existing owner)."""
    contacts: tuple[int, ...] = ()
    """When anybody of the account was contacted (milliseconds, UTC), where the playbook caps that."""
    corrected: bool = False
    """A correction of this very event arrived before it: it must count nothing."""
    counted: tuple[tuple[str, str, str, int], ...] | None = None
    """For a correction: (identifier kind, value, signal, day) as the corrected event was counted; None if unknown."""


class SaveHandoff(Value, frozen=True, gc=False):
    """Write this version. `tell` is a sentence for the assignee, or empty when nobody needs to be told."""

    handoff: Handoff
    actor: str
    tell: str = ""


class SaveTriage(Value, frozen=True, gc=False):
    """Write this version of a triage item and show it to the team's triagers; `tell` says what is new, if anything."""

    item: TriageItem
    actor: str
    tell: str = ""
    again: bool = False
    """Send the whole card once more, and not only what is new."""


class SetTimer(Value, frozen=True, gc=False):
    """Wake me: a `TimerFired` will stand on the feedback lane, no earlier than `due_at` and the doors' margin."""

    kind: TimerKind
    subject: UUID
    due_at: datetime
    about: UUID | None = None
    round: int = 0


class Remind(Value, frozen=True, gc=False):
    """Send the card again, with the whole play, to these persons."""

    handoff: UUID
    version: int
    """The handoff's, once it was reminded of: the reminder's number."""
    notice: str
    persons: tuple[str, ...] = ()
    """Empty: the assignee."""


class ChangeTrack(Value, frozen=True, gc=False):
    """The lead enters or leaves a nurture track: its tool is told, where the track names one. Times are UTC."""

    lead: UUID
    enrolment: UUID
    """This stay and no other: equal whenever the same fact is decided again."""
    step: EnrolmentStep
    track: str
    contact: Contact
    since: datetime
    at: datetime
    cause: UUID
    reason: str
    resolve: str = ""
    """The unknown that the track should find out."""
    verdict: UUID | None = None


class ForgetEnrolment(Value, frozen=True, gc=False):
    """The person behind this stay asked to be forgotten."""

    enrolment: UUID
    at: datetime


class ReturnTurn(Value, frozen=True, gc=False):
    """This draw was nobody's fault (a merge, a bad lead): the rep's turn in the team's rotation comes back."""

    handoff: UUID
    team: str
    rep: str


class SetAbsence(Value, frozen=True, gc=False):
    """This rep is not drawn for what is offered in [start, end), UTC; an absence that runs at `start` ends there."""

    rep: str
    start: datetime
    end: datetime
    at: datetime
    """When they said so."""


Command: TypeAlias = (
    SaveHandoff | SaveTriage | SetTimer | Remind | ChangeTrack | ForgetEnrolment | ReturnTurn | SetAbsence
)


class Decision(Value, frozen=True, gc=False):
    """One event's or one act's effect: the lead after it, the verdict, and what must be done."""

    lead: Lead
    verdict: Verdict | None
    """None for an act or a timer that judged no event."""
    commands: tuple[Command, ...] = ()
    counted: tuple[tuple[str, str, str, int], ...] = ()
    """(identifier kind, value, signal, day): how this event was counted, so that it can be taken back."""
    surroundings: Surroundings = Surroundings()


class Draw(Value, frozen=True, gc=False):
    """Whose turn it is, and why not the others. Recorded as a fact: replay applies it, never draws again."""

    rep: str
    candidates: tuple[CandidateRep, ...]
    team: str
