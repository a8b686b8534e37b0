"""S3: however the streams arrive, shuffled, twice, late, taken back, joined and parted, everybody has one score."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID
from zlib import crc32

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Corrected, Event, EventType, Mark
from services.router.domain.identity import keys_of
from services.router.domain.lead import IdentifierKey
from services.router.domain.playbook import Playbook
from tests.router.agreements import AGREEMENTS, a_scoring
from tests.router.anew import folded_anew
from tests.router.builders import MONDAY, a_playbook, an_event, an_id, email, who
from tests.router.domain import oracle
from tests.router.language import STATED, some
from tests.router.office import Office

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = MONDAY + 70 * DAY
EMAILS = ("ada@acme.example", "grace@acme.example", "joan@globex.example")
PEOPLE = (*EMAILS, "c1", "c2", "c3", "+4930111", "+4930222")
KINDS = (
    *(EventType.PAGE_VIEWED, EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED, EventType.FORM_SUBMITTED),
    *(EventType.EMAIL_CLICKED, EventType.WEBINAR_REGISTERED, EventType.UNSUBSCRIBED, EventType.PROFILE_STATED),
)
PARTITIONS = 3


def a_stream(chance: Random) -> list[Event]:
    """A few weeks of a few people: machines, backlogs, aliases, and what was wrong and is corrected."""
    events = [_something(n, chance) for n in range(chance.randint(3, 16))]
    for n in range(chance.randint(0, 2)):
        both = [email(each, attested=True) for each in some(chance, EMAILS, 2, 2)]
        events.append(an_event(EventType.PROFILE_STATED, *both, at=_some_day(chance), id=f"alias {n}"))
    everybody = [an_event(EventType.PROFILE_STATED, name, id=f"{name} is there") for name in PEOPLE]
    return [*everybody, *events, *(_correction(event, chance) for event in some(chance, events, 0, 3))]


def _something(n: int, chance: Random) -> Event:
    names = some(chance, PEOPLE, 1, 3)
    names = [name for at, name in enumerate(names) if "@" not in name or not any("@" in one for one in names[:at])]
    kind = chance.choice(KINDS)
    stated = some(chance, sorted(STATED), 0, 3) if kind is not EventType.EMAIL_CLICKED else []
    return an_event(
        kind,
        *names,
        at=_some_day(chance) + n * MINUTE,
        late=timedelta(hours=chance.choice((0, 0, 1, 30, 300))),
        id=f"event {n}",
        source=f"tool {n % 6}",  # no tool says a thing more often than is remembered
        says={field: chance.choice(STATED[field]) for field in stated},
        attested=chance.random() < 0.5,
        marks=(Mark.BOT,) if chance.random() < 0.1 else (),
        historical=chance.random() < 0.2,
        path=chance.choice(("/", "/pricing")),
    )


def _some_day(chance: Random) -> object:
    return MONDAY + chance.randint(0, 55) * DAY


def _correction(event: Event, chance: Random) -> Event:
    """As the operator's door makes it of the event itself: it never happened, or it was something else."""
    told = Corrected(
        type=event.type,
        occurred_at=event.occurred_at,
        name=event.name,
        properties=event.properties,
        machine=bool(event.marks),
        claims=event.claims,
    )
    return msgspec.structs.replace(
        event,
        id=an_id(f"correction of {event.id}"),
        type=chance.choice((EventType.RETRACTED, EventType.CONTENT_DOWNLOADED)),
        received_at=LATER - timedelta(hours=2),
        dedup_key=f"correction of {event.id}",
        marks=(),
        corrects=event.id,
        corrected=told,
    )


def arriving(events: list[Event], chance: Random) -> Iterator[list[Event]]:
    """Batches of one partition each, some facts twice. A correction of a visitor's event follows it in its partition.

    Anything else comes in any order, and one partition may stand still until all the others are through.
    """
    lanes: list[list[Event]] = [[] for _ in range(PARTITIONS)]
    for event in chance.sample(events, len(events)) + some(chance, events, 0, 4):
        lanes[_partition(event)].append(event)
    lanes = [_followed(lane) for lane in lanes]
    still = chance.choice((None, *range(PARTITIONS)))
    while any(lanes):
        waiting = [at for at, lane in enumerate(lanes) if lane]
        lane = lanes[chance.choice([at for at in waiting if at != still] or waiting)]
        size = chance.randint(1, len(lane))
        batch, lane[:] = lane[:size], lane[size:]
        yield batch


def _followed(lane: list[Event]) -> list[Event]:
    """The lane in which each correction of a visitor's event has come after it."""
    place = {event.id: at for at, event in reversed(list(enumerate(lane)))}

    def turn(event: Event) -> tuple[int, bool]:
        late = _visits(event) and event.corrects in place
        return max(place[event.id], place[event.corrects]) if late else place[event.id], late

    return sorted(lane, key=turn)


def _partition(event: Event) -> int:
    return crc32(keys_of(event)[0].value.encode()) % PARTITIONS


def _visits(event: Event) -> bool:
    return all("@" not in each.value for each in event.identifiers)


def told_to(office: Office, events: list[Event], chance: Random) -> Office:
    """The office when all of it has arrived, and every click was judged; a visitor's events have left no row."""
    for batch in arriving(events, chance):
        office.take(*batch)
        for each in office.settled:
            if not each.stored:
                office.counted.pop(each.verdict.event, None)
        if chance.random() < 0.2:
            office.until(LATER)
    office.until(LATER)
    return office


def scores(office: Office) -> dict[str, tuple[UUID, int, int, dict[str, int]]]:
    """Who everybody is, and what they are worth for what."""
    found = {}
    for name in PEOPLE:
        score = office.score_of(name, LATER)
        parts = {each.signal: each.points for each in score.contributions}
        found[name] = (office.lead_of(name).id, score.fit, score.engagement, parts)
    return found


SEEDS = st.integers(0, 2**32)


@given(SEEDS, SEEDS)
def test_any_arrival_gives_the_score_that_a_recount_of_everything_gives(number: int, seed: int) -> None:
    chance, book = Random(seed), a_playbook()
    who_they_are = book.scoring.characteristics
    playbook = replace(book, scoring=replace(a_scoring(Random(number)), characteristics=who_they_are))
    events = a_stream(chance)
    office = told_to(Office(playbook, draws=False, folds=folded_anew), events, chance)
    for name in PEOPLE:
        key = IdentifierKey(who(name).kind, who(name).value)

        assert office.score_of(name, LATER).total == oracle.score_of(key, events, playbook, LATER), name


@given(AGREEMENTS, SEEDS)
def test_two_arrivals_give_the_same_leads_the_same_scores(playbook: Playbook, seed: int) -> None:
    chance = Random(seed)
    events = a_stream(chance)
    one, other = (told_to(Office(playbook, draws=False, folds=folded_anew), events, chance) for _ in range(2))

    assert scores(one) == scores(other)
