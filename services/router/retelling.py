"""The story of a committed batch, fact by fact."""

from datetime import datetime
from uuid import UUID

from schemas.event import Event, IdentifierKind
from schemas.feedback import TimerFired
from schemas.verdict import Verdict
from services.router.applying import Effect
from services.router.domain.handoff import Handoff
from services.router.enrolling import track_of
from services.router.narration import (
    Narration,
    of_dead_letter,
    of_feedback,
    of_held,
    of_judged,
    of_track,
    of_verdict,
)
from services.router.shelf import Shelf


def narrations(effect: Effect, shelf: Shelf, at: datetime) -> list[Narration]:
    """One line a fact, in the order of the log; every event's verdict, also an anonymous visitor's."""
    verdicts = {settled.verdict.event: settled.verdict for settled in effect.folded.settled}
    dead = {death.place for death in effect.deaths}
    moves = _moves(effect, shelf)
    lines = []
    for entry in effect.entries:
        fact = entry.fact
        if isinstance(fact, Event):
            verdict = verdicts.pop(fact.id, None)
            if verdict is not None:
                lines.append(of_verdict(fact, verdict, _handoff(effect, verdict)))
            elif entry.place not in dead:
                lines.append(of_held(fact))
        else:
            subject = fact.subject if isinstance(fact, TimerFired) else getattr(fact, "handoff", None)
            lines.append(of_feedback(fact, effect.handoffs.get(subject) if subject else None))
        lines += moves.pop(fact.id, [])
    for one in verdicts.values():
        lines += [of_judged(one, _handoff(effect, one), _email(effect, one)), *moves.pop(one.event, [])]
    return lines + [of_dead_letter(at, death.source, death.reason.value, death.detail) for death in effect.deaths]


def _moves(effect: Effect, shelf: Shelf) -> dict[UUID, list[Narration]]:
    """Who entered or left a nurture track, by what led to it."""
    found: dict[UUID, list[Narration]] = {}
    for change in effect.told.tracks:
        track = track_of(change.track, shelf)
        label, told = (track.label, bool(track.webhook)) if track else (change.track, False)
        found.setdefault(change.cause, []).append(of_track(change, label, told=told))
    return found


def _handoff(effect: Effect, verdict: Verdict) -> Handoff | None:
    return effect.handoffs.get(verdict.handoff) if verdict.handoff else None


def _email(effect: Effect, verdict: Verdict) -> str:
    """The address of the lead that was judged; of several the first by letter, of none nothing."""
    keys = effect.members.get(verdict.lead, ())
    return min((key.value for key in keys if key.kind is IdentifierKind.EMAIL), default="")
