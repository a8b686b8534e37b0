"""The short way for most events there are: an anonymous visitor does something that can wake nobody.

It comes to exactly what `routing` would come to, without looking at what cannot matter.
"""

from datetime import datetime
from uuid import UUID

from schemas.event import URGENT, Event, EventType, IdentifierKind
from schemas.verdict import Outcome, Verdict
from services.router.domain import reasons
from services.router.domain.counts import with_event
from services.router.domain.identity import lead_id, made_by
from services.router.domain.lead import Dossier, IdentifierKey
from services.router.domain.matching import signals_of
from services.router.domain.moments import day_at, milliseconds
from services.router.domain.prepared import Prepared
from services.router.domain.world import IdentifierRow, Settled, World

_ELSEWHERE = URGENT | {EventType.EMAIL_CLICKED, EventType.RETRACTED}
"""Types that need a closer look."""
_COUNTED = (reasons.ANONYMOUS,)
_UNCOUNTED = (reasons.UNCOUNTED,)
_NEW = Dossier()


def ordinary(event: Event, ready: Prepared, world: World) -> IdentifierKey | None:
    """The cookie of an anonymous visitor whose event can be folded the short way; None when it needs a closer look."""
    stated = event.identifiers
    if len(stated) != 1 or stated[0].kind is not IdentifierKind.COOKIE or event.type in _ELSEWHERE:
        return None
    if event.claims or event.marks or event.corrects is not None or event.historical:
        return None
    if event.type in ready.consultation or event.id in world.corrected:
        return None
    if event.received_at - event.occurred_at > ready.playbook.historical_after:
        return None
    key = IdentifierKey(stated[0].kind, stated[0].value)
    return key if _unremarkable(key, world) else None


def _unremarkable(key: IdentifierKey, world: World) -> bool:
    """Nobody has claimed this cookie, it has said nothing about itself, and nobody works or triages it."""
    if world.erased and key in world.erased:
        return False
    row = world.identifiers.get(key)
    if row is None:
        return key in world.asked
    if row.ownership.claims or row.dossier.statements or len(world.members[row.lead]) > 1:
        return False
    standing = world.standings.get(row.lead)
    return standing is None or (standing.handoff is None and standing.triage is None)


def counted(event: Event, key: IdentifierKey, ready: Prepared, world: World, now: datetime) -> Settled:
    """The event, counted on the visitor's cookie. Writes to the world only when everything is worked out."""
    signals = signals_of(event, ready)
    at = milliseconds(event.occurred_at)
    day = day_at(at)
    oldest = day_at(milliseconds(now)) - ready.playbook.scoring.horizon_days
    row = world.identifiers.get(key)
    lead = row.lead if row is not None else lead_id(key)
    dossier = with_event(row.dossier if row is not None else _NEW, event, signals, day=day, oldest=oldest, at=at)
    verdict = _verdict(event, lead, ready, now, counts=bool(signals))
    settled = Settled(verdict, False, tuple([(key.kind.value, key.value, name, day) for name in signals]))
    world.identifiers[key] = (
        IdentifierRow(key, lead, dossier) if row is None else IdentifierRow(key, lead, dossier, row.ownership)
    )
    if row is None:
        world.members[lead] = {key}
    world.touched_identifiers.add(key)
    return settled


def _verdict(event: Event, lead: UUID, ready: Prepared, now: datetime, *, counts: bool) -> Verdict:
    return Verdict(
        id=made_by(event.id, "verdict"),
        event=event.id,
        lead=lead,
        lead_seq=0,
        outcome=Outcome.NURTURE,
        reasons=_COUNTED if counts else _UNCOUNTED,
        at=now,
        playbook=ready.playbook.version,
        lists=ready.playbook.lists_version,
    )
