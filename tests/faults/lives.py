"""What a crowd does, as events: strangers' visits, forms, clicks, requests, contradictions, and what is taken back."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from schemas.event import Claim, Event, EventType, Identifier, Mark
from schemas.fact import Trust, replace
from schemas.lead import Field
from services.ingest.correcting import Change, Correction, correcting
from tests.faults.crowd import Nature, Person

DAY = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Yesterday, so that held clicks are due at once; and one UTC day, so that no half-life begins in the middle."""
SPAN = timedelta(hours=8)
_PAGES = ("/", "/pricing", "/product", "/case-studies/harbor-electric", "/blog/replanning")
_SECOND = timedelta(seconds=1)


class Life:
    """The events of one person; the same chance gives the same events."""

    def __init__(self, person: Person, chance: random.Random) -> None:
        self._person, self._chance = person, chance
        self._count = 0

    def events(self) -> list[Event]:
        """All of them, corrections last; in no order otherwise."""
        match self._person.nature:
            case Nature.VISITOR:
                return list(self._visits(8))
            case Nature.LISTED:
                return [*self._visits(3), *self._named(), *self._asked()]
            case Nature.TURNING:
                done = [*self._everything(), *self._contradictions()]
                return [*done, *self._corrections(done)]
            case _:
                return list(self._everything())

    def _everything(self) -> Iterator[Event]:
        yield from self._visits(5)
        yield from self._named()
        yield from self._read()
        yield from self._asked()

    def _visits(self, most: int) -> Iterator[Event]:
        for device in range(len(self._person.cookies)):
            for _ in range(self._chance.randint(1, most)):
                yield self._page(self._person.cookie(device))

    def _page(self, who: Identifier, path: str = "", *, marks: tuple[Mark, ...] = ()) -> Event:
        path = path or self._chance.choice(_PAGES)
        properties = {"path": path, "url": f"https://brightwater.example{path}"}
        return self._event(EventType.PAGE_VIEWED, who, properties=properties, marks=marks)

    def _named(self) -> Iterator[Event]:
        """One device after the other is told whose it is; the form tells more. A CRM joins two addresses."""
        person = self._person
        for device in range(len(person.cookies)):
            yield self._event(EventType.PROFILE_STATED, person.email(), person.cookie(device))
        for which in range(len(person.emails)):
            yield self._form(person.email(which), person.cookie(which), *person.telephone(), says=self._facts())
        if len(person.emails) > 1:
            both = (person.email(0, attested=True), person.email(1, attested=True))
            yield self._event(EventType.PROFILE_STATED, *both, source="hubspot")

    def _facts(self) -> dict[str, str]:
        person, says = self._person, {Field.TITLE: self._person.title, Field.EMPLOYEES: self._person.employees}
        if person.number % 3 == 0:
            says |= {Field.BUDGET: "yes", Field.TIME_FRAME: "this_quarter"}
        return {field.value: value for field, value in says.items()}

    def _form(self, *who: Identifier, says: dict[str, str], name: str = "Newsletter", source: str = "website") -> Event:
        form = {"form_id": f"form-{self._person.number % 40}"}
        return self._event(EventType.FORM_SUBMITTED, *who, says=says, name=name, source=source, properties=form)

    def _read(self) -> Iterator[Event]:
        person, chance = self._person, self._chance
        for _ in range(chance.randint(0, 2)):
            whom, asset = person.email(chance.randrange(len(person.emails))), chance.choice(("ebook", "whitepaper"))
            yield self._event(EventType.CONTENT_DOWNLOADED, whom, name=asset, properties={"asset": asset})
        for _ in range(chance.randint(0, 2)):
            yield self._event(EventType.EMAIL_OPENED, person.email(), properties={"campaign": "spring"})
        if chance.random() < 0.3:
            yield self._click(0)

    def _click(self, link: int, at: datetime | None = None) -> Event:
        return self._event(EventType.EMAIL_CLICKED, self._person.email(), at=at, properties={"link": f"/offer/{link}"})

    def _asked(self) -> Iterator[Event]:
        person = self._person
        for _ in range(person.asks):
            whom = person.email(self._chance.randrange(len(person.emails)))
            yield self._form(whom, says={Field.CONSULTATION.value: "yes"}, name="Contact")

    def _contradictions(self) -> Iterator[Event]:
        """Another title, second thoughts, a scanner, a robot in their name, and news from last week."""
        person, chance = self._person, self._chance
        yield self._form(person.email(), says={Field.TITLE.value: "Student"}, source="typeform")
        yield self._page(person.email(), "/careers/dispatcher")
        yield self._page(person.cookie(), "/pricing", marks=(Mark.BOT,))
        if chance.random() < 0.3:
            yield self._event(EventType.UNSUBSCRIBED, person.email())
        if chance.random() < 0.5:
            start = self._moment()
            yield from (self._click(link, start + link * _SECOND / 2) for link in range(1, 4))
        if chance.random() < 0.5:
            old = self._event(EventType.CONTENT_DOWNLOADED, person.email(), name="whitepaper")
            yield replace(old, occurred_at=DAY - timedelta(days=9), historical=True)

    def _corrections(self, done: list[Event]) -> Iterator[Event]:
        """Some of it is taken back or said better at the door; some by a system that names the person alone.

        No click is: what a scanner did counts nothing as it is.
        """
        wrong = self._chance.sample([one for one in done if one.type is not EventType.EMAIL_CLICKED], 4)
        for event in wrong[:2]:
            yield self._corrected(event, Correction(event=event.id, change=Change.RETRACT))
        better = {Field.TITLE.value: "Operations Director"}
        yield self._corrected(wrong[2], Correction(event=wrong[2].id, change=Change.AMEND, claims=better))
        if wrong[3].identifiers[0].value in self._person.emails:
            yield self._event(EventType.RETRACTED, wrong[3].identifiers[0], corrects=wrong[3].id, source="hubspot")

    def _corrected(self, event: Event, correction: Correction) -> Event:
        later = event.received_at + timedelta(minutes=self._chance.randint(1, 30))
        return correcting(event, correction, self._name(later), later, "dana")

    def _moment(self) -> datetime:
        return DAY + self._chance.random() * SPAN

    def _name(self, moment: datetime) -> UUID:
        """A UUIDv7 (RFC 9562, section 5.7), as a door would make it at this moment."""
        since = int(moment.timestamp() * 1000) << 80
        return UUID(int=since | 0x7 << 76 | 0x2 << 62 | self._chance.getrandbits(62))

    def _event(
        self,
        kind: EventType,
        *who: Identifier,
        at: datetime | None = None,
        says: dict[str, str] | None = None,
        name: str = "",
        source: str = "website",
        properties: dict[str, str | int | float | bool | None] | None = None,
        marks: tuple[Mark, ...] = (),
        corrects: UUID | None = None,
    ) -> Event:
        self._count += 1
        moment = at or self._moment()
        return Event(
            id=self._name(moment),
            source=source,
            type=kind,
            occurred_at=moment,
            received_at=moment,
            dedup_key=sha256(f"{self._person.number} {self._count}".encode()).hexdigest(),
            identifiers=who,
            claims=tuple(Claim(field=each, value=value, trust=Trust.CLAIMED) for each, value in (says or {}).items()),
            name=name,
            properties=properties or {},
            marks=marks,
            corrects=corrects,
        )
