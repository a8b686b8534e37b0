"""A realistic stream of events: 90 % anonymous page views, 8 % known behaviour, 2 % forms.

It is also a realistic funnel. Who is known filled in a form once; most forms ask for an eBook and come from people who
do not buy; so one form in four leads to a salesperson, and what is told of 1000 events comes to about as many outbox
rows (20) as `reference_rows` writes.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from runtime.keys import keyed_hash
from runtime.log import Batch, Message, Partition, Position, Record
from schemas.event import URGENT, Claim, Event, EventType, Identifier, IdentifierKind, Raw
from schemas.fact import encode
from schemas.topics import EVENTS_BEHAVIOUR

ANONYMOUS, KNOWN, FORM = "anonymous", "known", "form"
_WEIGHTS = {ANONYMOUS: 90, KNOWN: 8, FORM: 2}
_PATHS = ("/", "/pricing", "/blog/lead-scoring", "/product", "/case-studies/acme", "/integrations", "/careers", "/docs")
_TITLES = {
    "Software Engineer": 30,
    "Assistant": 25,
    "Student": 25,
    "Marketing Manager": 15,
    "Vice President Marketing": 3,
    "Chief Executive Officer": 2,
}
_BUSY = 2_000
"""Known people who come back, so that their rows are written again and again."""
_ASKING = 0.1
"""The share of forms that ask for a consultation; the others want a document."""
_WHITEPAPER = 0.25
"""The share of those that want the whitepaper, and not the eBook."""
_BUDGET = {"": 70, "no": 20, "yes": 10}
"""Few forms ask about the budget."""
_OPENS, _DOWNLOADS = 0.5, 0.02
"""What known people do: they open mails, seldom download something; the rest is page views."""
_KEY = b"bench"


class Traffic:
    """Makes events one after another, five a second in the story's own time; the same seed gives the same people."""

    def __init__(self, seed: int, start: datetime | None = None) -> None:
        self._chance = random.Random(seed)
        self._seed, self._count = seed, 0
        self._start = start or datetime.now(UTC) - timedelta(hours=6)

    def event(self, kind: str = "") -> Event:
        """The next event: of this kind, else of one drawn by the mix's weights."""
        chosen = kind or self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        make = {ANONYMOUS: self._view, KNOWN: self._behaviour, FORM: self._form}[chosen]
        self._count += 1
        return make()

    def events(self, count: int) -> Iterator[Event]:
        """The next `count` events."""
        return (self.event() for _ in range(count))

    def acquaintances(self) -> Iterator[Event]:
        """The form by which each of the known people became known: to be handled before their behaviour."""
        for number in range(_BUSY):
            yield self._filled_in(number, _reader(number), f"website:known{number:08x}", asks=False)

    def _view(self) -> Event:
        visitor = f"website:{self._chance.randrange(10**7):08x}"
        return self._made(EventType.PAGE_VIEWED, [(IdentifierKind.COOKIE, visitor)], properties=self._page())

    def _behaviour(self) -> Event:
        number = self._chance.randrange(_BUSY)
        who = [(IdentifierKind.EMAIL, _reader(number))]
        what = self._chance.random()
        if what < _OPENS:
            return self._made(EventType.EMAIL_OPENED, who, properties={"campaign": "spring"})
        if what < _OPENS + _DOWNLOADS:
            asset = f"ebook-{self._chance.randrange(5)}"
            return self._made(EventType.CONTENT_DOWNLOADED, who, name=asset, properties={"asset": asset})
        who.append((IdentifierKind.COOKIE, f"website:known{number:08x}"))
        return self._made(EventType.PAGE_VIEWED, who, properties=self._page())

    def _form(self) -> Event:
        number = self._chance.randrange(10**9)
        email = f"ada.{number}@company{number % 5_000}.example"
        return self._filled_in(number, email, f"website:{number:08x}", asks=self._chance.random() < _ASKING)

    def _filled_in(self, number: int, email: str, cookie: str, *, asks: bool) -> Event:
        said = {
            "first_name": "Ada",
            "last_name": f"Lovelace{number % 977}",
            "company": f"Company {number % 5_000}",
            "title": self._one_of(_TITLES),
            "budget": self._one_of(_BUDGET),
            "consultation": "yes" if asks else "",
        }
        form = {"form_id": f"form-{self._chance.randrange(200)}", "form_fields": 6}
        who = [(IdentifierKind.EMAIL, email), (IdentifierKind.COOKIE, cookie)]
        claims = tuple(Claim(field=field, value=value) for field, value in said.items() if value)
        wants = "Whitepaper" if self._chance.random() < _WHITEPAPER else "eBook"
        name = "Talk to us" if asks else wants
        return self._made(EventType.FORM_SUBMITTED, who, name=name, claims=claims, properties=form)

    def _one_of(self, shares: Mapping[str, int]) -> str:
        return self._chance.choices(list(shares), list(shares.values()))[0]

    def _page(self) -> dict[str, str | int | float | bool | None]:
        path = self._chance.choice(_PATHS)
        return {"path": path, "url": f"https://www.acme.example{path}", "title": f"Acme {path}", "utm_source": "ads"}

    def _made(
        self,
        kind: EventType,
        who: Sequence[tuple[IdentifierKind, str]],
        name: str = "",
        claims: tuple[Claim, ...] = (),
        properties: dict[str, str | int | float | bool | None] | None = None,
    ) -> Event:
        at = self._start + timedelta(milliseconds=200 * self._count)
        identity = f"{self._seed}/{self._count}"
        return Event(
            id=UUID(bytes=hashlib.blake2b(identity.encode(), digest_size=16).digest(), version=4),
            source="website",
            type=kind,
            occurred_at=at,
            received_at=at,
            dedup_key=hashlib.sha256(identity.encode()).hexdigest(),
            identifiers=tuple(Identifier(kind=kind_, value=value) for kind_, value in who),
            claims=claims,
            name=name,
            properties=properties or {},
            raw=Raw(media_type="application/json", body=self._chance.randbytes(120).hex().encode()),
        )


def _reader(number: int) -> str:
    return f"reader.{number}@company{number % 700}.example"


def message(event: Event) -> Message:
    """The event as the door would append it."""
    return Message(keyed_hash(_KEY, event.identifiers[0].value), encode(event), {"source": event.source.encode()})


def batches(events: Sequence[Event], size: int, position: Position, partition: Partition | None = None) -> list[Batch]:
    """The events as a consumer would be handed them from this position on, decoded from nothing yet."""
    lane = partition or Partition(EVENTS_BEHAVIOUR.name, 0)
    return [
        _batch(events[at : at + size], position.next + at, position.epoch, lane) for at in range(0, len(events), size)
    ]


def _batch(events: Sequence[Event], first: int, epoch: int, lane: Partition) -> Batch:
    records = []
    for offset, event in enumerate(events, first):
        said = message(event)
        records.append(Record(lane, offset, event.received_at, said.key, said.value, said.headers))
    return Batch(lane, first, first + len(records), epoch, records)


def urgent(event: Event) -> bool:
    """Does it travel on the urgent lane?"""
    return event.type in URGENT
