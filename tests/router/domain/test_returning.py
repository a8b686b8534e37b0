"""H3: a rep gives a lead back until a day of their choosing, and on that day it comes back to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.event import EventType, Mark
from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    LeadErased,
    OutcomeReported,
    RejectReason,
)
from schemas.handoff import OPEN, HandoffState
from schemas.verdict import Rule
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import SuppressionKind, Suppressions
from tests.router.builders import MONDAY, an_event, an_id, email
from tests.router.office import Office

FORM, STATED = EventType.FORM_SUBMITTED, EventType.PROFILE_STATED
ADA, LOVELACE = "ada@acme.example", "ada.lovelace@acme.example"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THAT_DAY = date(2026, 10, 6)
THAT_MORNING = datetime(2026, 10, 6, 7, tzinfo=UTC)
"""Nine in the morning where the rep is."""


def asks(name: str = ADA, **more: Any) -> Any:
    return an_event(FORM, name, says={"consultation": "yes"}, **more)


def rejects(handoff: Handoff, **said: Any) -> HandoffRejected:
    more = {"reason": RejectReason.NOT_READY, "again_on": THAT_DAY, "note": "After the budget round.", **said}
    return HandoffRejected(id=an_id(("no", handoff.id)), handoff=handoff.id, actor=handoff.assignee, at=MONDAY, **more)


def a_lead_given_back(**said: Any) -> tuple[Office, Handoff]:
    office = Office()
    office.take(asks())
    handoff = office.handoff_of(ADA)
    office.take(rejects(handoff, **said))
    return office, handoff


def opened(office: Office) -> list[Handoff]:
    return [each for each in office.world.handoffs.values() if each.state in OPEN]


def test_until_that_day_it_is_in_nurture_and_then_the_same_rep_has_it_as_a_new_play() -> None:
    office, before = a_lead_given_back()
    office.until(THAT_MORNING - timedelta(seconds=1))
    meanwhile = opened(office)
    office.until(THAT_MORNING)
    after = office.handoff_of(ADA)

    assert meanwhile == []
    assert office.world.handoffs[before.id].state is HandoffState.RECYCLED
    assert (after.assignee, after.rules, after.play) == (before.assignee, (Rule.CONSULTATION,), "call_back")
    assert (after.state, after.priority, after.received_at) == (HandoffState.OFFERED, before.priority, THAT_MORNING)
    assert after.brief.why_now == (f"{before.assignee.title()} asked to see them again today: After the budget round.",)
    assert office.lead_of(ADA).standing.returns is None


def test_on_a_day_off_it_comes_back_when_the_rep_works_again() -> None:
    office, _ = a_lead_given_back(again_on=date(2026, 10, 3))
    office.until(datetime(2026, 10, 5, 7, tzinfo=UTC))

    assert office.handoff_of(ADA).received_at == datetime(2026, 10, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize("day", [None, date(2026, 9, 13), date(2026, 9, 14), date(2027, 9, 16)])
def test_a_day_that_is_none_to_come_changes_nothing(day: date | None) -> None:
    office, _ = a_lead_given_back(again_on=day)
    office.until(MONDAY + 800 * DAY)

    assert opened(office) == []
    assert office.lead_of(ADA).standing.returns is None


@pytest.mark.parametrize("reason", [each for each in RejectReason if each is not RejectReason.NOT_READY])
def test_only_what_goes_back_to_nurture_comes_back(reason: RejectReason) -> None:
    office, _ = a_lead_given_back(reason=reason)

    assert office.lead_of(ADA).standing.returns is None


def test_who_could_not_be_reached_comes_back_as_well_once_somebody_has_tried() -> None:
    office = Office()
    office.take(asks())
    handoff = office.handoff_of(ADA)
    tried = AttemptLogged(
        id=an_id("try"), handoff=handoff.id, actor=handoff.assignee, at=MONDAY, result=AttemptResult.VOICEMAIL
    )
    office.take(tried, rejects(handoff, reason=RejectReason.NO_ANSWER))
    office.until(THAT_MORNING)

    assert office.handoff_of(ADA).assignee == handoff.assignee


def test_an_outcome_gives_a_lead_back_until_a_day_too() -> None:
    office = Office()
    office.take(asks())
    handoff = office.handoff_of(ADA)
    said: Any = {"handoff": handoff.id, "actor": handoff.assignee, "at": MONDAY}
    office.take(HandoffAccepted(id=an_id("yes"), **said))
    office.take(OutcomeReported(id=an_id("end"), outcome=HandoffOutcome.RECYCLED, again_on=THAT_DAY, **said))
    office.until(THAT_MORNING)

    assert office.handoff_of(ADA).assignee == handoff.assignee


def the_lead_is_with_sales_again(office: Office) -> None:
    office.take(asks(at=THAT_MORNING - DAY, id="again"))


def the_lead_is_on_a_list(office: Office) -> None:
    listed = Suppressions({ADA: SuppressionKind.DO_NOT_CONTACT}, {})
    office.playbook = replace(office.playbook, suppressions=listed)


def the_lead_is_forgotten(office: Office) -> None:
    office.take(LeadErased(id=an_id("forget"), email=ADA, actor="dpo", at=MONDAY + DAY))


def the_lead_is_nobody_for_sales(office: Office) -> None:
    office.take(asks(at=MONDAY + DAY, id="again"))
    office.take(rejects(office.handoff_of(ADA), reason=RejectReason.NOT_A_FIT, again_on=None))


def the_lead_has_bought(office: Office) -> None:
    office.take(asks(at=MONDAY + DAY, id="again"))
    handoff, won = office.handoff_of(ADA), HandoffOutcome.CONVERTED
    office.take(OutcomeReported(id=an_id("won"), handoff=handoff.id, actor="crm", at=MONDAY + DAY, outcome=won))


@pytest.mark.parametrize(
    "meanwhile",
    [
        the_lead_is_with_sales_again,
        the_lead_is_on_a_list,
        the_lead_is_forgotten,
        the_lead_is_nobody_for_sales,
        the_lead_has_bought,
    ],
)
def test_no_second_play_comes_of_it(meanwhile: Callable[[Office], None]) -> None:
    office, _ = a_lead_given_back()
    meanwhile(office)
    before = len(office.world.handoffs)
    office.until(THAT_MORNING)

    assert len(office.world.handoffs) == before
    assert office.lead_of(ADA).standing.returns is None


def test_the_last_day_that_was_named_holds() -> None:
    office, _ = a_lead_given_back()
    office.take(asks(at=MONDAY + DAY, id="again"))
    office.take(rejects(office.handoff_of(ADA), again_on=date(2026, 10, 13)))
    office.until(THAT_MORNING + 6 * DAY)
    early = opened(office)
    office.until(THAT_MORNING + 7 * DAY)

    assert early == []
    assert len(opened(office)) == 1


def test_whose_rep_has_left_comes_back_to_somebody_else() -> None:
    office, before = a_lead_given_back()
    left = before.assignee
    team = office.playbook.teams["inside"]
    reps = {name: rep for name, rep in office.playbook.reps.items() if name != left}
    others = replace(team, reps=tuple(name for name in team.reps if name != left))
    office.playbook = replace(office.playbook, reps=reps, teams={"inside": others})
    office.until(THAT_MORNING)

    assert office.handoff_of(ADA).assignee in others.reps


def test_two_leads_that_are_one_person_come_back_once_on_the_earlier_day() -> None:
    office, _ = a_lead_given_back()
    office.take(asks(LOVELACE))
    office.take(rejects(office.handoff_of(LOVELACE), again_on=date(2026, 10, 8)))
    both = (email(ADA, attested=True), email(LOVELACE, attested=True))
    office.take(an_event(STATED, *both, at=MONDAY + DAY, source="hubspot"))
    office.until(THAT_MORNING)
    first = opened(office)
    office.until(THAT_MORNING + 3 * DAY)

    assert len(first) == 1
    assert office.lead_of(LOVELACE).id == office.lead_of(ADA).id == first[0].lead
    assert len(opened(office)) == 1


def test_what_waits_in_triage_by_then_is_settled_by_it() -> None:
    office, _ = a_lead_given_back()
    office.take(asks(at=MONDAY + DAY, marks=(Mark.HONEYPOT,)))
    item = office.triage_of(ADA)
    office.until(THAT_MORNING)
    after = office.world.triage[item.id]

    assert (after.open, after.choice) == (False, "pass")
    assert office.lead_of(ADA).standing.triage is None
    assert office.handoff_of(ADA).received_at == THAT_MORNING
