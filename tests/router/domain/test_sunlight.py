"""H3: what costs a rep nothing is seen by their manager, so that it does not become a way to pick and choose."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.event import EventType
from schemas.feedback import AttemptLogged, AttemptResult, HandoffRejected, RejectReason
from schemas.handoff import HandoffState
from services.router.domain.decision import Remind, ReturnTurn
from services.router.domain.handoff import Handoff
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA = "ada@acme.example"


def an_office() -> tuple[Office, Handoff]:
    """Ada has asked for a call, and a rep has the card."""
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, says={"consultation": "yes"}))
    return office, office.handoff_of(ADA)


def an_act(kind: Any, handoff: Handoff, actor: str = "", at: datetime = MONDAY + MINUTE, **more: Any) -> Any:
    return kind(id=an_id((kind, at)), handoff=handoff.id, actor=actor or handoff.assignee, at=at, **more)


@pytest.mark.parametrize("reason", list(RejectReason))
def test_the_manager_hears_of_a_rejection_that_costs_its_rep_no_turn(reason: RejectReason) -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, reason=reason, note="Their number is a fax."))
    returned = [each for each in office.commands if isinstance(each, ReturnTurn)]
    heard = [each.persons for each in office.commands if isinstance(each, Remind)]
    told = " ".join(each.notice for each in office.commands if isinstance(each, Remind))

    assert heard == [("mona",)] * len(returned)
    assert told.endswith("Their note: Their number is a fax.") is bool(returned)


def test_what_is_told_of_one_round_never_has_the_number_of_what_was_told_before() -> None:
    office, handoff = an_office()
    office.draws = False
    office.take(an_act(AttemptLogged, handoff, result=AttemptResult.VOICEMAIL))
    office.until(MONDAY + DAY + HOUR)
    overdue = office.world.handoffs[handoff.id].reminders
    office.take(an_act(HandoffRejected, handoff, at=MONDAY + DAY + 2 * HOUR, reason=RejectReason.WRONG_REP))
    after = office.world.handoffs[handoff.id]

    assert (overdue, after.state, after.round) == (2, HandoffState.QUEUED, handoff.round)
    assert after.reminders > overdue


def test_what_the_manager_rejects_is_no_news_to_them() -> None:
    office, handoff = an_office()
    office.take(an_act(HandoffRejected, handoff, "mona", reason=RejectReason.BAD_DATA))

    assert any(isinstance(each, ReturnTurn) for each in office.commands)
    assert not any(isinstance(each, Remind) for each in office.commands)
