"""Corrections: exact also where no row says how an event was counted, once, and never in the name of the forgotten."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from schemas.event import Corrected, Event, EventType
from schemas.feedback import LeadErased
from services.router.domain.moments import milliseconds
from services.router.domain.scoring import counts_of
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

PAGE, RETRACTED = EventType.PAGE_VIEWED, EventType.RETRACTED
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADA = "ada@acme.example"


def made(moment: timedelta) -> UUID:
    """An id as the door makes it then."""
    return UUID(int=milliseconds(MONDAY + moment) << 80 | 7 << 76 | 2 << 62)


def a_correction(of: Event, word: str, *, retracts: bool = False) -> Event:
    """As the operator's door makes it, of the event itself."""
    told = Corrected(type=of.type, occurred_at=of.occurred_at, name=of.name, properties=of.properties)
    return msgspec.structs.replace(
        of,
        id=an_id(word),
        type=RETRACTED if retracts else of.type,
        received_at=MONDAY + 9 * DAY,
        dedup_key=word,
        corrects=of.id,
        corrected=told,
    )


def visits(*people: str) -> list[Event]:
    return [an_event(PAGE, *people, at=MONDAY + day * DAY, id=f"visit {day}", path="/pricing") for day in range(6)]


def as_stored(office: Office) -> None:
    """A visitor's ordinary event leaves no row that says how it was counted."""
    office.counted.clear()


def test_a_visitors_event_is_taken_back_though_later_ones_have_pushed_it_out_of_sight() -> None:
    office, seen = Office(draws=False), visits("c1")
    office.take(*seen)
    as_stored(office)
    office.take(a_correction(seen[0], "never", retracts=True))
    without = Office(draws=False)
    without.take(*seen[1:])

    assert counts_of(office.lead_of("c1")) == counts_of(without.lead_of("c1"))


def test_what_is_taken_back_is_taken_back_once() -> None:
    office, seen = Office(draws=False), visits("c1")
    office.take(*seen)
    as_stored(office)
    office.take(a_correction(seen[0], "never", retracts=True), a_correction(seen[0], "nor", retracts=True))
    (verdict,) = office.take(a_correction(seen[0], "again"))

    assert counts_of(office.lead_of("c1")) == counts_of(_seeing(seen[1:]).lead_of("c1"))
    assert [reason.code for reason in verdict.reasons] == ["corrected_twice"]


@pytest.mark.parametrize("who_it_was", ["c1", ADA])
@pytest.mark.parametrize("together", [True, False])
def test_of_two_amendments_of_one_event_the_first_counts_alone(who_it_was: str, *, together: bool) -> None:
    office, seen = Office(draws=False), visits(who_it_was)
    office.take(*seen)
    if who_it_was != ADA:
        as_stored(office)
    verdicts = office.take(a_correction(seen[0], "first"), a_correction(seen[0], "second"), batch=together)

    assert counts_of(office.lead_of(who_it_was)) == counts_of(_seeing(seen).lead_of(who_it_was))
    assert [reason.code for reason in verdicts[1].reasons] == ["corrected_twice"]


def test_an_amendment_of_the_amendment_takes_its_place() -> None:
    office, seen = Office(draws=False), visits("c1")
    office.take(*seen)
    as_stored(office)
    first = a_correction(seen[0], "first")
    office.take(first)
    office.take(a_correction(first, "second"))

    assert counts_of(office.lead_of("c1")) == counts_of(_seeing(seen).lead_of("c1"))


def test_a_correction_that_comes_after_its_own_correction_still_takes_back_what_it_names() -> None:
    office, seen = Office(draws=False), visits("c1")
    office.take(*seen)
    as_stored(office)
    first = a_correction(seen[0], "first")
    office.world.dead.add(first.id)
    office.take(a_correction(first, "second"))
    office.take(first)

    assert counts_of(office.lead_of("c1")) == counts_of(_seeing(seen).lead_of("c1"))


def _seeing(events: list[Event]) -> Office:
    office = Office(draws=False)
    office.take(*events)
    return office


def test_a_machines_visit_that_counted_nothing_takes_nothing_back() -> None:
    office, seen = Office(draws=False), visits("c1")
    office.take(*seen[1:])
    as_stored(office)
    correction = a_correction(seen[0], "it was ada")
    assert correction.corrected is not None
    told = msgspec.structs.replace(correction.corrected, machine=True)
    office.take(msgspec.structs.replace(correction, corrected=told))

    assert counts_of(office.lead_of("c1")) == counts_of(_seeing(seen).lead_of("c1"))


def test_a_correction_does_not_bring_back_who_asked_to_be_forgotten() -> None:
    office = Office(draws=False)
    visit = an_event(PAGE, ADA, at=MONDAY, id=made(timedelta()), path="/pricing")
    office.take(visit)
    office.take(LeadErased(id=an_id("forget"), email=ADA, actor="dana", at=MONDAY + HOUR))
    (verdict,) = office.take(a_correction(visit, "it was a person after all"))
    (later,) = office.take(an_event(PAGE, ADA, at=MONDAY + DAY, id="back again", path="/pricing"))

    assert [reason.code for reason in verdict.reasons] == ["erased"]
    assert later.lead_seq == 1
    assert sum(map(len, counts_of(office.lead_of(ADA)).values())) > 0
