"""Corrections: what the event they name had counted, said and claimed is taken back, wherever that stands now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.event import Event, EventType, IdentifierKind
from schemas.fact import replace
from schemas.verdict import Reason
from services.router.domain import clicks, reasons, stitching
from services.router.domain.changes import Changes
from services.router.domain.counts import without_count, without_statements
from services.router.domain.identity import keys_of
from services.router.domain.lead import IdentifierKey
from services.router.domain.matching import signals_of
from services.router.domain.moments import day_at, day_of, milliseconds
from services.router.domain.prepared import Prepared
from services.router.domain.world import SAID, Counted


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of the event that was corrected."""

    reason: Reason
    counted: Counted
    lead: UUID | None
    """Whose it was; None when nothing of it was found."""
    moved: stitching.Moved = stitching.NOTHING


def take_back(event: Event, original: UUID, changes: Changes, ready: Prepared, now: datetime) -> TakenBack:
    """Undo what `original` left behind. If nothing is found it may still come: then it will count nothing.

    What an earlier correction has taken back is not taken back again. Raises `NeedsMoreError` where its identifiers
    were not loaded.
    """
    world, name = changes.world, original.bytes
    if original in world.corrected:
        return TakenBack(reasons.TAKEN_BEFORE, (), None)
    changes.note(world.corrected, original)
    known = () if original in world.dead else world.counted.get(original)
    rows = _concerned(known or (), event, changes)
    counted = _still_counted(
        original, known if known is not None else _unrecorded(event, original, rows, changes, ready), changes
    )
    found = bool(counted) or (known is not None and original not in world.dead)
    oldest = day_of(now) - ready.playbook.scoring.horizon_days
    for kind, value, signal, day in counted:
        key = IdentifierKey(IdentifierKind(kind), value)
        row = changes.row(key)
        if row is not None and signal != SAID:
            changes.put_dossier(key, without_count(row.dossier, signal, day, name, oldest))
    for key in rows:
        before = world.identifiers[key].dossier
        after = without_statements(before, name)
        if after != before:
            changes.put_dossier(key, after)
            found = True
    leads = {world.identifiers[key].lead for key in rows}
    moved = stitching.NOTHING
    if stitching.unclaim(name, rows, changes):
        moved, found = stitching.regroup(leads, changes), True
    changes.put_counted(original, ())
    return TakenBack(_reason(event, found=found), counted, _whose(counted, rows, changes), moved)


def _reason(event: Event, *, found: bool) -> Reason:
    if not found:
        return reasons.NOT_YET_HERE
    return reasons.TAKEN_BACK if event.type is EventType.RETRACTED else reasons.REPLACED


def _concerned(counted: Counted, event: Event, changes: Changes) -> tuple[IdentifierKey, ...]:
    """Every identifier that the original may have touched: where it counted, the correction's own, and their leads'."""
    named = {IdentifierKey(IdentifierKind(kind), value) for kind, value, _, _ in counted}
    if event.identifiers:
        named.update(keys_of(event))
    rows = [row for key in sorted(named) if (row := changes.row(key)) is not None]
    found = {row.key for row in rows}
    for row in rows:
        found |= changes.world.members.get(row.lead, set())
        found |= {key for key in row.ownership.claimed if changes.row(key) is not None}
    return tuple(sorted(found))


def _unrecorded(
    event: Event, original: UUID, rows: tuple[IdentifierKey, ...], changes: Changes, ready: Prepared
) -> Counted:
    """How the event was counted, where no row says so.

    A visitor's events stand with a correction made from them, so they are counted once more; they travel on its lane
    under its key, so that they came before it. A visitor may have given a phone that is somebody else's. Of others no
    more is known than the sightings that are remembered.
    """
    told = event.corrected
    if told is None or told.type is EventType.EMAIL_CLICKED or not event.identifiers:
        return _sighted(original.bytes, rows, changes)
    key = keys_of(event)[0]
    if key.kind is not IdentifierKind.COOKIE or changes.row(key) is None or told.machine:
        return _sighted(original.bytes, rows, changes)
    was = Event(
        id=original,
        source=event.source,
        type=told.type,
        occurred_at=told.occurred_at,
        received_at=event.received_at,
        dedup_key="",
        identifiers=event.identifiers,
        claims=told.claims,
        name=told.name,
        properties=told.properties,
    )
    day = day_at(milliseconds(told.occurred_at))
    again = [(key.kind.value, key.value, signal, day) for signal in signals_of(was, ready)]
    seen = _sighted(original.bytes, rows, changes)  # what rested on their own words is not said again, but remembered
    return tuple(dict.fromkeys((*again, *seen)))


def _sighted(event: bytes, keys: Iterable[IdentifierKey], changes: Changes) -> Counted:
    """How the event was counted, where no row says so: told by the sightings that are still remembered."""
    return tuple(
        (key.kind.value, key.value, signal, day_at(seen.at))
        for key in keys
        for signal, sightings in sorted(changes.world.identifiers[key].dossier.recent.items())
        for seen in sightings
        if seen.event == event
    )


def _still_counted(original: UUID, counted: Counted, changes: Changes) -> Counted:
    """A click of a burst may have been taken back before: what it still counts stands with the lead."""
    for kind, value, _, _ in counted:
        row = changes.row(IdentifierKey(IdentifierKind(kind), value))
        if row is None:
            continue
        standing = changes.standing(row.lead)
        for click in standing.clicks:
            if click.event == original:
                changes.put_standing(row.lead, clicks.with_click(standing, replace(click, signals=())))
                return tuple(each for each in counted if each[2] in (SAID, *click.signals))
    return counted


def _whose(counted: Counted, rows: tuple[IdentifierKey, ...], changes: Changes) -> UUID | None:
    keys = [IdentifierKey(IdentifierKind(kind), value) for kind, value, _, _ in counted] or list(rows)
    for key in keys:
        row = changes.row(key)
        if row is not None:
            return row.lead
    return None
