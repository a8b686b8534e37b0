"""E8: a scanner's burst shows only after its first click, so clicks wait a moment and are judged by what is known."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from schemas.event import Event, EventType, Mark
from schemas.verdict import Outcome, Rule
from services.router.domain.decision import SetTimer
from tests.router.builders import MONDAY, an_event, an_id, email
from tests.router.office import Office, codes, fired

CLICK = EventType.EMAIL_CLICKED
ADA, GRACE, JOAN = "ada@acme.example", "grace@acme.example", "joan@acme.example"
SECOND = timedelta(seconds=1)


def a_click(link: str, after: float = 0, *, late: float = 0, who: str = ADA) -> Event:
    at = MONDAY + timedelta(seconds=after)
    return an_event(CLICK, who, at=at, late=timedelta(seconds=late), id=f"{who} {link} {after}", link=link)


CLICKS = {one: Counter(a_click(f"/{count}", count / 2, who=one).id for count in range(3)) for one in (ADA, GRACE)}
"""address → the clicks of a scanner on a message that went there."""


def test_a_click_gets_its_verdict_after_the_hold() -> None:
    office = Office()
    at_once = office.take(a_click("/a"))
    (after,) = office.until(MONDAY + 5 * SECOND)

    assert at_once == []
    assert (after.outcome, after.at) == (Outcome.NURTURE, MONDAY + 5 * SECOND)
    assert office.score_of(ADA, MONDAY).total == 15_000


def test_three_links_within_two_seconds_are_a_scanner_and_count_nothing() -> None:
    office = Office()
    verdicts = office.take(a_click("/a"), a_click("/b", 0.5), a_click("/c", 1.9))
    verdicts += office.until(MONDAY + 10 * SECOND)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.IGNORE] * 3
    assert all(codes(verdict) == ["marked_scanner", "scanner_burst"] for verdict in verdicts)
    assert office.score_of(ADA, MONDAY).total == 0


def test_the_same_link_thrice_is_an_impatient_person() -> None:
    office = Office()
    office.take(a_click("/a"), a_click("/a", 0.5), a_click("/a", 1))
    verdicts = office.until(MONDAY + 10 * SECOND)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.NURTURE] * 3


def test_two_links_and_a_third_much_later_are_a_person() -> None:
    office = Office()
    office.take(a_click("/a"), a_click("/b", 1), a_click("/c", 3.5))
    verdicts = office.until(MONDAY + 20 * SECOND)

    assert {verdict.outcome for verdict in verdicts} == {Outcome.NURTURE}


def test_a_burst_seen_too_late_takes_back_what_was_counted() -> None:
    office = Office()
    office.take(a_click("/a"), a_click("/b", 1))
    judged = office.until(MONDAY + 10 * SECOND)
    counted = office.score_of(ADA, MONDAY).total
    (late,) = office.take(a_click("/c", 1.5, late=60))

    assert [verdict.outcome for verdict in judged] == [Outcome.NURTURE] * 2
    assert counted == 30_000
    assert late.outcome is Outcome.IGNORE
    assert late.receipt is not None
    assert late.receipt.facts["taken_back"] == sorted(str(each.event) for each in judged)
    assert office.score_of(ADA, MONDAY).total == 0


def test_a_burst_at_a_named_account_fires_no_rule() -> None:
    office = Office()
    verdicts = office.take(*(a_click(link, who="x@globex.example") for link in ("/a", "/b", "/c")))
    verdicts += office.until(MONDAY + 10 * SECOND)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.IGNORE] * 3
    assert verdicts[0].receipt is not None
    assert verdicts[0].receipt.facts["silenced"] == [Rule.TARGET_RESPONDS]


def test_a_person_may_unmark_a_burst() -> None:
    office = Office()
    clicks = [a_click("/a"), a_click("/b", 0.5), a_click("/c", 1)]
    office.take(*clicks)
    office.until(MONDAY + 10 * SECOND)
    again = an_event(CLICK, ADA, id="unmarked", at=MONDAY, late=timedelta(hours=1), corrects=clicks[0].id, link="/a")
    verdict = office.verdict(again)

    assert verdict.outcome is Outcome.NURTURE
    assert office.score_of(ADA, MONDAY).total == 15_000


def test_a_click_that_was_retracted_while_it_waited_counts_nothing() -> None:
    office = Office()
    click = a_click("/a")
    office.take(click, an_event(EventType.RETRACTED, corrects=click.id, id="gone", at=MONDAY + SECOND))
    (verdict,) = office.until(MONDAY + 10 * SECOND)

    assert (verdict.event, codes(verdict)) == (click.id, ["corrected_before"])
    assert office.score_of(ADA, MONDAY).total == 0


def test_a_timer_that_comes_twice_judges_once() -> None:
    office = Office()
    office.take(a_click("/a"))
    (timer,) = [each for each in office.timers if isinstance(each, SetTimer)]
    first = office.take(fired(timer))
    second = office.take(with_fields(fired(timer), id=an_id("again")))

    assert (len(first), second) == (1, [])


def a_join(first: str = ADA, second: str = GRACE) -> Event:
    """A CRM says that two addresses are one person's."""
    both = tuple(email(each, attested=True) for each in (first, second))
    return an_event(EventType.PROFILE_STATED, *both, source="hubspot", id=f"{first} {second}", at=MONDAY - SECOND)


def a_parting(join: Event) -> Event:
    return an_event(EventType.RETRACTED, ADA, corrects=join.id, id=f"not {join.id}", at=MONDAY)


@pytest.mark.parametrize("scanned", [ADA, GRACE])
@pytest.mark.parametrize("joined", range(4))
@pytest.mark.parametrize("parted", range(4))
@pytest.mark.parametrize("judged", [False, True], ids=["held", "judged"])
def test_a_burst_is_seen_though_two_addresses_are_joined_and_parted_between_its_clicks(
    scanned: str, joined: int, parted: int, *, judged: bool
) -> None:
    """Before, between and after the clicks, in any order, and whether they wait still or are judged already."""
    office, join = Office(draws=False), a_join()
    verdicts = []
    for count in range(4):
        verdicts += office.take(*[join] * (joined == count), *[a_parting(join)] * (parted == count))
        verdicts += office.until(MONDAY + 20 * SECOND) if judged else []
        verdicts += office.take(*[a_click(f"/{count}", count / 2, who=scanned)] * (count < 3))
    verdicts += office.until(MONDAY + 20 * SECOND)

    assert Counter(verdict.event for verdict in verdicts if verdict.event in CLICKS[scanned]) == CLICKS[scanned]
    assert [office.score_of(one, MONDAY).total for one in (ADA, GRACE)] == [0, 0]


def test_who_clicks_one_link_in_each_of_three_mailboxes_is_no_scanner() -> None:
    """A scanner follows the links of one message, which went to one address."""
    office = Office()
    office.take(a_join(), a_join(ADA, JOAN))
    office.take(*(a_click(f"/{one}", who=one) for one in (ADA, GRACE, JOAN)))
    verdicts = office.until(MONDAY + 10 * SECOND)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.NURTURE] * 3


def test_a_click_that_was_retracted_while_its_address_stood_alone_is_not_taken_back_again_with_its_burst() -> None:
    office, join = Office(), a_join()
    first, second, third = (a_click(f"/{count}", count / 2, who=GRACE) for count in range(3))
    office.take(join, first, second)
    office.until(MONDAY + 10 * SECOND)
    office.take(a_parting(join), an_event(EventType.RETRACTED, GRACE, corrects=first.id, id="no click"))
    office.take(a_join(GRACE, ADA), third)
    office.take(a_click("/later", 3600, who=GRACE))
    office.until(MONDAY + timedelta(hours=2))

    assert office.score_of(GRACE, MONDAY + timedelta(hours=2)).total == 15_000


def test_a_marked_click_is_ignored_at_once() -> None:
    office = Office()
    marked = an_event(CLICK, ADA, marks=(Mark.SCANNER,), link="/a")

    assert office.verdict(marked).outcome is Outcome.IGNORE
    assert office.timers == []


CLICKED = st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.sampled_from([ADA, GRACE]))


@given(st.lists(CLICKED, min_size=1, max_size=9), st.integers(0, 2), st.data())
def test_the_clicks_that_count_are_the_same_in_any_order(
    clicks: list[tuple[str, int, str]], more: int, data: st.DataObject
) -> None:
    """Of one person with one address or two, or of two who were taken for one."""
    join = a_join()
    events = {event.id: event for event in (a_click(link, tenth / 10, who=one) for link, tenth, one in clicks)}
    events |= {event.id: event for event in (join, a_parting(join))[:more]}
    told: list[tuple[list[int], set[UUID]]] = []
    for order in (list(events.values()), data.draw(st.permutations(list(events.values())))):
        office = Office(draws=False)
        verdicts = []
        for event in order:
            verdicts += office.take(event)
            if data.draw(st.booleans()):
                verdicts += office.until(MONDAY + 20 * SECOND)
        verdicts += office.until(MONDAY + 60 * SECOND)
        scores = [office.score_of(one, MONDAY).total for one in (ADA, GRACE)]
        told.append((scores, {verdict.event for verdict in verdicts}))

        assert sorted(verdict.event for verdict in verdicts) == sorted(events)
    assert told[0] == told[1]
