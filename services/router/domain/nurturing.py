"""A lead's way through nurture: into the first track that fits, out of it when sales or nobody wants it (H6)."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from schemas.enrolment import Contact, EnrolmentStep
from schemas.event import Event
from schemas.fact import replace
from schemas.lead import Field, LifecycleStage
from schemas.verdict import Reason, Ternary
from services.router.domain.decision import ChangeTrack
from services.router.domain.facts import LeadFacts
from services.router.domain.identity import made_by
from services.router.domain.lead import Standing, Stay
from services.router.domain.moments import instant, milliseconds
from services.router.domain.profile import Profile
from services.router.domain.suppressing import suppression_of

_FULL_NAME, _FIRST_NAME, _LAST_NAME = Field.FULL_NAME.value, Field.FIRST_NAME.value, Field.LAST_NAME.value
"""The members' own texts, because looking a member up costs more than looking for what it names."""
_KEPT = 8
"""Stays that are remembered."""
SALES_OWN = frozenset({LifecycleStage.OPPORTUNITY, LifecycleStage.CUSTOMER})
"""Whoever has come so far is in nobody's warm-up, and needs no new play."""


class Cause(NamedTuple):
    """What led into a track or out of it: the fact, when (UTC), why, and the verdict where it was one."""

    fact: UUID
    at: datetime
    reason: str
    verdict: UUID | None = None


def judged(event: Event, now: datetime, said: Iterable[Reason]) -> Cause:
    """The verdict on this event, at `now` (UTC), for these reasons."""
    return Cause(event.id, now, " ".join([reason.text for reason in said]), made_by(event.id, "verdict"))


def track_for(facts: LeadFacts) -> str:
    """The name of the first nurture track that fits; empty for none."""
    for track, fits in facts.tracks:
        if fits or track.when.test(facts) is Ternary.TRUE:
            return track.name
    return ""


def way_in(standing: Standing, facts: LeadFacts) -> str:
    """The first track that fits, where the lead is not in it yet: it is told once, not at every page; else empty.

    Only who has an address can be enrolled, and nobody whom a list forbids to write to, or with whom sales does
    business.
    """
    track = track_for(facts)
    if not track or track == standing.nurture or standing.lifecycle in SALES_OWN or not facts.profile.emails:
        return ""
    return track if suppression_of(facts.profile, facts.ready) is None else ""


def entered(
    standing: Standing, facts: LeadFacts, cause: Cause, track: str, questions: tuple[str, ...]
) -> tuple[Standing, tuple[ChangeTrack, ...]]:
    """In this track, to find out the first of the `questions`; whoever was in another one leaves it."""
    moved = cause._replace(reason=f"Moved to the track {track}.")
    free, before = left(standing, facts, moved, EnrolmentStep.WITHDRAWN)
    stay = Stay(made_by(cause.fact, f"enrolment {facts.lead.id} {track}"), track, milliseconds(cause.at))
    after = replace(free, nurture=track, stays=(*free.stays, stay)[-_KEPT:])
    resolve = questions[0] if questions else ""
    return after, (*before, _change(stay, facts, cause, EnrolmentStep.ENROLLED, resolve))


def left(
    standing: Standing, facts: LeadFacts, cause: Cause, step: EnrolmentStep
) -> tuple[Standing, tuple[ChangeTrack, ...]]:
    """In no track any more. Nobody is told of a stay that has no name: it began before there were any."""
    if not standing.nurture:
        return standing, ()
    last = standing.stays[-1] if standing.stays else None
    if last is None or last.left:
        return replace(standing, nurture=""), ()
    over = replace(last, left=max(milliseconds(cause.at), last.since, 1))
    after = replace(standing, nurture="", stays=(*standing.stays[:-1], over))
    return after, (_change(last, facts, cause, step),)


def together(kept: Standing, gone: Standing) -> tuple[str, tuple[Stay, ...]]:
    """The track and the stays of two leads that are one: of two stays that last, the later one goes on, and is last."""
    stays = sorted({*kept.stays, *gone.stays}, key=lambda stay: (not stay.left, stay.since, stay.id.bytes))
    last = stays[-1] if stays and not stays[-1].left else None
    return last.track if last else kept.nurture or gone.nurture, tuple(stays[-_KEPT:])


def doubled(standing: Standing, facts: LeadFacts, cause: Cause) -> tuple[Standing, tuple[ChangeTrack, ...]]:
    """After a merge: every stay but the last is over."""
    commands, stays = list[ChangeTrack](), list[Stay]()
    for stay in standing.stays[:-1]:
        if not stay.left:
            commands.append(_change(stay, facts, cause, EnrolmentStep.WITHDRAWN))
        stays.append(stay if stay.left else replace(stay, left=max(milliseconds(cause.at), stay.since, 1)))
    return replace(standing, stays=(*stays, *standing.stays[-1:])), tuple(commands)


def _change(stay: Stay, facts: LeadFacts, cause: Cause, step: EnrolmentStep, resolve: str = "") -> ChangeTrack:
    return ChangeTrack(
        lead=facts.lead.id,
        enrolment=stay.id,
        step=step,
        track=stay.track,
        contact=_contact(facts),
        since=instant(stay.since),
        at=cause.at,
        cause=cause.fact,
        reason=cause.reason,
        resolve=resolve,
        verdict=cause.verdict,
    )


def _contact(facts: LeadFacts) -> Contact:
    profile = facts.profile
    return Contact(
        email=profile.emails[0] if profile.emails else "",
        name=name_of(profile),
        title=profile.stated(Field.TITLE.value) or "",
        company=profile.stated(Field.COMPANY.value) or facts.account.name,
        phone=profile.phone,
    )


def name_of(profile: Profile) -> str:
    """The person's name as far as anybody has said it; empty where nobody has."""
    full = profile.stated(_FULL_NAME)
    parts = (profile.stated(_FIRST_NAME), profile.stated(_LAST_NAME))
    return full or " ".join([part for part in parts if part])
