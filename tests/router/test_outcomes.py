"""What sales made of handoffs, and how precise a rule was: the share and Wilson's interval, against the textbook."""

from itertools import product
from math import comb
from uuid import UUID, uuid4

import pytest

from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    OutcomeReported,
    PlayRated,
    RejectReason,
)
from services.router.outcomes import ENOUGH, Came, Precision, word_of
from tests.router.shell.building import NOON, a_page_view

HANDOFF = UUID(int=7)
ACT = {"handoff": HANDOFF, "actor": "maya", "at": NOON}


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(good: int, of: int, low: float, high: float) -> None:
    assert Precision(good, of - good).interval == pytest.approx((low, high), abs=0.00005)


def test_the_interval_holds_the_share_and_stays_between_nothing_and_all() -> None:
    for good, bad in product(range(40), repeat=2):
        precision = Precision(good, bad)
        low, high = precision.interval

        assert 0 <= low <= high <= 1
        assert not precision.known or low <= precision.share + 1e-12
        assert not precision.known or precision.share - 1e-12 <= high


def test_the_interval_is_true_about_as_often_as_it_says() -> None:
    """Of all samples that thirty handoffs of a rule that is right three times of four can give, weighed."""
    n, truth = 30, 0.75
    held = sum(
        comb(n, good) * truth**good * (1 - truth) ** (n - good)
        for good in range(n + 1)
        if Precision(good, n - good).interval[0] <= truth <= Precision(good, n - good).interval[1]
    )

    assert held == pytest.approx(0.95, abs=0.025)


def test_of_nothing_nothing_is_known_and_of_nine_too_little() -> None:
    assert Precision().interval == (0.0, 1.0)
    assert not Precision(ENOUGH - 1, 0).enough
    assert Precision(ENOUGH - 1, 1).enough


def test_only_a_bad_lead_counts_against_a_rule() -> None:
    precision = Precision()
    for came in (Came.GOOD, Came.GOOD, Came.BAD, Came.OTHER, Came.PENDING):
        precision = precision.and_one(came)

    assert precision == Precision(2, 1)


@pytest.mark.parametrize(
    ("reason", "came"),
    [(each, Came.BAD) for each in ("not_a_fit", "bad_data", "competitor_or_student")]
    + [(each, Came.OTHER) for each in ("not_ready", "no_answer", "play_did_not_fit", "wrong_rep", "no_capacity")],
)
def test_each_reason_of_the_closed_list_says_whose_fault_it_was(reason: str, came: Came) -> None:
    assert word_of(HandoffRejected(id=uuid4(), reason=RejectReason(reason), **ACT)) == (HANDOFF, came)


def test_a_rep_who_takes_it_up_and_a_deal_that_is_made_speak_for_it() -> None:
    assert word_of(HandoffAccepted(id=uuid4(), **ACT)) == (HANDOFF, Came.GOOD)
    assert word_of(AttemptLogged(id=uuid4(), result=AttemptResult.VOICEMAIL, **ACT)) == (HANDOFF, Came.GOOD)
    assert [word_of(OutcomeReported(id=uuid4(), outcome=each, **ACT)) for each in HandoffOutcome] == [
        (HANDOFF, Came.GOOD),
        (HANDOFF, Came.GOOD),
        (HANDOFF, Came.OTHER),
        (HANDOFF, Came.BAD),
    ]


def test_stars_and_page_views_say_nothing_of_a_handoff() -> None:
    assert word_of(PlayRated(id=uuid4(), stars=1, **ACT)) is None
    assert word_of(a_page_view("web:1")) is None
