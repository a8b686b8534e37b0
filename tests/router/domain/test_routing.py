"""R: who deserves a salesperson now, told as the business would tell it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.event import Event, EventType, Mark
from schemas.feedback import TimerKind
from schemas.handoff import HandoffState
from schemas.lead import LifecycleStage, Priority
from schemas.verdict import Outcome, Rule, Ternary
from services.router.domain.decision import ChangeTrack, SaveHandoff, SaveTriage, SetTimer
from services.router.domain.playbook import Scoring, SuppressionKind, Suppressions
from tests.router.builders import MONDAY, a_playbook, an_event, email
from tests.router.office import Office, codes

PAGE, PAPER, FORM = EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED, EventType.FORM_SUBMITTED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA = "ada@acme.example"
READY = {"budget": "yes", "time_frame": "now"}
VP = {"title": "Vice President Sales"}


def a_request(*people: str, **more: object) -> Event:
    says = {"consultation": "yes", **more.pop("says", {})}  # type: ignore[dict-item]  # says is a dict where given
    return an_event(FORM, *people, says=says, **more)  # type: ignore[arg-type]  # as an_event takes them


@pytest.mark.parametrize(
    ("story", "event", "outcome", "fired"),
    [
        ("a stranger asks to talk", a_request(ADA), Outcome.PASS, (Rule.CONSULTATION,)),
        ("the checklist is true", an_event(FORM, ADA, says=READY), Outcome.PASS, (Rule.SQL_CRITERIA,)),
        ("the score is reached", an_event(FORM, ADA, says=VP), Outcome.PASS, (Rule.SCORE_THRESHOLD,)),
        ("a target responds", an_event(PAGE, "x@globex.example"), Outcome.PASS, (Rule.TARGET_RESPONDS,)),
        ("an open is no response", an_event(EventType.EMAIL_OPENED, "x@globex.example"), Outcome.NURTURE, ()),
        ("a bounce is no response", an_event(EventType.EMAIL_BOUNCED, "x@globex.example"), Outcome.NURTURE, ()),
        ("the budget is no", an_event(FORM, ADA, says={"budget": "no"}), Outcome.NURTURE, ()),
        ("nothing is known", an_event(PAGE, ADA), Outcome.NURTURE, ()),
        ("interest, but questions", an_event(PAPER, ADA), Outcome.TRIAGE, ()),
        ("an anonymous page view", an_event(PAGE, "c1"), Outcome.NURTURE, ()),
        ("a bot", an_event(PAGE, "c1", marks=(Mark.BOT,)), Outcome.IGNORE, ()),
        ("a scanner at a target", an_event(PAGE, "x@globex.example", marks=(Mark.SCANNER,)), Outcome.IGNORE, ()),
        ("spam that asks", a_request(ADA, marks=(Mark.HONEYPOT,)), Outcome.TRIAGE, ()),
        ("a competitor asks", a_request("eve@rival.example"), Outcome.TRIAGE, (Rule.CONSULTATION,)),
        ("a competitor reads", an_event(PAGE, "eve@rival.example"), Outcome.IGNORE, ()),
        ("an old request", a_request(ADA, late=3 * DAY), Outcome.PASS, (Rule.CONSULTATION,)),
        ("an imported request", a_request(ADA, historical=True), Outcome.PASS, (Rule.CONSULTATION,)),
        ("an old good score", an_event(FORM, ADA, says=VP, late=3 * DAY), Outcome.NURTURE, ()),
        ("an old checklist", an_event(FORM, ADA, says=READY, historical=True), Outcome.NURTURE, ()),
        ("nobody at all asks", a_request(), Outcome.PASS, (Rule.CONSULTATION,)),
        ("nobody at all reads", an_event(PAGE), Outcome.IGNORE, ()),
        ("a stated company on the list", an_event(PAGE, "c1", says={"company": "Globex Ltd"}), Outcome.PASS,
         (Rule.TARGET_RESPONDS,)),
        ("all at once", a_request("x@globex.example", says={**READY, **VP}), Outcome.PASS, tuple(Rule)),
    ],
)  # fmt: skip
def test_one_event_leads_to(story: str, event: Event, outcome: Outcome, fired: tuple[Rule, ...]) -> None:
    verdict = Office().verdict(event)

    assert (verdict.outcome, verdict.fired) == (outcome, fired), story
    assert verdict.reasons
    assert all(reason.text for reason in verdict.reasons)


def test_a_late_request_passes_and_says_that_it_is_late() -> None:
    office = Office()
    verdict = office.verdict(a_request(ADA, late=3 * DAY))

    assert "late_request" in codes(verdict)
    assert office.handoff_of(ADA).flags == ("late",)


def test_an_event_too_old_leaves_the_rule_armed_and_a_receipt_of_what_it_stopped() -> None:
    office = Office()
    old = office.verdict(an_event(FORM, ADA, says=VP, late=3 * DAY))
    live = office.verdict(an_event(PAGE, ADA, at=MONDAY + 4 * DAY))

    assert codes(old) == ["late", "late_score_threshold"]
    assert old.receipt is not None
    assert old.receipt.facts["blocked"] == ["score_threshold"]
    assert live.fired == (Rule.SCORE_THRESHOLD,)


def test_a_suppressed_request_waits_in_triage_with_its_receipt() -> None:
    office = Office()
    verdict = office.verdict(a_request("eve@rival.example"))
    item = office.triage_of("eve@rival.example")

    assert codes(verdict) == ["suppressed_competitor", "consultation"]
    assert verdict.receipt is not None
    assert verdict.receipt.rules["consultation"] is Ternary.TRUE
    assert (item.why, item.rules, item.open) == ("competitor", (Rule.CONSULTATION,), True)
    assert item.due_at == MONDAY + 4 * HOUR


def test_a_subdomain_of_a_suppressed_domain_is_suppressed() -> None:
    assert Office().verdict(a_request("eve@mail.rival.example")).outcome is Outcome.TRIAGE


def test_a_flood_of_claimed_requests_goes_to_triage_together() -> None:
    office = Office()
    for number in range(10):
        office.take(a_request("bob@new.example", id=f"request {number}", at=MONDAY + number * timedelta(seconds=1)))
    flooded = office.verdict(a_request("bob@new.example", id="one more", at=MONDAY + MINUTE))
    calm = office.verdict(a_request("bob@new.example", id="later", at=MONDAY + HOUR))

    assert (flooded.outcome, codes(flooded)[0]) == (Outcome.TRIAGE, "flood")
    assert flooded.receipt is not None
    assert list(flooded.receipt.facts["flood"].values()) == [11]
    assert calm.outcome is Outcome.UPDATE


def test_attested_records_are_never_a_flood() -> None:
    office = Office()
    outcomes = {
        office.verdict(
            an_event(FORM, email(f"p{n}@new.example", attested=True), form_id="crm", says={"consultation": "yes"})
        ).outcome
        for n in range(250)
    }

    assert outcomes == {Outcome.PASS}


def test_a_form_above_its_rate_stops_waking_reps() -> None:
    office = Office(draws=False)
    events = [a_request(f"p{n}@new.example", form_id="demo", id=f"form {n}") for n in range(203)]
    verdicts = office.take(*events)

    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS] * 200 + [Outcome.TRIAGE] * 3


def test_the_threshold_fires_once_until_recycled() -> None:
    office = Office()
    first = office.verdict(an_event(FORM, ADA, says=VP))
    second = office.verdict(an_event(PAGE, ADA, at=MONDAY + MINUTE))

    assert (first.outcome, second.outcome) == (Outcome.PASS, Outcome.UPDATE)
    assert second.fired == ()
    assert codes(second) == ["already_with_sales"]


def test_a_score_lifted_by_a_publish_fires_at_the_next_live_event() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    office.playbook = replace(office.playbook, scoring=replace(office.playbook.scoring, threshold=60_000))
    verdict = office.verdict(an_event(PAGE, ADA, at=MONDAY + MINUTE))

    assert verdict.fired == (Rule.SCORE_THRESHOLD,)


def test_a_new_reason_tightens_the_open_handoff_and_tells_the_assignee() -> None:
    office = Office()
    office.take(an_event(FORM, ADA, says=VP))
    before = office.handoff_of(ADA)
    verdict = office.verdict(a_request(ADA, at=MONDAY + MINUTE, says={"product": "Pump"}))
    after = office.handoff_of(ADA)

    assert (verdict.outcome, verdict.handoff) == (Outcome.UPDATE, before.id)
    assert after.rules == (Rule.CONSULTATION, Rule.SCORE_THRESHOLD)
    assert after.play == "call_back"
    assert after.version == before.version + 1
    assert office.commands[-1].tell == "New: They asked to talk to somebody."
    assert after.brief.interest == "Pump"


def test_a_better_priority_brings_the_deadline_forward_and_never_back() -> None:
    office = Office()
    office.take(a_request(ADA))
    slow = office.handoff_of(ADA)
    office.take(a_request(ADA, at=MONDAY + MINUTE, id="again", says=VP), an_event(PAPER, ADA, at=MONDAY + MINUTE))
    office.take(a_request(ADA, at=MONDAY + 2 * MINUTE, id="and again"))
    fast = office.handoff_of(ADA)

    assert (slow.priority, fast.priority) == (Priority.D, Priority.B)
    assert slow.accept_by == MONDAY + 2 * HOUR
    assert fast.accept_by == MONDAY + 2 * MINUTE + HOUR
    assert SetTimer(TimerKind.ACCEPT_DEADLINE, fast.id, fast.accept_by, None, 1) in office.timers


def test_asking_again_is_always_news() -> None:
    office = Office()
    office.take(a_request(ADA))
    verdict = office.verdict(a_request(ADA, id="again", at=MONDAY + HOUR))

    assert verdict.outcome is Outcome.UPDATE
    assert office.handoff_of(ADA).version > 2


def test_only_rule_2_makes_a_lead_an_sql() -> None:
    office = Office()
    office.take(a_request(ADA), an_event(FORM, "grace@acme.example", says=READY))

    assert office.lead_of(ADA).standing.lifecycle is LifecycleStage.MQL
    assert office.lead_of("grace@acme.example").standing.lifecycle is LifecycleStage.SQL


def test_an_unknown_checklist_with_interest_asks_a_person_the_few_questions() -> None:
    office = Office()
    verdict = office.verdict(an_event(PAPER, ADA, says={"time_frame": "now"}))
    item = office.triage_of(ADA)

    assert item.questions == ("Is a budget approved?",)
    assert verdict.receipt is not None
    assert verdict.receipt.questions == item.questions
    assert "If there were 50 points more: pass." in verdict.receipt.flip
    assert "If this held: lead.budget is yes: pass." in verdict.receipt.flip


def test_what_waits_in_triage_asks_only_once_and_a_rule_takes_it_out() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    waits = office.verdict(an_event(PAGE, ADA, at=MONDAY + MINUTE))
    asks = office.verdict(a_request(ADA, at=MONDAY + HOUR))

    assert (waits.outcome, codes(waits)) == (Outcome.TRIAGE, ["in_triage"])
    assert asks.outcome is Outcome.PASS
    assert office.world.triage[item.id].open is False
    assert office.lead_of(ADA).standing.triage is None


def test_who_is_not_ready_is_enrolled_once_with_the_unknown_to_resolve() -> None:
    office = Office()
    office.take(an_event(FORM, ADA, says={"budget": "no"}), an_event(PAGE, ADA, at=MONDAY + MINUTE))
    enrolled = [each for each in office.commands if isinstance(each, ChangeTrack)]

    assert [(each.track, each.resolve) for each in enrolled] == [("general", "")]
    assert office.lead_of(ADA).standing.nurture == "general"


def test_an_absent_field_is_unknown_and_an_absent_behaviour_is_zero() -> None:
    office = Office()
    verdict = office.verdict(an_event(FORM, ADA, says={"time_frame": "later"}))

    assert codes(verdict) == ["not_time"]


def test_small_teams_without_scoring_triage_every_response() -> None:
    office = Office(a_playbook(scoring=Scoring(on=False)))
    verdict = office.verdict(an_event(PAGE, ADA))

    assert verdict.outcome is Outcome.TRIAGE


def test_an_employee_over_the_threshold_is_looked_at_once() -> None:
    staff = Suppressions(domains={"acme.example": SuppressionKind.EMPLOYEE})
    office = Office(a_playbook(suppressions=staff))
    outcomes = [office.verdict(an_event(FORM, ADA, says=VP, at=MONDAY + n * MINUTE)).outcome for n in range(3)]

    assert outcomes == [Outcome.TRIAGE] * 3
    assert len([each for each in office.commands if isinstance(each, SaveTriage)]) == 1


def test_every_handoff_is_queued_with_a_team_before_a_rep_is_drawn() -> None:
    office = Office(draws=False)
    office.take(a_request(ADA))
    (saved,) = [each.handoff for each in office.commands if isinstance(each, SaveHandoff)]

    assert (saved.state, saved.team, saved.play, saved.accept_by) == (HandoffState.QUEUED, "inside", "call_back", None)
    assert saved.received_at == MONDAY


def test_the_receipt_holds_every_rule_and_sums_up() -> None:
    verdict = Office().verdict(an_event(FORM, ADA, says=VP))
    receipt = verdict.receipt

    assert receipt is not None
    assert set(receipt.rules) == set(Rule)
    assert receipt.score == sum(each.points for each in receipt.contributions) == 100_000
    assert receipt.flip == ("If there were 0.001 points less: nurture.",)
    assert receipt.facts["persona"] == "vp"
    assert (receipt.play, receipt.team) == ("open_door", "inside")


def test_the_earliest_contact_is_that_of_the_least_patient_trigger() -> None:
    rules = dict(a_playbook().rules)
    rules[Rule.SCORE_THRESHOLD] = replace(rules[Rule.SCORE_THRESHOLD], not_before=HOUR)
    office = Office(a_playbook(rules=rules))
    office.take(an_event(FORM, ADA, says=VP), a_request("grace@acme.example", says=VP))

    assert office.handoff_of(ADA).not_before == MONDAY + HOUR
    assert office.handoff_of("grace@acme.example").not_before is None
