"""The naive oracle: forgets nothing, counts from the full list of events each time, and knows nothing of the fold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.event import Event, EventType, IdentifierKind
from schemas.fact import Trust
from schemas.lead import Field
from schemas.verdict import Ternary
from services.router.domain.event_facts import EventFacts
from services.router.domain.identity import keys_of
from services.router.domain.lead import IdentifierKey
from services.router.domain.playbook import Playbook, Repeat, Signal


def standing_events(events: Iterable[Event]) -> list[Event]:
    """What is left after duplicates, retractions and corrections, in order of time."""
    unique = {event.id: event for event in events}
    gone = {event.corrects for event in unique.values() if event.corrects is not None}
    left = [each for each in unique.values() if each.id not in gone and each.type is not EventType.RETRACTED]
    return sorted((each for each in left if not each.marks), key=lambda each: (each.received_at, str(each.id)))


def owner_of(key: IdentifierKey, events: Sequence[Event]) -> IdentifierKey:
    """Who an identifier belongs to, by looking at every event there ever was."""
    if key.kind is IdentifierKind.EMAIL:
        return min(_one_person(key, events), key=lambda each: (_attested_at(each, events), each))
    for event in events:
        keys = keys_of(event)
        if key in keys and keys[0] != key and keys[0].kind is not IdentifierKind.PHONE:
            if key.kind is IdentifierKind.COOKIE and keys[0].kind is IdentifierKind.COOKIE:
                continue
            return owner_of(keys[0], events)
    return key


def _attested(event: Event) -> set[IdentifierKey]:
    found = {
        IdentifierKey(each.kind, each.value)
        for each in event.identifiers
        if each.kind is IdentifierKind.EMAIL and each.trust is Trust.ATTESTED
    }
    return found if len(found) > 1 else set()


def _one_person(email: IdentifierKey, events: Sequence[Event]) -> set[IdentifierKey]:
    found = {email}
    while True:
        wider = set(found).union(*(pair for pair in map(_attested, events) if pair & found))
        if wider == found:
            return found
        found = wider


def _attested_at(email: IdentifierKey, events: Sequence[Event]) -> tuple[datetime, str] | tuple[()]:
    times = [(event.received_at, str(event.id)) for event in events if email in _attested(event)]
    return min(times, default=())


def score_of(person: IdentifierKey, events: Iterable[Event], playbook: Playbook, now: datetime) -> int:
    """The score in thousandths of a point, from scratch."""
    standing = standing_events(events)
    who = owner_of(person, standing)
    theirs = [each for each in standing if owner_of(keys_of(each)[0], standing) == who]
    spent: Counter[tuple[str, bool]] = Counter()
    total = 0
    for signal in playbook.scoring.signals:
        points = _worth(signal, theirs, now, playbook.scoring.horizon_days)
        cap = playbook.scoring.group_caps.get(signal.group)
        if signal.group and cap is not None:
            side = (signal.group, points > 0)
            room = max(0, cap - spent[side])
            points = min(points, room) if points > 0 else max(points, -room)
            spent[side] += abs(points)
        total += points
    return total + _fit(theirs)


def _worth(signal: Signal, events: list[Event], now: datetime, horizon: int) -> int:
    days = [event.occurred_at.date() for event in events if signal.when.test(EventFacts(event)) is Ternary.TRUE]
    ages = sorted((now.date() - day).days for day in days)
    limit = horizon if signal.window_days is None else min(horizon, signal.window_days - 1)
    ages = [max(0, age) for age in ages if age <= limit]
    if signal.repeat is Repeat.ONCE:
        ages = ages[:1]
    if signal.repeat is Repeat.ONCE_A_DAY:
        ages = sorted(set(ages))
    if signal.half_life_days is None:
        points = signal.points * len(ages)
    else:
        units = sum(round(1e6 * 2 ** (-age / signal.half_life_days)) for age in ages)
        points = int(signal.points * units / 1e6)
    return points if signal.cap is None else max(-signal.cap, min(signal.cap, points))


def _fit(events: list[Event]) -> int:
    """The straw man's one characteristic, on the title that holds."""
    said = [
        (claim.trust is Trust.ATTESTED, event.occurred_at, str(event.id), claim.value)
        for event in events
        for claim in event.claims
        if claim.field == Field.TITLE
    ]
    title = max(said)[3].lower() if said else ""
    return 100_000 if "vice president" in title and "assistant" not in title else 0
