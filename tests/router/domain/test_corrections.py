"""Corrections: exact also where no row says how an event was counted, once, and never in the name of the forgotten."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from schemas.event import Corrected, Event, EventType
from schemas.feedback import LeadErased
from services.router.domain.moments import milliseconds
from services.router.domain.playbook import Playbook, Signal
from services.router.domain.scoring import counts_of
from tests.router.builders import MONDAY, a_playbook, an_event, an_id, condition
from tests.router.office import Office

PAGE, FORM, RETRACTED = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED, EventType.RETRACTED
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADA = "ada@acme.example"


def made(moment: timedelta) -> UUID:
    """An id as the door makes it then."""
    return UUID(int=milliseconds(MONDAY + moment) << 80 | 7 << 76 | 2 << 62)


def a_correction(of: Event, word: str, *, retracts: bool = False) -> Event:
    """As the operator's door makes it, of the event itself."""
    said = of.claims
    told = Corrected(type=of.type, occurred_at=of.occurred_at, name=of.name, properties=of.properties, claims=said)
    return msgspec.structs.replace(
        of,
        id=an_id(word),
        type=RETRACTED if retracts else of.type,
        received_at=MONDAY + 9 * DAY,
        dedup_key=word,
        claims=() if retracts else said,
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


def test_so_is_one_of_a_visitor_with_somebody_else_s_phone() -> None:
    """The number is its first claimant's, so the visitor is known by nothing of their own, and no row is kept."""
    hers, seen = an_event(PAGE, ADA, "+491", at=MONDAY - DAY, id="hers"), visits("c1", "+491")
    office, without = _seeing([hers, *seen]), _seeing([hers, *seen[1:]])
    stored = [each.verdict.event for each in office.settled if each.stored]
    as_stored(office)
    office.take(a_correction(seen[0], "never", retracts=True))

    assert stored == [hers.id]
    assert counts_of(office.lead_of("c1")) == counts_of(without.lead_of("c1"))
    assert office.lead_of(ADA) == without.lead_of(ADA)


def counting_yachts(field: str) -> Playbook:
    """With a signal for whoever names a yacht in this field."""
    book = a_playbook()
    wanted = condition(lambda facts: facts.value(f"event.{field}") == "yachts", FORM)
    signals = (*book.scoring.signals, Signal("yachts", "Wants a yacht", wanted, 1000))
    return replace(book, scoring=replace(book.scoring, signals=signals))


def test_so_is_what_depended_on_a_visitors_own_words_as_long_as_it_is_in_sight() -> None:
    """Their words are not said again by a correction."""
    office = Office(counting_yachts("message"), draws=False)
    said = an_event(FORM, "c1", says={"message": "yachts"})
    office.take(said)
    before = counts_of(office.lead_of("c1"))
    as_stored(office)
    correction = a_correction(said, "never", retracts=True)
    assert correction.corrected is not None
    told = msgspec.structs.replace(correction.corrected, claims=())
    office.take(msgspec.structs.replace(correction, corrected=told))

    assert sum(before["yachts"].values()) == 1
    assert "yachts" not in counts_of(office.lead_of("c1"))


def test_so_is_what_depended_on_what_a_visitor_had_said() -> None:
    book = counting_yachts("product")
    said = [an_event(FORM, "c1", at=MONDAY + day * DAY, id=day, says={"product": "yachts"}) for day in range(6)]
    office, without = Office(book, draws=False), Office(book, draws=False)
    office.take(*said)
    without.take(*said[1:])
    as_stored(office)
    office.take(a_correction(said[0], "never", retracts=True))

    assert counts_of(office.lead_of("c1")) == counts_of(without.lead_of("c1"))
    assert len(counts_of(office.lead_of("c1"))["yachts"]) == 5


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
