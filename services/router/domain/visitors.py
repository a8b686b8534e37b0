"""The short way for most events there are: an anonymous visitor does something that can wake nobody.

It comes to exactly what `routing` would come to, without looking at what cannot matter.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from schemas.event import URGENT, Event, EventType, IdentifierKind
from schemas.fact import Value
from schemas.verdict import Outcome, Verdict
from services.router.domain import reasons
from services.router.domain.counts import first_seen, with_event
from services.router.domain.decision import Surroundings
from services.router.domain.identity import lead_id, made_by
from services.router.domain.lead import IdentifierKey
from services.router.domain.matching import signals_of
from services.router.domain.moments import day_at, day_of, milliseconds
from services.router.domain.playbook import Playbook
from services.router.domain.prepared import Prepared
from services.router.domain.world import Counted, IdentifierRow, World

_ELSEWHERE = URGENT | {EventType.EMAIL_CLICKED, EventType.RETRACTED}
"""Types that need a closer look."""
_COUNTED = (reasons.ANONYMOUS,)
_UNCOUNTED = (reasons.UNCOUNTED,)
_COOKIE = IdentifierKind.COOKIE


class Glimpse(Value, frozen=True, gc=False):
    """What an anonymous visitor did, as far as the event alone tells. Whether it is ordinary depends on the world."""

    event: Event
    key: IdentifierKey
    lead: UUID
    """Whose it is unless the visitor is somebody's already."""
    signals: tuple[str, ...]
    at: int
    """When it happened, in milliseconds UTC."""


def glimpse(event: Event, ready: Prepared) -> Glimpse | None:
    """The event of an anonymous visitor that may perhaps be folded the short way; None when it needs a closer look."""
    stated = event.identifiers
    if len(stated) != 1 or stated[0].kind is not _COOKIE or event.type in _ELSEWHERE:
        return None
    if event.claims or event.marks or event.corrects is not None or event.historical:
        return None
    if event.type in ready.consultation or event.received_at - event.occurred_at > ready.playbook.historical_after:
        return None
    key = IdentifierKey(_COOKIE, stated[0].value)
    return Glimpse(event, key, lead_id(key), signals_of(event, ready), milliseconds(event.occurred_at))


def ordinary(seen: Glimpse, world: World) -> bool:
    """Nobody has claimed this cookie, it has said nothing about itself, and nobody works or triages it."""
    key = seen.key
    if (world.erased and key in world.erased) or (world.corrected and seen.event.id in world.corrected):
        return False
    row = world.identifiers.get(key)
    if row is None:
        return key in world.asked
    if row.ownership.claims or row.dossier.statements or len(world.members[row.lead]) > 1:
        return False
    standing = world.standings.get(row.lead)
    return standing is None or (standing.handoff is None and standing.triage is None)


class Visit(Value, frozen=True, gc=False):
    """An ordinary event of a visitor, settled. Its verdict is worked out only if somebody asks: no row keeps it."""

    event: Event
    key: IdentifierKey
    lead: UUID
    signals: tuple[str, ...]
    day: int
    now: datetime
    playbook: Playbook
    stored: ClassVar[bool] = False
    surroundings: ClassVar[Surroundings] = Surroundings()
    outcome: ClassVar[Outcome] = Outcome.NURTURE

    @property
    def counted(self) -> Counted:
        """How the event was counted."""
        return tuple([(self.key.kind.value, self.key.value, name, self.day) for name in self.signals])

    @property
    def verdict(self) -> Verdict:
        """The verdict, the same whenever it is asked for."""
        return Verdict(
            id=made_by(self.event.id, "verdict"),
            event=self.event.id,
            lead=self.lead,
            lead_seq=0,
            outcome=Outcome.NURTURE,
            reasons=_COUNTED if self.signals else _UNCOUNTED,
            at=self.now,
            playbook=self.playbook.version,
            lists=self.playbook.lists_version,
        )


def counted(seen: Glimpse, ready: Prepared, world: World, now: datetime) -> Visit:
    """The event, counted on the visitor's cookie. Writes to the world only when everything is worked out."""
    event, key, signals, at = seen.event, seen.key, seen.signals, seen.at
    day = day_at(at)
    oldest = day_of(now) - ready.playbook.scoring.horizon_days
    row = world.identifiers.get(key)
    if row is None:
        lead = seen.lead
        dossier = first_seen(event, signals, day=day, oldest=oldest, at=at)
        after = IdentifierRow(key, lead, dossier)
        world.members[lead] = {key}
    else:
        lead = row.lead
        dossier = with_event(row.dossier, event, signals, day=day, oldest=oldest, at=at)
        after = IdentifierRow(key, lead, dossier, row.ownership)
    world.identifiers[key] = after
    world.touched_identifiers.add(key)
    return Visit(event, key, lead, signals, day, now, ready.playbook)
