"""Judges one event against the world: who it is of, what it takes back, whether it waits, and what it leads to."""

from uuid import UUID

from schemas.event import Event, EventType, IdentifierKind
from schemas.verdict import Rule, Ternary
from services.router.domain import corrections, reasons, stitching
from services.router.domain.changes import Changes, Effect
from services.router.domain.docket import Docket, decide, judged_marked, numbered, unnumbered
from services.router.domain.event_facts import EventFacts
from services.router.domain.holding import hold
from services.router.domain.identity import keys_of, lead_id
from services.router.domain.lead import Dossier, IdentifierKey, Lead
from services.router.domain.moments import milliseconds

_BY_TIME = 7
_EMAIL = IdentifierKind.EMAIL


def keys_here(event: Event, changes: Changes) -> tuple[IdentifierKey, ...]:
    """The event's identifiers without those of people who asked to be forgotten after it, or what it corrects, came.

    Where one of those is an email address there are none: all of it was said by, or of, that person.
    """
    keys, world = keys_of(event), changes.world
    if not world.erased:
        return keys
    received = _made_at(event)
    left = tuple(key for key in keys if key not in world.erased or received > world.erased_at.get(key, received))
    return left if len(left) == len(keys) or not any(key.kind is _EMAIL for key in keys if key not in left) else ()


def _made_at(event: Event) -> int:
    """When the door took what was said (milliseconds, UTC): a correction says again what the event it names said.

    The id that it names is the door's UUIDv7, whose first 48 bits are its time (RFC 9562, section 5.7).
    """
    received = milliseconds(event.received_at)
    original = event.corrects
    return min(received, original.int >> 80) if original is not None and original.version == _BY_TIME else received


def judge(docket: Docket) -> Effect:
    """One event's verdict, unless it is an email click that has to wait. Raises `NeedsMoreError` like every write."""
    event, changes = docket.event, docket.changes
    keys = keys_here(event, changes)
    if not keys:
        return unnumbered(docket, lead_id(keys_of(event)[0]), reasons.ERASED)
    counts_nothing = _uncounted(docket, keys)
    if counts_nothing is not None:
        return counts_nothing
    lead, moved = stitching.settle(event, keys, changes)
    docket.moved(moved)
    if event.type is EventType.EMAIL_CLICKED and event.corrects is None:
        return hold(docket, lead, next(key for key in keys if key in changes.world.members[lead]))
    return decide(docket, changes.lead(lead))


def _uncounted(docket: Docket, keys: tuple[IdentifierKey, ...]) -> Effect | None:
    """The verdict of an event that counts nothing itself, though it may take back what another did; None for others."""
    event, changes = docket.event, docket.changes
    if changes.world.corrected and event.id in changes.world.corrected:
        if event.corrects is not None:  # what it took the place of is not to come back with it
            _taken_back(docket, event.corrects)
        return numbered(docket, _lead_of(keys, changes), reasons.CORRECTED_BEFORE)
    if event.type is EventType.RETRACTED:
        return _retracted(docket, keys)
    if event.corrects is not None and _taken_back(docket, event.corrects).reason is reasons.TAKEN_BEFORE:
        docket.notes.remove(reasons.TAKEN_BEFORE)
        return numbered(docket, _lead_of(keys, changes), reasons.TAKEN_BEFORE)
    if event.marks:
        return _marked(docket, keys)
    if not event.identifiers and not _asks(docket):
        return unnumbered(docket, lead_id(keys[0]), reasons.NO_IDENTIFIER)
    return None


def _asks(docket: Docket) -> bool:
    """Whether somebody who did not say who they are asks to talk to us all the same."""
    event, ready = docket.event, docket.ready
    if event.type not in ready.consultation:
        return False
    return ready.playbook.rules[Rule.CONSULTATION].when.test(EventFacts(event)) is Ternary.TRUE


def _taken_back(docket: Docket, original: UUID) -> corrections.TakenBack:
    found = corrections.take_back(docket.event, original, docket.changes, docket.ready, docket.now)
    docket.notes.append(found.reason)
    docket.extra["corrects"] = str(original)
    docket.extra["taken_back"] = sorted({signal for _, _, signal, _ in found.counted if signal})
    docket.moved(found.moved)
    return found


def _retracted(docket: Docket, keys: tuple[IdentifierKey, ...]) -> Effect:
    """It never happened: nothing takes its place."""
    event, changes = docket.event, docket.changes
    if event.corrects is None:
        return numbered(docket, _lead_of(keys, changes), reasons.TAKES_NOTHING)
    found = _taken_back(docket, event.corrects)
    lead = found.lead or _lead_of(keys, changes)
    docket.notes.remove(found.reason)
    return numbered(docket, lead, found.reason)


def _lead_of(keys: tuple[IdentifierKey, ...], changes: Changes) -> UUID:
    """Whose the first known of these identifiers is, without writing anything."""
    for key in keys:
        row = changes.row(key)
        if row is not None:
            return row.lead
    return lead_id(keys[0])


def _marked(docket: Docket, keys: tuple[IdentifierKey, ...]) -> Effect:
    """Machine traffic writes nothing but its verdict; a spammer's request for a call is shown to a person."""
    event, changes = docket.event, docket.changes
    rows = [row for key in keys if (row := changes.row(key)) is not None]
    if rows:
        lead, key = changes.lead(rows[0].lead), rows[0].key
    else:
        lead, key = Lead(lead_id(keys[0]), False, {keys[0]: Dossier()}), keys[0]
    return judged_marked(docket, event, lead, key)
