"""Email clicks wait a moment: three or more links within two seconds are a scanner's work, not a person's (E8).

A scanner reads what one address was sent, so a burst is one of an address, whoever's that is. Its clicks are kept with
the lead that it belongs to, and go with it to another.
"""

from collections.abc import Iterable
from uuid import UUID

from schemas.event import Event, EventType, Identifier, Mark
from schemas.fact import Trust, replace
from schemas.feedback import TimerKind
from services.router.domain.changes import Changes
from services.router.domain.counts import without_count
from services.router.domain.decision import SetTimer
from services.router.domain.event_facts import attested
from services.router.domain.lead import HeldClick, IdentifierKey, Standing
from services.router.domain.moments import day_at, day_of, instant, milliseconds
from services.router.domain.playbook import Playbook
from services.router.domain.world import Counted

WITHIN = 2_000
"""Milliseconds."""
LINKS = 3
MOST_JUDGED = 24
_MOST_PROPERTIES = 24
_LONGEST = 300


def held(event: Event, identifier: IdentifierKey) -> HeldClick:
    """What has to be kept of a click so that it can be judged later."""
    properties = tuple(
        (name, value[:_LONGEST] if isinstance(value, str) else value)
        for name, value in sorted(event.properties.items())[:_MOST_PROPERTIES]
    )
    link = event.properties.get("link") or event.properties.get("url") or f"#{event.id}"
    return HeldClick(
        event=event.id,
        occurred_at=milliseconds(event.occurred_at),
        received_at=milliseconds(event.received_at),
        link=str(link)[:_LONGEST],
        source=event.source,
        name=event.name[:_LONGEST],
        properties=properties,
        identifier=identifier,
        historical=event.historical,
        attested=attested(event),
    )


def as_event(click: HeldClick, identifier: IdentifierKey, marks: tuple[Mark, ...] = ()) -> Event:
    """The click as an event again, as far as a decision needs it."""
    trust = Trust.ATTESTED if click.attested else Trust.CLAIMED
    return Event(
        id=click.event,
        source=click.source,
        type=EventType.EMAIL_CLICKED,
        occurred_at=instant(click.occurred_at),
        received_at=instant(click.received_at),
        dedup_key="",
        identifiers=(Identifier(kind=identifier.kind, value=identifier.value, trust=trust),),
        name=click.name,
        properties=dict(click.properties),
        marks=marks,
        historical=click.historical,
    )


def in_burst(clicks: Iterable[HeldClick], address: IdentifierKey) -> frozenset[UUID]:
    """This address's clicks that share a stretch of two seconds with enough different links."""
    ordered = sorted((click for click in clicks if click.identifier == address), key=lambda click: click.occurred_at)
    found: set[UUID] = set()
    for at, first in enumerate(ordered):
        near = [click for click in ordered[at:] if click.occurred_at - first.occurred_at <= WITHIN]
        if len({click.link for click in near}) >= LINKS:
            found.update(click.event for click in near)
    return frozenset(found)


def with_click(standing: Standing, click: HeldClick) -> Standing:
    """The standing with one more click, or the same click in a new state; the oldest judged ones are forgotten."""
    others = [each for each in standing.clicks if each.event != click.event]
    ordered = _ordered((*others, click))
    judged = [each for each in ordered if each.judged and each.identifier == click.identifier]
    forgotten = {each.event for each in judged[: max(0, len(judged) - MOST_JUDGED)]}
    return replace(standing, clicks=tuple(each for each in ordered if each.event not in forgotten))


def carried(address: IdentifierKey, source: UUID, target: UUID, changes: Changes) -> tuple[HeldClick, ...]:
    """Take an address's clicks from the lead that it belonged to to the one that it belongs to now; those not judged.

    Their timers name a lead that has them no more.
    """
    before = changes.standing(source)
    theirs = tuple(click for click in before.clicks if click.identifier == address)
    if not theirs:
        return ()
    changes.put_standing(source, replace(before, clicks=tuple(each for each in before.clicks if each not in theirs)))
    after = changes.standing(target)
    changes.put_standing(target, replace(after, clicks=tuple(_ordered({*after.clicks, *theirs}))))
    return tuple(click for click in theirs if not click.judged)


def _ordered(clicks: Iterable[HeldClick]) -> list[HeldClick]:
    return sorted(clicks, key=lambda each: (each.occurred_at, each.event.bytes))


def timer(click: HeldClick, lead: UUID, playbook: Playbook) -> SetTimer:
    """When to judge it."""
    due = instant(click.received_at) + playbook.click_hold
    return SetTimer(TimerKind.HOLD_ELAPSED, lead, due, click.event)


def taken_back(
    lead: UUID, burst: frozenset[UUID], changes: Changes, playbook: Playbook, at: int
) -> dict[UUID, Counted]:
    """Clicks of a burst that were judged before it showed: what they counted is taken back. `at` in milliseconds."""
    standing = changes.standing(lead)
    recounted: dict[UUID, Counted] = {}
    oldest = day_of(instant(at)) - playbook.scoring.horizon_days
    for click in standing.clicks:
        if click.event in burst and click.signals and click.identifier is not None:
            row = changes.row(click.identifier)
            if row is not None:
                dossier = row.dossier
                for signal in click.signals:
                    dossier = without_count(dossier, signal, day_at(click.occurred_at), click.event.bytes, oldest)
                changes.put_dossier(click.identifier, dossier)
            recounted[click.event] = ()
            standing = with_click(standing, replace(click, signals=()))
    changes.put_standing(lead, standing)
    for event in recounted:
        changes.put_counted(event, ())
    return recounted
