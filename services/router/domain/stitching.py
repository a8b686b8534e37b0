"""Keeps leads in line with the claims: after each event every identifier belongs where the claims so far put it.

Which lead an identifier belongs to is a function of the claims alone, so no order of arrival matters. Counts stay with
their identifier and go where it goes: nothing is moved twice. Where a lead loses its last identifier its standing joins
that of the lead which took its root; a lead's number (`seq`) is never below that of any lead an identifier came from,
so that a number is never given twice under one id, even when a merge is taken back. The clicks that an address has made
go with it, as part of a burst perhaps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from schemas.event import Event, IdentifierKind
from schemas.fact import replace
from services.router.domain import clicks, identity
from services.router.domain.changes import Changes
from services.router.domain.lead import HeldClick, IdentifierKey, Ownership, Sighting
from services.router.domain.moments import milliseconds
from services.router.domain.world import IdentifierRow

_EMAIL = IdentifierKind.EMAIL


@dataclass(frozen=True, slots=True)
class Merge:
    """A lead that is no more: all its identifiers belong to `into` now."""

    gone: UUID
    into: UUID
    gone_seq: int
    into_seq: int


class Moved(NamedTuple):
    """What became of leads whose identifiers belong elsewhere now."""

    merges: tuple[Merge, ...] = ()
    """Those that ended."""
    held: tuple[tuple[HeldClick, UUID], ...] = ()
    """Clicks that wait still, and with which lead they do now."""


NOTHING = Moved()


def settle(event: Event, keys: tuple[IdentifierKey, ...], changes: Changes) -> tuple[UUID, Moved]:
    """The lead of this event after what it says about who is who, and what moved by it.

    Raises `NeedsMoreError` where an identifier that takes part was not loaded.
    """
    if len(keys) == 1:
        alone = changes.row(keys[0])
        if alone is not None:
            return alone.lead, NOTHING
    rows = [changes.row(key) for key in keys]
    if keys[0].kind is _EMAIL and not any(rows[1:]) and (len(keys) == 1 or keys[1].kind is not _EMAIL):
        return _joined(event, keys, rows[0], changes), NOTHING
    fresh = [key for key, row in zip(keys, rows, strict=True) if row is None]
    for key in fresh:
        changes.put_row(IdentifierRow(key, identity.lead_id(key)))
    moved = _claim(event, keys, changes)
    if not moved and (not fresh or len(keys) == 1):
        return changes.world.identifiers[keys[0]].lead, NOTHING
    merges, held = regroup({changes.world.identifiers[key].lead for key in keys}, changes)
    newborn = {identity.lead_id(key) for key in fresh}
    ended = tuple(each for each in merges if each.gone not in newborn)
    return changes.world.identifiers[keys[0]].lead, Moved(ended, held)


def _joined(event: Event, keys: tuple[IdentifierKey, ...], known: IdentifierRow | None, changes: Changes) -> UUID:
    """One email, known or not, and nobody has seen the event's other identifiers: they are that person's, at once.

    It comes to what `_claim` and `regroup` would come to.
    """
    person = known or IdentifierRow(keys[0], identity.lead_id(keys[0]))
    ownership, others = person.ownership, keys[1:]
    if others:
        seen = Sighting(milliseconds(event.received_at), event.id.bytes)
        claimed = Ownership(((seen, person.key.value),))
    for key in others:
        changes.put_row(IdentifierRow(key, person.lead, ownership=claimed))
        ownership = identity.with_claimed(ownership, key)
    if known is None or ownership is not person.ownership:
        changes.put_row(IdentifierRow(person.key, person.lead, person.dossier, ownership))
    return person.lead


def _claim(event: Event, keys: tuple[IdentifierKey, ...], changes: Changes) -> bool:
    """Write the event's claims; whether any could put an identifier elsewhere: the earliest says whose it is."""
    links = identity.links_of(event, keys)
    if not links:
        return False
    seen = Sighting(milliseconds(event.received_at), event.id.bytes)
    moved = False
    for key, by in links:
        before = changes.world.identifiers[key].ownership
        after = identity.with_claim(before, seen, by)
        if after is not before:
            changes.put_ownership(key, after)
            moved = moved or key.kind is _EMAIL or after.email != before.email
        claimant = identity.claimant_of(by)
        if key.kind is not _EMAIL:
            own = changes.world.identifiers[claimant].ownership
            changes.put_ownership(claimant, identity.with_claimed(own, key))
    return moved


def unclaim(event: bytes, keys: Iterable[IdentifierKey], changes: Changes) -> bool:
    """Take back the claims that an event made on these identifiers; whether there were any."""
    found = False
    for key in keys:
        row = changes.row(key)
        if row is not None:
            after = identity.without_claims(row.ownership, event)
            if after is not row.ownership:
                changes.put_ownership(key, after)
                found = True
    return found


def regroup(leads: Iterable[UUID], changes: Changes) -> Moved:
    """Put every identifier of these leads where the claims put it; what moved by it."""
    world = changes.world
    before = {key: lead for lead in leads for key in world.members.get(lead, ())}
    numbers = {lead: changes.standing(lead).seq for lead in set(before.values())}
    held: list[tuple[HeldClick, UUID]] = []
    for key in sorted(before):
        row = world.identifiers[key]
        target = identity.lead_id(root_of(key, changes))
        if target != row.lead:
            _number(row.lead, target, changes)
            held += [(click, target) for click in clicks.carried(key, row.lead, target, changes)]
            changes.put_row(replace(row, lead=target))
    ended = (lead for lead in sorted(numbers) if not world.members.get(lead))
    return Moved(tuple(_ended(lead, before, numbers, changes) for lead in ended), tuple(held))


def _number(source: UUID, target: UUID, changes: Changes) -> None:
    """The numbers of the lead that takes an identifier go on from those of the lead it came from."""
    seq, own = changes.standing(source).seq, changes.standing(target)
    if seq > own.seq:
        changes.put_standing(target, replace(own, seq=seq))


def _ended(lead: UUID, before: dict[IdentifierKey, UUID], numbers: dict[UUID, int], changes: Changes) -> Merge:
    moved = sorted(key for key, old in before.items() if old == lead)
    root = next((key for key in moved if identity.lead_id(key) == lead), moved[0])
    into = changes.world.identifiers[root].lead
    return Merge(lead, into, numbers[lead], numbers.get(into, 0))


def root_of(key: IdentifierKey, changes: Changes) -> IdentifierKey:
    """The identifier whose id is the lead's: the earliest attested of the emails, else the cookie, else the phone."""
    if key.kind is _EMAIL:
        return _first_alias(key, changes)
    row = changes.row(key)
    claims = row.ownership.claims if row is not None else ()
    return root_of(identity.claimant_of(claims[0][1]), changes) if claims else key


def _first_alias(email: IdentifierKey, changes: Changes) -> IdentifierKey:
    """Of all emails that systems attest to be one person's, the one attested first."""
    ages: dict[IdentifierKey, Sighting] = {}
    waiting = [email]
    while waiting:
        key = waiting.pop()
        row = changes.row(key)
        claims = row.ownership.claims if row is not None else ()
        if key in ages or not claims:
            continue
        ages[key] = claims[0][0]
        waiting.extend(identity.claimant_of(by) for _, by in claims)
    return min(ages, key=lambda key: (ages[key], key)) if ages else email
