"""R7: a window of opportunity opens and halves; priority and deadlines follow, a request for a call never sinks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType
from schemas.feedback import HandoffRejected, RejectReason, TriageChoice, TriageDecided
from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.domain.playbook import Playbook
from services.router.domain.team import ServiceLevel
from services.router.domain.timeliness import timeliness
from services.router.domain.window import hurried, left, lowered, worth
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
from tests.router.office import Office, codes

FORM = EventType.FORM_SUBMITTED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA, VP = "ada@acme.example", {"title": "Vice President"}
LEVEL = ServiceLevel(accept_within=HOUR, attempt_within=4 * HOUR)


def with_windows(**half_lives: timedelta) -> Playbook:
    """Acme's seller, whose rules have these windows."""
    book = a_playbook()
    windows = {Rule(name): half_life for name, half_life in half_lives.items()}
    return replace(book, rules={rule: replace(each, half_life=windows.get(rule)) for rule, each in book.rules.items()})


def a_lead(who: str = ADA, delayed: timedelta = timedelta(), **says: str) -> Event:
    """Her title alone passes her; the tool tells us of it so much later."""
    return an_event(FORM, who, at=MONDAY - delayed, late=delayed, says={**VP, **says})


@pytest.mark.parametrize(
    ("halves", "is_left"), [(0, 1.0), (-3, 1.0), (1, 0.5), (2, 0.25), (0.5, 0.5**0.5), (10_000, 0.0)]
)
def test_a_window_halves_with_every_half_life(halves: float, is_left: float) -> None:
    assert worth(halves * HOUR, HOUR) == pytest.approx(is_left)


@pytest.mark.parametrize(
    ("priority", "letters", "becomes"),
    [("A", 0, "A"), ("A", 1, "B"), ("C", 2, "D"), ("D", 9, "D"), ("B", -1, "A"), ("A", -1, "A")],
)
def test_a_priority_sinks_and_rises_between_a_and_d(priority: str, letters: int, becomes: str) -> None:
    assert lowered(Priority(priority), letters) is Priority(becomes)


@pytest.mark.parametrize(
    ("half_life", "accept", "attempt"),
    [
        (None, HOUR, 4 * HOUR),
        (DAY, HOUR, 4 * HOUR),
        (2 * HOUR, HOUR, 2 * HOUR),
        (30 * MINUTE, 30 * MINUTE, 30 * MINUTE),
    ],
)
def test_no_deadline_is_longer_than_the_half_life(
    half_life: timedelta | None, accept: timedelta, attempt: timedelta
) -> None:
    level = hurried(LEVEL, half_life)

    assert (level.accept_within, level.attempt_within) == (accept, attempt)


@given(st.integers(0, 10_000), st.integers(60, 5000), st.sets(st.sampled_from(list(Rule)), min_size=1))
def test_the_later_the_handoff_the_less_is_left_and_the_lower_it_stands(
    minutes: int, half_life: int, fired: set[Rule]
) -> None:
    book = with_windows(**{rule.value: half_life * MINUTE for rule in Rule})
    sooner, later = (left(fired, book, MONDAY, MONDAY + minute * MINUTE) for minute in (minutes, minutes + 60))

    assert sooner is not None
    assert later is not None
    assert 0 <= later.worth <= sooner.worth <= 1
    assert later.worth < sooner.worth or sooner.worth < 1e-300  # too little for a number
    assert (sooner.late, sooner.worth <= 0.5) == (minutes >= half_life, minutes >= half_life)
    assert later.letters >= sooner.letters
    assert Rule.CONSULTATION not in fired or later.letters == 0


def test_a_lead_that_was_told_of_late_is_worth_less_and_its_verdict_says_so() -> None:
    office = Office(with_windows(score_threshold=4 * HOUR))
    prompt, late = office.take(a_lead("grace@acme.example"), a_lead(delayed=5 * HOUR))
    on_time, faded = office.handoff_of("grace@acme.example"), office.handoff_of(ADA)

    assert (on_time.priority, faded.priority) == (Priority.C, Priority.D)
    assert (on_time.opened_at, faded.opened_at) == (MONDAY, MONDAY - 5 * HOUR)
    assert (codes(prompt), codes(late)) == (["score_threshold"], ["score_threshold", "fading"])
    assert late.reasons[1].text == (
        "It opened 5 hours ago and halves every 4 hours: 42 % of the opportunity is left, "
        "so the priority is one letter lower."
    )
    assert late.reasons[1].text in faded.brief.why_now
    assert late.receipt is not None
    assert late.receipt.facts["window"] == {"opened_at": (MONDAY - 5 * HOUR).isoformat(), "worth": "0.420"}


def test_who_asked_for_a_call_late_keeps_their_priority_and_is_called_all_the_sooner() -> None:
    asked = an_event(FORM, ADA, at=MONDAY - 5 * HOUR, late=5 * HOUR, says={"consultation": "yes", **VP})
    plain, windowed = Office(), Office(with_windows(consultation=HOUR))
    for office in (plain, windowed):
        office.take(asked)
    before, after = plain.handoff_of(ADA), windowed.handoff_of(ADA)

    assert (before.priority, after.priority) == (Priority.C, Priority.C)
    assert before.accept_by == MONDAY + 90 * MINUTE
    assert after.accept_by == MONDAY + 60 * MINUTE


def test_without_windows_nothing_is_said_of_them_and_nothing_sinks() -> None:
    office = Office()
    verdict = office.verdict(a_lead(delayed=20 * HOUR))

    assert codes(verdict) == ["score_threshold"]
    assert verdict.receipt is not None
    assert {"window", "not_before", "product_weight"}.isdisjoint(verdict.receipt.facts)
    assert office.handoff_of(ADA).opened_at is None


def test_what_waited_in_triage_has_faded_by_when_a_person_passes_it() -> None:
    office = Office(with_windows(score_threshold=DAY))
    office.take(a_lead("spammer@bad.example"))
    item = office.triage_of("spammer@bad.example")
    at = MONDAY + 25 * HOUR
    office.take(TriageDecided(id=an_id("passes"), handoff=item.id, actor="mona", at=at, choice=TriageChoice.PASS))
    handoff = office.handoff_of("spammer@bad.example")

    assert (item.rules, item.priority) == ((Rule.SCORE_THRESHOLD,), Priority.C)
    assert (handoff.priority, handoff.opened_at) == (Priority.D, MONDAY)
    assert handoff.brief.why_now[-1].startswith("It opened 25 hours ago and halves every 1 day: 49 % ")


def test_a_fresh_reason_does_not_make_an_old_one_older_and_never_lowers_what_stands() -> None:
    office = Office(with_windows(score_threshold=4 * HOUR))
    office.take(a_lead())
    office.take(an_event(FORM, ADA, at=MONDAY, late=9 * HOUR, id="late", says={"consultation": "yes"}))
    handoff = office.handoff_of(ADA)

    assert (handoff.priority, handoff.opened_at) == (Priority.C, MONDAY)


def test_a_reason_with_a_shorter_window_brings_the_deadline_forward_at_the_same_priority() -> None:
    office = Office(with_windows(consultation=10 * MINUTE))
    office.take(a_lead())
    slow = office.handoff_of(ADA)
    office.take(an_event(FORM, ADA, at=MONDAY + MINUTE, id="asks", says={"consultation": "yes"}))
    fast = office.handoff_of(ADA)

    assert (slow.priority, fast.priority) == (Priority.C, Priority.C)
    assert (slow.accept_by, fast.accept_by) == (MONDAY + 90 * MINUTE, MONDAY + 11 * MINUTE)


def test_timeliness_tells_what_was_late_and_what_was_early_by_rule() -> None:
    book = with_windows(score_threshold=4 * HOUR)
    office = Office(book)
    office.take(a_lead("grace@acme.example"), a_lead(delayed=5 * HOUR))
    handoff = office.handoff_of(ADA)
    too_soon = RejectReason.NOT_READY
    office.take(HandoffRejected(id=an_id("no"), handoff=handoff.id, actor=handoff.assignee, at=MONDAY, reason=too_soon))
    found = timeliness(((each, MONDAY + HOUR) for each in office.world.handoffs.values()), book)
    score = found[Rule.SCORE_THRESHOLD]

    assert sorted(score.lags) == [HOUR, 6 * HOUR]
    assert (score.late, score.answered, score.early) == (1, 1, 1)
    assert score.worths == pytest.approx([0.5**0.25, 0.5**1.5])
    assert [score.percentile(part) for part in (0.5, 0.9)] == [HOUR, 6 * HOUR]
    assert found[Rule.CONSULTATION].percentile(0.5) == timedelta()


@pytest.mark.parametrize("reason", [each for each in RejectReason if each is not RejectReason.NOT_READY])
def test_only_not_ready_is_too_early(reason: RejectReason) -> None:
    book = a_playbook()
    office = Office(book)
    office.take(a_lead())
    handoff = office.handoff_of(ADA)
    office.take(HandoffRejected(id=an_id("no"), handoff=handoff.id, actor=handoff.assignee, at=MONDAY, reason=reason))
    found = timeliness(((each, MONDAY) for each in office.world.handoffs.values()), book)

    assert found[Rule.SCORE_THRESHOLD].early == 0
