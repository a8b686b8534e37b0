"""H6: into the first track that fits, out of it when sales has the lead or nobody wants it."""

from datetime import datetime, timedelta

from schemas.enrolment import Contact, EnrolmentStep
from schemas.event import Event, EventType
from schemas.fact import replace
from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffOutcome,
    HandoffRejected,
    LeadErased,
    OutcomeReported,
    RejectReason,
    TriageChoice,
    TriageDecided,
)
from schemas.lead import LifecycleStage
from schemas.verdict import Outcome
from services.router.domain.decision import ChangeTrack, ForgetEnrolment
from services.router.domain.playbook import NurtureTrack
from tests.router.builders import MONDAY, a_playbook, always, an_event, an_id, cookie, email, equals
from tests.router.office import Office

FORM, PAGE, PAPER = EventType.FORM_SUBMITTED, EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA, RIVAL = "ada@acme.example", "eve@rival.example"
NO_BUDGET = {"budget": "no"}


def a_request(*people: str, at: datetime = MONDAY, id: object = None) -> Event:  # noqa: A002  (as an_event calls it)
    return an_event(FORM, *people, at=at, id=id, says={"consultation": "yes"})


def changes(office: Office) -> list[tuple[str, str]]:
    """(step, track) of everything a tool is to be told, in order."""
    return [(each.step.value, each.track) for each in office.commands if isinstance(each, ChangeTrack)]


def enrolled(office: Office, person: str = ADA) -> Office:
    office.take(an_event(FORM, person, says={**NO_BUDGET, "full_name": "Ada Lovelace", "company": "Acme"}))
    return office


def rejected(office: Office, reason: RejectReason, *, at: timedelta = 2 * HOUR) -> None:
    handoff = office.handoff_of(ADA)
    act = HandoffRejected(id=an_id("no"), handoff=handoff.id, actor=handoff.assignee, at=MONDAY + at, reason=reason)
    office.take(act)


def test_the_tool_is_told_who_it_is_why_and_by_which_verdict() -> None:
    office = enrolled(Office())
    (told,) = [each for each in office.commands if isinstance(each, ChangeTrack)]
    verdict = office.settled[-1].verdict

    assert told.contact == Contact(email=ADA, name="Ada Lovelace", company="Acme")
    assert (told.step, told.verdict, told.cause) == (EnrolmentStep.ENROLLED, verdict.id, verdict.event)
    assert told.reason == " ".join(reason.text for reason in verdict.reasons)
    assert (told.since, told.at) == (MONDAY, MONDAY)


def test_the_same_fact_makes_the_same_enrolment() -> None:
    first, again = (enrolled(Office()).lead_of(ADA).standing.stays for _ in range(2))

    assert first == again
    assert len(first) == 1


def test_whoever_goes_to_sales_graduates_and_sales_hears_of_the_warm_up() -> None:
    office = enrolled(Office())
    office.take(a_request(ADA, at=MONDAY + 9 * DAY))
    standing = office.lead_of(ADA).standing

    assert changes(office) == [("enrolled", "general"), ("graduated", "general")]
    assert (standing.nurture, [bool(stay.left) for stay in standing.stays]) == ("", [True])
    assert office.handoff_of(ADA).brief.history[-1] == "In nurture since 2026-09-14: General"


def test_a_new_reason_does_not_lose_the_warm_up() -> None:
    office = enrolled(Office())
    office.take(a_request(ADA, at=MONDAY + 9 * DAY), a_request(ADA, at=MONDAY + 10 * DAY, id="again"))

    assert office.handoff_of(ADA).brief.history[-1] == "In nurture from 2026-09-14 to 2026-09-23: General"


def test_a_lead_that_sales_sends_back_begins_a_new_stay() -> None:
    office = enrolled(Office())
    office.take(a_request(ADA, at=MONDAY + HOUR))
    rejected(office, RejectReason.NOT_READY)
    first, second = office.lead_of(ADA).standing.stays

    assert changes(office) == [("enrolled", "general"), ("graduated", "general"), ("enrolled", "general")]
    assert (first.left != 0, second.left, first.id != second.id) == (True, 0, True)
    assert office.commands[-1].reason == "Sales gave the lead back: not ready."


def test_nobody_for_sales_is_nobody_for_nurture() -> None:
    office = Office()
    office.take(an_event(PAGE, ADA), an_event(PAPER, ADA, at=MONDAY + MINUTE))
    item = office.triage_of(ADA)
    choice = TriageChoice.DISQUALIFY
    office.take(TriageDecided(id=an_id("no"), handoff=item.id, actor="ruth", at=MONDAY + HOUR, choice=choice))

    assert changes(office) == [("enrolled", "general"), ("withdrawn", "general")]
    assert office.lead_of(ADA).standing.nurture == ""


def test_a_person_who_sends_a_lead_back_to_its_track_enrols_nobody_twice() -> None:
    office = Office()
    office.take(an_event(PAGE, ADA), an_event(PAPER, ADA, at=MONDAY + MINUTE))
    item = office.triage_of(ADA)
    choice = TriageChoice.NURTURE
    office.take(TriageDecided(id=an_id("back"), handoff=item.id, actor="ruth", at=MONDAY + HOUR, choice=choice))

    assert changes(office) == [("enrolled", "general")]


def test_another_track_takes_the_place_of_the_first() -> None:
    late = NurtureTrack("later", "Later", equals("lead.time_frame", "later"))
    general = NurtureTrack("general", "General", always())
    office = enrolled(Office(a_playbook(tracks=(late, general))))
    office.take(an_event(FORM, ADA, at=MONDAY + DAY, says={"time_frame": "later"}))

    assert changes(office) == [("enrolled", "general"), ("withdrawn", "general"), ("enrolled", "later")]
    assert office.lead_of(ADA).standing.nurture == "later"


def test_two_leads_that_are_one_are_in_one_track() -> None:
    office = Office()
    visitor = cookie("adas-laptop")
    enrolled(office, ADA)
    office.take(an_event(FORM, email("ada@home.example", attested=True), visitor, at=MONDAY + DAY, says=NO_BUDGET))
    office.take(
        an_event(
            FORM,
            email(ADA, attested=True),
            email("ada@home.example", attested=True),
            at=MONDAY + 2 * DAY,
            attested=True,
        )
    )
    standing = office.lead_of(ADA).standing

    assert changes(office)[:2] == [("enrolled", "general")] * 2
    assert changes(office)[2:] == [("withdrawn", "general")]
    assert [bool(stay.left) for stay in standing.stays] == [True, False]


def test_a_merge_with_somebody_whom_sales_works_graduates() -> None:
    office = enrolled(Office())
    office.take(a_request("ada@home.example", at=MONDAY + DAY))
    office.take(
        an_event(
            PAGE,
            email(ADA, attested=True),
            email("ada@home.example", attested=True),
            at=MONDAY + DAY + HOUR,
            attested=True,
        )
    )

    assert changes(office) == [("enrolled", "general"), ("graduated", "general")]
    assert office.lead_of(ADA).standing.nurture == ""


def test_whom_a_list_names_is_never_enrolled_even_by_a_persons_word() -> None:
    office = Office()
    office.take(a_request(RIVAL))
    item = office.triage_of(RIVAL)
    word = TriageDecided(id=an_id("n"), handoff=item.id, actor="ruth", at=MONDAY + HOUR, choice=TriageChoice.NURTURE)
    office.take(word)

    assert changes(office) == []


def test_a_customer_is_not_warmed_up_again() -> None:
    office = Office()
    office.take(a_request(ADA))
    handoff = office.handoff_of(ADA)
    office.take(
        AttemptLogged(
            id=an_id("a"), handoff=handoff.id, actor=handoff.assignee, at=MONDAY + HOUR, result=AttemptResult.REACHED
        )
    )
    won = OutcomeReported(
        id=an_id("won"), handoff=handoff.id, actor="crm", at=MONDAY + DAY, outcome=HandoffOutcome.CONVERTED
    )
    office.take(won)
    after = office.verdict(an_event(FORM, ADA, at=MONDAY + 2 * DAY, says=NO_BUDGET))

    assert (after.outcome, changes(office)) == (Outcome.NURTURE, [])
    assert office.lead_of(ADA).standing.lifecycle is LifecycleStage.CUSTOMER


def test_an_old_event_enrols_nobody() -> None:
    office = Office()
    old = office.verdict(an_event(FORM, ADA, says=NO_BUDGET, late=3 * DAY))
    imported = office.verdict(an_event(FORM, ADA, at=MONDAY + HOUR, says=NO_BUDGET, historical=True))

    assert [old.outcome, imported.outcome] == [Outcome.NURTURE] * 2
    assert changes(office) == []


def test_a_stay_from_before_there_were_names_ends_without_a_word() -> None:
    office = enrolled(Office())
    lead = office.lead_of(ADA)
    office.world.standings[lead.id] = replace(lead.standing, stays=())
    office.commands.clear()
    office.take(a_request(ADA, at=MONDAY + DAY))

    assert changes(office) == []
    assert office.lead_of(ADA).standing.nurture == ""


def test_whoever_asks_to_be_forgotten_is_forgotten_by_every_stay() -> None:
    office = enrolled(Office())
    (stay,) = office.lead_of(ADA).standing.stays
    office.take(LeadErased(id=an_id("erase"), email=ADA, actor="dana", at=MONDAY + DAY))

    assert [each.enrolment for each in office.commands if isinstance(each, ForgetEnrolment)] == [stay.id]
