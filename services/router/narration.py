"""What just happened, told after the commit: for the terminal of whoever watches, never for the logs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from schemas.event import Event, EventType, IdentifierKind
from schemas.fact import Value
from schemas.feedback import AbsenceDeclared, Feedback, IdentifiersErased, LeadErased, PlaybookPublished, TimerFired
from schemas.verdict import Verdict
from services.router.domain.decision import ChangeTrack
from services.router.domain.handoff import Handoff


class Narration(Value, frozen=True, kw_only=True):
    """One line of the story. `kind`: verdict, held, act, timer, control, track, offer, dead_letter. JSON-encodable."""

    kind: str
    at: datetime
    what: str
    """In a few words: `form_submitted “Talk to us” (hubspot)`."""
    who: str = ""
    """An email, else that they are anonymous. Personal: print it, never log it."""
    source: str = ""
    event: UUID | None = None
    lead: UUID | None = None
    outcome: str = ""
    reasons: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()
    score: int = 0
    """In thousandths of a point; 0 where no receipt says."""
    handoff: UUID | None = None
    state: str = ""
    priority: str = ""
    team: str = ""
    assignee: str = ""
    play: str = ""
    accept_by: datetime | None = None
    track: str = ""
    """The nurture track's label, where the lead enters or leaves one; `what` says which of the two."""
    resolve: str = ""
    """The unknown that the track should find out."""
    told: bool = False
    """The track's tool is told: the playbook says where."""


Observe = Callable[[Narration], None]
_ENCODER = msgspec.json.Encoder()
_NOBODY = "an anonymous visitor"


def line(narration: Narration) -> bytes:
    """One line of JSON, as a router process prints it for its parent."""
    return _ENCODER.encode(narration) + b"\n"


def of_verdict(event: Event, verdict: Verdict, handoff: Handoff | None) -> Narration:
    """An event and what it led to."""
    told = of_judged(verdict, handoff)
    known = handoff.brief.email if handoff is not None and handoff.lead == verdict.lead else ""
    return structs.replace(told, what=_what(event), who=_who(event) or known or _NOBODY, source=event.source)


def of_judged(verdict: Verdict, handoff: Handoff | None, who: str = "") -> Narration:
    """A verdict on an event that came some time ago: a click that was held."""
    return Narration(
        kind="verdict",
        at=verdict.at,
        what=EventType.EMAIL_CLICKED.value,
        who=who,
        event=verdict.event,
        lead=verdict.lead,
        outcome=verdict.outcome.value,
        reasons=tuple(reason.text for reason in verdict.reasons),
        fired=tuple(rule.value for rule in verdict.fired),
        score=verdict.receipt.score if verdict.receipt else 0,
        **_handoff(handoff, verdict.handoff),
    )


def of_held(event: Event) -> Narration:
    """An event that is not judged yet."""
    return Narration(
        kind="held",
        at=event.received_at,
        what=_what(event),
        who=_who(event) or _NOBODY,
        source=event.source,
        event=event.id,
        reasons=("It waits a moment, to see whether a machine opens the other links too.",),
    )


def of_feedback(fact: Feedback, handoff: Handoff | None) -> Narration:
    """An act, a deadline or an act of control."""
    named = type(fact).__name__
    if isinstance(fact, TimerFired):
        return Narration(
            kind="timer", at=fact.due_at, what=fact.kind.value, **_handoff(handoff, fact.subject if handoff else None)
        )
    if isinstance(fact, IdentifiersErased):
        return Narration(kind="control", at=fact.at, what=_words(named), who="router")
    if isinstance(fact, PlaybookPublished):
        said = (f"Playbook version {fact.version} decides from here on.", f"{fact.reason} ({fact.actor})")
        return Narration(kind="control", at=fact.at, what=_words(named), who=fact.actor, reasons=said)
    if isinstance(fact, (LeadErased, AbsenceDeclared)):
        return Narration(kind="control", at=fact.at, what=_words(named), who=fact.actor)
    return Narration(kind="act", at=fact.at, what=_words(named), who=fact.actor, **_handoff(handoff, fact.handoff))


def of_offer(handoff: Handoff, at: datetime, why: str) -> Narration:
    """A handoff that got its rep."""
    return Narration(
        kind="offer",
        at=at,
        what="handoff offered",
        who=handoff.brief.email or handoff.brief.name,
        lead=handoff.lead,
        reasons=(why,) if why else (),
        fired=tuple(rule.value for rule in handoff.rules),
        **_handoff(handoff, handoff.id),
    )


def of_track(change: ChangeTrack, label: str, *, told: bool) -> Narration:
    """A lead that entered or left a nurture track."""
    return Narration(
        kind="track",
        at=change.at,
        what=change.step.value,
        who=change.contact.email or _NOBODY,
        event=change.cause,
        lead=change.lead,
        reasons=(change.reason,),
        track=label,
        resolve=change.resolve,
        told=told,
    )


def of_dead_letter(at: datetime, source: str, reason: str, detail: str) -> Narration:
    """A record that could not be decided."""
    return Narration(kind="dead_letter", at=at, what=reason, source=source, reasons=(detail,))


def _what(event: Event) -> str:
    return f"{event.type.value} “{event.name}”" if event.name else event.type.value


def _who(event: Event) -> str:
    for kind in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
        for identifier in event.identifiers:
            if identifier.kind is kind:
                return identifier.value
    return ""


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _handoff(handoff: Handoff | None, named: UUID | None) -> dict[str, Any]:
    if handoff is None:
        return {"handoff": named}
    return {
        "handoff": handoff.id,
        "state": handoff.state.value,
        "priority": handoff.priority.value,
        "team": handoff.team,
        "assignee": handoff.assignee,
        "play": handoff.play,
        "accept_by": handoff.accept_by,
    }
