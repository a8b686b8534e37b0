"""How an event is folded into a dossier: day counts, sightings, statements, content read. Each of them commutes."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from schemas.event import Event, EventType, IdentifierKind
from schemas.fact import Trust
from services.router.domain.lead import RECENT, Dossier, Sighting, Statement

LAST_VALUES = 3
MOST_FIELDS = 64
"""How many fields one dossier keeps; strangers may invent names."""
MOST_READ = 40
LONGEST_VALUE = 1000
_LONGEST_READ = 300
_READING = frozenset({EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED})
PHONE_STATED = "phone"
"""The field under which a typed phone number is kept, whoever the number belongs to."""

Days = Mapping[int, int]


def counted(days: Days | None, day: int, by: int, oldest: int) -> dict[int, int]:
    """The day counts with `by` more on this day: ascending by day, without zeros and without days before `oldest`."""
    if not days:
        return {day: by} if day >= oldest else {}
    changed = dict(days)
    total = changed.get(day, 0) + by
    if total == 0:
        del changed[day]
        return changed
    late = day not in changed and day < next(reversed(changed))
    changed[day] = total
    if late:
        changed = dict(sorted(changed.items()))
    if next(iter(changed)) < oldest:
        return {each: number for each, number in changed.items() if each >= oldest}
    return changed


def newer(one: Sighting, other: Sighting) -> bool:
    """Whether one sighting is later than the other: as their order, at a fraction of its cost."""
    return one.at > other.at or (one.at == other.at and one.event > other.event)


def sighted(known: tuple[Sighting, ...], seen: Sighting) -> tuple[Sighting, ...]:
    """The newest `RECENT` sightings, newest first, each event once."""
    if not known:
        return (seen,)
    if newer(seen, known[0]):
        return (seen, *known[: RECENT - 1])
    if seen in known:
        return known
    return tuple(sorted((*known, seen), reverse=True)[:RECENT])


def with_event(dossier: Dossier, event: Event, signals: tuple[str, ...], *, day: int, oldest: int, at: int) -> Dossier:
    """The dossier after this event: counted under its signals on that UTC day, its statements and reading kept.

    `at` is when it happened, in milliseconds UTC; days before `oldest` are beyond the horizon and dropped.
    """
    seen = Sighting(at, event.id.bytes)
    counts, recent = dossier.counts, dossier.recent
    if signals:
        counts, recent = dict(counts), dict(recent)
        for name in signals:
            counts[name] = counted(counts.get(name), day, 1, oldest)
            recent[name] = sighted(recent.get(name, ()), seen)
    statements = dossier.statements
    if event.claims or len(event.identifiers) > 1:
        statements = with_statements(statements, event, seen)
    read = dossier.read
    if event.type in _READING:
        read = with_reading(read, reading_of(event), seen)
    first, last = dossier.first, dossier.last
    return Dossier(
        counts,
        recent,
        statements,
        read,
        seen if first is None or newer(first, seen) else first,
        seen if last is None or newer(seen, last) else last,
    )


def first_seen(event: Event, signals: tuple[str, ...], *, day: int, oldest: int, at: int) -> Dossier:
    """What `with_event` makes of an empty dossier, at half its cost; of an event that says nothing about anybody."""
    seen = Sighting(at, event.id.bytes)
    days = {day: 1} if day >= oldest else {}
    what = reading_of(event) if event.type in _READING else ""
    return Dossier(
        dict.fromkeys(signals, days), dict.fromkeys(signals, (seen,)), {}, {what: seen} if what else {}, seen, seen
    )


Statements = Mapping[str, Mapping[str, tuple[Statement, ...]]]


def stated_by(event: Event) -> list[tuple[str, str, bool]]:
    """(field, value, attested): what the event says about the lead, its phone number included."""
    said = [
        (claim.field, claim.value[:LONGEST_VALUE], claim.trust is Trust.ATTESTED)
        for claim in event.claims
        if _shows(claim.value)
    ]
    said.extend(
        (PHONE_STATED, each.value, each.trust is Trust.ATTESTED)
        for each in event.identifiers
        if each.kind is IdentifierKind.PHONE and len(event.identifiers) > 1
    )
    return said


def _shows(value: str) -> bool:
    """Whether there is anything to see in it: blanks and what no screen shows state nothing."""
    return bool(value.strip()) and (
        value.isprintable() or any(not each.isspace() and each.isprintable() for each in value)
    )


def with_statements(statements: Statements, event: Event, seen: Sighting) -> Statements:
    """The last three values a field and source. Attested ones come first, so that no claim can push them out."""
    changed: dict[str, Mapping[str, tuple[Statement, ...]]] = dict(statements)
    for field, value, attested in stated_by(event):
        sources = dict(changed.get(field, {}))
        known = sources.get(event.source, ())
        fresh = Statement(value, attested, seen)
        if fresh not in known:
            sources[event.source] = tuple(sorted((*known, fresh), key=_weight, reverse=True)[:LAST_VALUES])
        changed[field] = sources
    if len(changed) > MOST_FIELDS:
        changed = {field: changed[field] for field in sorted(changed)[:MOST_FIELDS]}
    return changed


def _weight(statement: Statement) -> tuple[bool, Sighting, str]:
    return statement.attested, statement.seen, statement.value


def reading_of(event: Event) -> str:
    """What was read: the asset, else the page's path; empty when the event does not say."""
    properties = event.properties
    found = properties.get("asset") or properties.get("path")
    if not found:
        url = properties.get("url")
        found = urlsplit(url).path if isinstance(url, str) else ""
    return found[:_LONGEST_READ] if isinstance(found, str) else ""


def with_reading(read: Mapping[str, Sighting], what: str, seen: Sighting) -> Mapping[str, Sighting]:
    """The newest things read, each once."""
    if not what:
        return read
    known = read.get(what)
    if known is not None and not newer(seen, known):
        return read
    changed = dict(read)
    changed[what] = seen
    if len(changed) > MOST_READ:
        del changed[min(changed, key=lambda each: (changed[each], each))]
    return changed


def without_count(dossier: Dossier, signal: str, day: int, event: bytes, oldest: int) -> Dossier:
    """The dossier with one occurrence taken back. A count may go below zero: what it takes is on its way."""
    counts = dict(dossier.counts)
    days = counted(counts.get(signal), day, -1, oldest)
    if days:
        counts[signal] = days
    else:
        counts.pop(signal, None)
    recent = dict(dossier.recent)
    left = tuple(seen for seen in recent.pop(signal, ()) if seen.event != event)
    if left:
        recent[signal] = left
    return Dossier(counts, recent, dossier.statements, dossier.read, dossier.first, dossier.last)


def without_statements(dossier: Dossier, event: bytes) -> Dossier:
    """The dossier without what this event said and read."""
    statements = {
        field: kept
        for field, sources in dossier.statements.items()
        if (kept := {source: left for source, said in sources.items() if (left := _not_by(said, event))})
    }
    read = {what: seen for what, seen in dossier.read.items() if seen.event != event}
    return Dossier(dossier.counts, dossier.recent, statements, read, dossier.first, dossier.last)


def _not_by(said: tuple[Statement, ...], event: bytes) -> tuple[Statement, ...]:
    return tuple(statement for statement in said if statement.seen.event != event)
