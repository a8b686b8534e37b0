"""The crowd's events as they come in: late, in any order where nothing promises one, and some more than once."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from runtime.log import Message
from schemas.event import Event
from schemas.fact import replace
from services.ingest.records import Recorder
from tests.faults.crowd import Person, crowd
from tests.faults.lives import DAY, SPAN, Life

KEY = b"a key for the log of this test, which everybody shares"
_STRAY = 0.2
"""The share of events that come whenever they like: a spool that drained, a tool that was away."""
_AGAIN = 0.06
"""The share that comes a second time, at once or much later."""
_HEADERS = {"content-type": b"application/json"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record on its way to the log."""

    topic: str
    message: Message
    event: Event


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything that comes in, in its order, and the people whom it is about."""

    people: Sequence[Person]
    arrivals: Sequence[Arrival]

    @property
    def events(self) -> dict[str, Event]:
        """Each event once, by what makes a redelivery known."""
        found: dict[str, Event] = {}
        for arrival in self.arrivals:
            found.setdefault(arrival.event.dedup_key, arrival.event)
        return found


def stream(people: int, seed: int) -> Stream:
    """What these people do. Of two events of which one corrects or repeats the other the door saw that one later.

    No other order is promised: partitions, lanes and doors pass each other as they like.
    """
    met = crowd(people, seed)
    chance = random.Random(seed + 1)
    placed: list[tuple[float, Event]] = []
    for person in met:
        placed += _placed(Life(person, random.Random(f"{seed} {person.number}")).events(), chance)
    placed += list(_again(placed, chance))
    recorder = Recorder(KEY)
    said = [(*recorder.message(event, _HEADERS), event) for _, event in sorted(placed, key=lambda one: one[0])]
    return Stream(met, [Arrival(*one) for one in said])


def _placed(events: Sequence[Event], chance: random.Random) -> list[tuple[float, Event]]:
    """Each event's place in the stream, between 0 and 1."""
    places: dict[UUID, float] = {}
    for event in events:
        meant = (event.received_at - DAY) / SPAN
        place = chance.random() if chance.random() < _STRAY else min(1.0, max(0.0, chance.gauss(meant, 0.05)))
        if event.corrected is not None and event.corrects is not None:
            place = places[event.corrects] + chance.random() * (1 - places[event.corrects])
        places[event.id] = place
    return [(places[event.id], event) for event in events]


def _again(placed: Sequence[tuple[float, Event]], chance: random.Random) -> Iterator[tuple[float, Event]]:
    """The same record once more, or the same webhook once more, which the door gives another id."""
    for place, event in placed:
        if chance.random() < _AGAIN:
            later = event.received_at + timedelta(seconds=chance.randint(1, 600))
            renamed = replace(event, id=UUID(int=event.id.int ^ chance.getrandbits(60)), received_at=later)
            soon = place + chance.random() * (1 - place) * chance.choice((0.01, 1))
            yield soon, chance.choice((event, renamed))
