"""S: a score is a function of what happened, never of the order in which it was heard of."""

from dataclasses import replace
from datetime import timedelta
from decimal import Context, Decimal

import pytest
from hypothesis import strategies as st

from schemas.event import Event, EventType, Mark
from schemas.lead import Priority
from services.router.domain.playbook import Repeat, Scoring
from services.router.domain.scoring import Points, gauge, priority_of, weights
from tests.router.builders import MONDAY, a_playbook, a_signal, an_event, an_id, email
from tests.router.office import Office

PAGE, PAPER, FORM = EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED, EventType.FORM_SUBMITTED
DAY = timedelta(days=1)
LATER = MONDAY + 70 * DAY
PEOPLE = ("ada@acme.example", "grace@acme.example", "c1", "c2", "c3", "+4930111", "+4930222")
TITLES = ("Vice President Sales", "Assistant to the Vice President", "Clerk")


def test_the_straw_mans_numbers_add_up() -> None:
    office = Office()
    office.take(an_event(PAGE, "c1", path="/"), an_event(PAPER, "c1", asset="guide"))
    office.take(an_event(FORM, "c1", "ada@acme.example", says={"title": "Vice President Sales"}))
    score = office.score_of("ada@acme.example", MONDAY)

    assert score.total == (10 + 50 + 100) * 1000


def test_the_contributions_sum_to_the_score_and_name_their_events() -> None:
    office = Office()
    visit, paper = an_event(PAGE, "ada@acme.example"), an_event(PAPER, "ada@acme.example", at=MONDAY + DAY)
    office.take(visit, paper, an_event(FORM, "ada@acme.example", says={"title": "Vice President"}))
    score = office.score_of("ada@acme.example", MONDAY + 9 * DAY)

    assert sum(each.points for each in score.contributions) == score.total == score.fit + score.engagement
    assert {each.signal: each.events for each in score.contributions} == {
        "visit": (str(visit.id),),
        "whitepaper": (str(paper.id),),
        "vice_president": (),
    }


@pytest.mark.parametrize(("age", "left"), [(0, 50_000), (30, 25_000), (60, 12_500), (300, 48)])
def test_a_whitepaper_is_worth_half_after_its_half_life(age: int, left: int) -> None:
    signal = a_signal("whitepaper", PAPER, 50, half_life_days=30)

    assert gauge(signal, 365).worth({1000: 1}, 1000 + age) == left


@pytest.mark.parametrize(
    ("repeat", "expected"), [(Repeat.EVERY, 70_000), (Repeat.ONCE, 10_000), (Repeat.ONCE_A_DAY, 20_000)]
)
def test_a_second_occurrence_is_worth_what_the_page_says(repeat: Repeat, expected: int) -> None:
    assert gauge(a_signal("visit", PAGE, 10, repeat=repeat), 365).worth({999: 3, 1000: 4}, 1000) == expected


@pytest.mark.parametrize(("day", "counts"), [(1000, True), (994, True), (993, False)])
def test_a_window_of_seven_days_is_today_and_the_six_before(day: int, counts: bool) -> None:
    assert (gauge(a_signal("click", PAGE, 10, window_days=7), 365).worth({day: 1}, 1000) > 0) is counts


def test_fifty_two_pieces_of_content_are_not_readier_than_two() -> None:
    two, many = Office(), Office()
    two.take(*(an_event(PAPER, "ada@acme.example", id=f"two {n}") for n in range(2)))
    many.take(*(an_event(PAPER, "ada@acme.example", id=f"many {n}") for n in range(52)))
    scores = [office.score_of("ada@acme.example", MONDAY).total for office in (two, many)]

    assert scores == [90_000, 90_000]


def test_a_negative_signal_is_capped_on_its_own_side() -> None:
    signal = a_signal("complaint", PAGE, -30, cap=50_000)

    assert gauge(signal, 365).worth({1000: 4}, 1000) == -50_000


def test_a_count_that_waits_for_its_event_is_worth_nothing() -> None:
    assert gauge(a_signal("visit", PAGE, 10), 365).worth({1000: -1, 999: 1}, 1000) == 10_000


@pytest.mark.parametrize(
    ("fit", "engagement", "expected"), [(0, 0, "D"), (0, 100_000, "C"), (100_000, 50_000, "B"), (100_000, 100_000, "A")]
)
def test_priority_is_fit_times_engagement(fit: int, engagement: int, expected: str) -> None:
    assert priority_of(Points(fit, engagement), a_playbook().scoring) is Priority(expected)


def test_weights_are_halved_exactly_at_each_half_life() -> None:
    assert [weights(14, 365)[age] for age in (0, 14, 28, 42)] == [1_000_000, 500_000, 250_000, 125_000]


@pytest.mark.parametrize(("half_life", "horizon"), [(1, 30), (14, 365), (30, 365), (45, 90), (400, 365)])
def test_a_weight_is_what_its_definition_gives_to_the_millionth(half_life: int, horizon: int) -> None:
    exact = Context(prec=40)
    powers = [exact.power(Decimal(2), exact.divide(Decimal(-age), Decimal(half_life))) for age in range(horizon + 1)]

    assert weights(half_life, horizon) == tuple(int(each.scaleb(6).to_integral_value()) for each in powers)


def test_without_scoring_there_is_no_score() -> None:
    office = Office(a_playbook(scoring=Scoring(on=False)))
    office.take(an_event(PAPER, "ada@acme.example"))

    assert office.score_of("ada@acme.example", MONDAY).total == 0


def test_new_points_hold_at_once_for_what_was_counted_before() -> None:
    office = Office()
    office.take(an_event(PAPER, "ada@acme.example"))
    signals = tuple(
        replace(each, points=each.points * 2, half_life_days=None) for each in office.playbook.scoring.signals
    )
    office.playbook = replace(office.playbook, scoring=replace(office.playbook.scoring, signals=signals))

    assert office.score_of("ada@acme.example", MONDAY + 100 * DAY).total == 90_000


def test_the_assistant_to_the_vice_president_is_not_worth_a_vice_president() -> None:
    office = Office()
    office.take(
        an_event(FORM, "ada@acme.example", says={"title": "Vice President, Sales"}),
        an_event(FORM, "joan@acme.example", says={"title": "Assistant to the Vice President"}),
    )

    assert office.score_of("ada@acme.example", MONDAY).fit == 100_000
    assert office.score_of("joan@acme.example", MONDAY).fit == 0


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A few weeks of a few people, with duplicates, machines, retractions, corrections and aliases; in any order."""
    events = []
    for n in range(draw(st.integers(2, 14))):
        names = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))
        names = [name for at, name in enumerate(names) if "@" not in name or not any("@" in one for one in names[:at])]
        kind = draw(st.sampled_from((PAGE, PAPER, FORM, EventType.WEBINAR_REGISTERED, EventType.UNSUBSCRIBED)))
        says = {"title": draw(st.sampled_from(TITLES))} if draw(st.booleans()) else {}
        at = MONDAY + draw(st.integers(0, 60)) * DAY + timedelta(minutes=n)
        events.append(
            an_event(
                kind,
                *names,
                at=at,
                late=timedelta(hours=draw(st.sampled_from((0, 1, 30)))),
                id=f"event {n}",
                says=says,
                attested=draw(st.booleans()),
                marks=(Mark.BOT,) if draw(st.integers(0, 9)) == 0 else (),
            ),
        )
    if draw(st.booleans()):
        both = (email("ada@acme.example", attested=True), email("grace@acme.example", attested=True))
        events.append(an_event(EventType.PROFILE_STATED, *both, at=MONDAY + draw(st.integers(0, 60)) * DAY, id="alias"))
    wrong = draw(st.lists(st.sampled_from(events), max_size=2, unique_by=lambda each: each.id))
    events.extend([_correction(event, replaced=draw(st.booleans())) for event in wrong])
    return draw(st.permutations(events + draw(st.lists(st.sampled_from(events), max_size=4))))


def _correction(event: Event, *, replaced: bool) -> Event:
    at = LATER - timedelta(hours=2)
    if not replaced:
        return an_event(EventType.RETRACTED, at=at, id=f"retraction of {event.id}", corrects=event.id)
    return an_event(
        PAPER, *event.identifiers, at=event.occurred_at, late=at - event.occurred_at, id=f"repair of {event.id}",
        corrects=event.id,
    )  # fmt: skip


def test_a_retraction_that_arrives_first_leaves_nothing_behind() -> None:
    paper = an_event(PAPER, "ada@acme.example", says={"title": "Vice President"})
    gone = an_event(EventType.RETRACTED, corrects=paper.id, id=an_id("gone"), at=MONDAY + DAY)
    scores = []
    for order in ((paper, gone), (gone, paper)):
        office = Office()
        office.take(*order, batch=False)
        scores.append(office.score_of("ada@acme.example", LATER).total)

    assert scores == [0, 0]
