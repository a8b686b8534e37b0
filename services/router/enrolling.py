"""What the marketing tool is told of a stay in a nurture track, as a command to the notifier, complete in itself."""

from datetime import datetime, timedelta

from schemas.enrolment import ChangeEnrolment
from schemas.play import ErasePlay
from services.router.domain.decision import ChangeTrack, ForgetEnrolment
from services.router.domain.playbook import NurtureTrack
from services.router.naming import named
from services.router.shelf import Shelf

PATIENCE = timedelta(days=3)
"""How long a tool that is down is told again: a track is slow, and an enrolment that is late is better than none."""


def track_of(name: str, shelf: Shelf) -> NurtureTrack | None:
    """The track as the playbook says now, else as one of those before it said: a stay outlives its page."""
    books = (shelf.current, *reversed(list(shelf.books.values())))
    return next((track for book in books for track in book.tracks if track.name == name), None)


def enrolment(change: ChangeTrack, shelf: Shelf, now: datetime) -> ChangeEnrolment | None:
    """The command, from `now` (UTC) on; None where the track names no address."""
    track = track_of(change.track, shelf)
    if track is None or not track.webhook:
        return None
    return ChangeEnrolment(
        id=named("enrolment", change.enrolment, change.step.value),
        enrolment=change.enrolment,
        lead=change.lead,
        step=change.step,
        track=change.track,
        label=track.label,
        address=track.webhook,
        at=change.at,
        since=change.since,
        contact=change.contact,
        cause=change.cause,
        reason=change.reason,
        resolve=change.resolve,
        verdict=change.verdict,
        expires_at=now + PATIENCE,
    )


def blank(forgotten: ForgetEnrolment) -> ErasePlay:
    """The command to forget whom the stay was about."""
    return ErasePlay(id=named("erase", forgotten.enrolment), handoff=forgotten.enrolment, at=forgotten.at)
