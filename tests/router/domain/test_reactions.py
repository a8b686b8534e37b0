"""H: what people did and which deadlines came, and what is next."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.event import EventType
from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    HandoffSnoozed,
    OutcomeReported,
    PlayRated,
    RejectReason,
    TimerFired,
    TimerKind,
)
from schemas.handoff import OPEN, HandoffState
from schemas.lead import LifecycleStage
from schemas.verdict import Outcome, Rule
from services.router.domain.decision import ChangeTrack, Remind, ReturnTurn, SaveHandoff
from services.router.domain.handoff import Handoff
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

FORM, PAPER, PAGE = EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED, EventType.PAGE_VIEWED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA = "ada@acme.example"


def an_office() -> tuple[Office, Handoff]:
    """Ada has asked for a call, and a rep has the card."""
    office = Office()
    office.take(an_event(FORM, ADA, says={"consultation": "yes", "title": "Vice President"}))
    return office, office.handoff_of(ADA)


def an_act(kind: Any, handoff: Handoff, actor: str = "", at: datetime = MONDAY + MINUTE, **more: Any) -> Any:
    who = actor or handoff.assignee
    return kind(id=an_id((kind.__name__, handoff.id, who, at, str(more))), handoff=handoff.id, actor=who, at=at, **more)


def now(office: Office, handoff: Handoff) -> Handoff:
    return office.world.handoffs[handoff.id]


def test_accepting_makes_a_sal_and_sets_the_next_deadline() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffAccepted, handoff))
    after, standing = now(office, handoff), office.lead_of(ADA).standing

    assert (after.state, after.attempt_by) == (HandoffState.ACCEPTED, MONDAY + MINUTE + 2 * HOUR)
    assert (standing.lifecycle, standing.owner) == (LifecycleStage.SAL, handoff.assignee)
    assert {each.kind for each in office.timers} >= {TimerKind.ATTEMPT_REMINDER, TimerKind.ATTEMPT_DEADLINE}


@pytest.mark.parametrize(
    ("reason", "state", "disqualified", "turn_back"),
    [
        (RejectReason.WRONG_REP, HandoffState.OFFERED, False, True),
        (RejectReason.NO_CAPACITY, HandoffState.OFFERED, False, False),
        (RejectReason.PLAY_DID_NOT_FIT, HandoffState.OFFERED, False, False),
        (RejectReason.NO_ANSWER, HandoffState.OFFERED, False, False),
        (RejectReason.NOT_READY, HandoffState.RECYCLED, False, False),
        (RejectReason.NOT_A_FIT, HandoffState.DISQUALIFIED, True, False),
        (RejectReason.BAD_DATA, HandoffState.DISQUALIFIED, True, True),
        (RejectReason.COMPETITOR_OR_STUDENT, HandoffState.DISQUALIFIED, True, True),
    ],
)
def test_the_reason_of_a_rejection_drives_what_is_next(
    reason: RejectReason, state: HandoffState, disqualified: bool, turn_back: bool
) -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=reason))
    after = now(office, handoff)
    told = [each.handoff.state for each in office.commands if isinstance(each, SaveHandoff)]

    assert (after.state, office.lead_of(ADA).standing.disqualified) == (state, disqualified)
    assert HandoffState.REJECTED in told
    assert any(isinstance(each, ReturnTurn) for each in office.commands) is turn_back
    assert after.assignee != handoff.assignee or after.state not in OPEN


def test_who_was_asked_as_the_owner_took_no_turn_and_gets_none_back() -> None:
    office = Office()
    office.take(an_event(FORM, "hank@globex.example", says={"consultation": "yes"}))
    handoff = office.handoff_of("hank@globex.example")
    office.take(an_act(HandoffRejected, handoff, reason=RejectReason.WRONG_REP))

    assert (handoff.assignee, now(office, handoff).passed_over) == ("olga", ("olga",))
    assert not any(isinstance(each, ReturnTurn) for each in office.commands)


def test_it_never_goes_back_to_who_rejected_it_and_ends_with_the_last_resort() -> None:
    office, handoff = an_office()
    asked = [handoff.assignee]
    for n in range(3):
        office.take(
            an_act(HandoffRejected, now(office, handoff), at=MONDAY + n * MINUTE, reason=RejectReason.NO_CAPACITY)
        )
        asked.append(now(office, handoff).assignee)

    assert sorted(asked[:2]) == ["ruth", "saul"]
    assert asked[2:] == ["mona", "mona"]


def test_a_failed_play_is_tried_again_with_the_fallback() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=RejectReason.PLAY_DID_NOT_FIT))

    assert (handoff.play, now(office, handoff).play) == ("call_back", "open_door")


def test_no_answer_counts_only_after_somebody_tried() -> None:
    office, handoff = an_office()
    office.take(an_act(AttemptLogged, handoff, result=AttemptResult.NO_ANSWER))
    office.take(an_act(HandoffRejected, handoff, at=MONDAY + HOUR, reason=RejectReason.NO_ANSWER))

    assert now(office, handoff).state is HandoffState.RECYCLED


def test_a_recycled_lead_rests_until_the_cool_down_is_over() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=RejectReason.NOT_READY))
    soon = office.verdict(an_event(PAGE, ADA, at=MONDAY + DAY))
    later = office.verdict(an_event(PAGE, ADA, at=MONDAY + 31 * DAY))

    assert (soon.outcome, later.outcome) == (Outcome.NURTURE, Outcome.PASS)
    assert later.fired == (Rule.SCORE_THRESHOLD,)
    assert any(isinstance(each, ChangeTrack) for each in office.commands)


def test_a_disqualified_lead_starts_anew_only_by_asking() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=RejectReason.NOT_A_FIT))
    reads = office.verdict(an_event(PAPER, ADA, at=MONDAY + 60 * DAY))
    asks = office.verdict(an_event(FORM, ADA, at=MONDAY + 61 * DAY, says={"consultation": "yes"}))

    assert (reads.outcome, asks.outcome) == (Outcome.NURTURE, Outcome.PASS)


def test_reminders_then_somebody_else_and_the_manager_hears_of_it() -> None:
    office, handoff = an_office()
    office.until(handoff.accept_by)  # type: ignore[arg-type]  # an offered handoff has a deadline
    after = now(office, handoff)
    reminded = [each for each in office.commands if isinstance(each, Remind)]

    assert len(reminded) == 3
    assert reminded[-1].persons == ("mona",)
    assert (after.round, after.passed_over) == (2, (handoff.assignee,))
    assert after.assignee not in ("", handoff.assignee)
    assert after.accept_by > handoff.accept_by  # type: ignore[operator]  # both are offered


def test_an_act_before_the_deadline_beats_the_timer() -> None:
    office, handoff = an_office()
    due = handoff.accept_by
    assert due is not None
    office.take(an_act(HandoffAccepted, handoff, at=due - timedelta(seconds=1)))
    office.until(due)

    assert now(office, handoff).state is HandoffState.ACCEPTED


def test_an_older_rounds_timer_is_a_no_op() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=RejectReason.NO_CAPACITY))
    before = now(office, handoff)
    old = TimerFired(
        id=an_id("old"), kind=TimerKind.ACCEPT_DEADLINE, subject=handoff.id, due_at=before.accept_by or MONDAY, round=1
    )
    office.take(old)

    assert now(office, handoff) == before


@pytest.mark.parametrize("kind", [HandoffAccepted, HandoffSnoozed, PlayRated])
def test_what_comes_twice_or_from_a_stranger_changes_nothing(kind: Any) -> None:
    more = {HandoffSnoozed: {"until": MONDAY + HOUR}, PlayRated: {"stars": 5}}.get(kind, {})
    office, handoff = an_office()
    office.take(an_act(kind, handoff, "nobody", **more))
    stranger = now(office, handoff)
    office.take(an_act(HandoffAccepted, handoff))
    once = now(office, handoff)
    office.take(an_act(HandoffAccepted, handoff, at=MONDAY + 2 * MINUTE))

    assert stranger == handoff
    assert now(office, handoff) == once


def test_attempts_move_the_deadline_until_the_play_is_exhausted_then_it_expires() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffAccepted, handoff))
    deadlines = []
    for n in range(3):
        office.take(an_act(AttemptLogged, handoff, at=MONDAY + n * DAY + HOUR, result=AttemptResult.VOICEMAIL))
        deadlines.append(now(office, handoff).attempt_by)
    office.until(MONDAY + 10 * DAY)

    assert deadlines == [MONDAY + DAY + HOUR, MONDAY + 2 * DAY + HOUR, MONDAY + 3 * DAY + HOUR]
    assert now(office, handoff).state is HandoffState.EXPIRED
    assert office.lead_of(ADA).standing.handoff is None


def test_an_accepted_lead_without_an_attempt_goes_to_somebody_else() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffAccepted, handoff))
    office.until(MONDAY + 2 * HOUR + 2 * MINUTE)
    after = now(office, handoff)

    assert after.state is HandoffState.OFFERED
    assert after.assignee not in ("", handoff.assignee)


def test_the_last_resort_keeps_it_and_is_told_again() -> None:
    office, handoff = an_office()
    office.until(MONDAY + 7 * DAY)
    after = now(office, handoff)

    assert (after.state, after.assignee) == (HandoffState.OFFERED, "mona")
    assert after.again_at > MONDAY + 7 * DAY  # type: ignore[operator]  # it is overdue


@pytest.mark.parametrize(
    ("outcome", "state", "stage"),
    [
        (HandoffOutcome.QUALIFIED, HandoffState.QUALIFIED, LifecycleStage.OPPORTUNITY),
        (HandoffOutcome.CONVERTED, HandoffState.CONVERTED, LifecycleStage.CUSTOMER),
        (HandoffOutcome.RECYCLED, HandoffState.RECYCLED, LifecycleStage.LEAD),
        (HandoffOutcome.DISQUALIFIED, HandoffState.DISQUALIFIED, LifecycleStage.SAL),
    ],
)
def test_the_outcome_closes_it_and_moves_the_lead(
    outcome: HandoffOutcome, state: HandoffState, stage: LifecycleStage
) -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffAccepted, handoff))
    office.take(an_act(OutcomeReported, handoff, "crm", at=MONDAY + HOUR, outcome=outcome))
    standing = office.lead_of(ADA).standing

    assert (now(office, handoff).state, standing.lifecycle, standing.handoff) == (state, stage, None)


def test_closed_won_comes_after_qualified() -> None:
    office, handoff = an_office()
    office.take(an_act(OutcomeReported, handoff, outcome=HandoffOutcome.QUALIFIED))
    office.take(an_act(OutcomeReported, handoff, "crm", at=MONDAY + DAY, outcome=HandoffOutcome.CONVERTED))

    assert now(office, handoff).state is HandoffState.CONVERTED
    assert office.lead_of(ADA).standing.lifecycle is LifecycleStage.CUSTOMER


def test_a_snoozed_card_comes_back_while_the_clock_goes_on() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffSnoozed, handoff, until=MONDAY + 10 * MINUTE))
    office.until(MONDAY + 10 * MINUTE)

    assert [each.notice for each in office.commands if isinstance(each, Remind)] == ["You asked to see this again now."]
    assert now(office, handoff).accept_by == handoff.accept_by


def test_every_act_that_changed_a_lead_has_its_own_number() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffAccepted, handoff))
    verdict = office.verdict(an_event(PAGE, ADA, at=MONDAY + HOUR))

    assert verdict.lead_seq == 3
