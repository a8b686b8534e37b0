"""H2: a further try has its deadline and its reminders, as the first one has; after the last there are none."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.event import EventType
from schemas.feedback import AttemptLogged, AttemptResult
from schemas.handoff import HandoffState
from services.router.domain.decision import Remind
from services.router.domain.handoff import Handoff
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

ADA = "ada@acme.example"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def hasty() -> Office:
    """With three tries in six hours, and a lead that asked for a call."""
    office = Office()
    plays = tuple(replace(play, attempt_window=6 * HOUR) for play in office.playbook.plays)
    office.playbook = replace(office.playbook, plays=plays)
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, says={"consultation": "yes"}))
    return office


def tried(office: Office, at: datetime) -> Handoff:
    handoff = office.handoff_of(ADA)
    fact = AttemptLogged(
        id=an_id(("try", at)), handoff=handoff.id, actor=handoff.assignee, at=at, result=AttemptResult.VOICEMAIL
    )
    office.take(fact)
    return office.handoff_of(ADA)


def said(office: Office) -> list[str]:
    return [each.notice for each in office.commands if isinstance(each, Remind)]


def test_a_further_try_is_reminded_of_at_half_of_the_time_and_at_four_fifths_of_it() -> None:
    office = hasty()
    handoff = tried(office, MONDAY + MINUTE)
    assert handoff.attempt_by == MONDAY + MINUTE + 2 * HOUR
    heard = []
    for part in (0.49, 0.5, 0.79, 0.8, 0.99):
        office.until(MONDAY + MINUTE + 2 * HOUR * part)
        heard.append(said(office))

    notice = "The next attempt is due soon."
    assert heard == [[], [notice], [notice], [notice] * 2, [notice] * 2]


def test_whoever_has_tried_meanwhile_hears_no_more_of_that_deadline() -> None:
    office = hasty()
    tried(office, MONDAY + MINUTE)
    tried(office, MONDAY + 2 * MINUTE)
    office.until(MONDAY + 2 * MINUTE + 2 * HOUR - MINUTE)

    assert len(said(office)) == 2


@pytest.mark.parametrize("tries", [3, 4])
def test_after_the_last_try_there_is_nothing_to_remind_of(tries: int) -> None:
    office = hasty()
    for number in range(tries):
        handoff = tried(office, MONDAY + number * MINUTE)
    office.until(MONDAY + 7 * DAY)

    assert handoff.attempts == tries
    assert said(office) == []
    assert office.world.handoffs[handoff.id].state is HandoffState.EXPIRED
