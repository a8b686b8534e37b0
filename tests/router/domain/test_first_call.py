"""R7: caps of contacts, the times people ask for, and the patience of a play move the first call, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType
from schemas.fact import replace as changed
from schemas.feedback import AttemptLogged, AttemptResult, HandoffAccepted
from schemas.handoff import HandoffState
from schemas.verdict import Outcome, Rule
from services.router.domain.contact import Cap, Contact
from services.router.domain.moments import milliseconds
from services.router.domain.playbook import Playbook
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
from tests.router.office import Office

FORM, PAPER, BOOKED = EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED, EventType.MEETING_BOOKED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA, GRACE = "ada@acme.example", "grace@acme.example"
VP = {"title": "Vice President"}
TWICE_A_DAY = Contact(person=Cap(2, DAY))
THRICE_A_COMPANY = Contact(account=Cap(3, DAY))


def with_contact(contact: Contact, book: Playbook | None = None) -> Office:
    return Office(replace(book or a_playbook(), contact=contact))


def a_lead(who: str = ADA, after: timedelta = timedelta(), **says: str) -> Event:
    """A vice president, whose title alone is worth a call."""
    return an_event(FORM, who, at=MONDAY + after, says={**VP, **says})


def a_request(who: str = ADA, after: timedelta = timedelta()) -> Event:
    return an_event(FORM, who, at=MONDAY + after, id=("asks", who, after), says={"consultation": "yes"})


def tried(
    office: Office, who: str, *after: timedelta, result: AttemptResult = AttemptResult.NO_ANSWER
) -> datetime | None:
    """The rep tries at these times; when the next try is due."""
    for each in after:
        handoff, at = office.handoff_of(who), MONDAY + each
        word = ("tried", who, each)
        office.take(
            AttemptLogged(id=an_id(word), handoff=handoff.id, actor=handoff.assignee, at=at, result=result),
        )
    return office.handoff_of(who).attempt_by


def test_after_as_many_contacts_as_agreed_the_next_try_waits_and_its_deadline_with_it() -> None:
    free, capped = Office(), with_contact(TWICE_A_DAY)
    for office in (free, capped):
        office.take(a_lead(after=-2 * HOUR))
    usual, waits = (tried(office, ADA, HOUR, 2 * HOUR) for office in (free, capped))
    handoff = capped.handoff_of(ADA)

    assert (usual, waits) == (MONDAY + DAY + 2 * HOUR, MONDAY + DAY + 2 * HOUR)
    assert (handoff.not_before, handoff.waits_for) == (
        MONDAY + DAY + HOUR,
        "they have heard from us twice lately, as often as agreed",
    )
    assert free.handoff_of(ADA).not_before is None


def test_a_tight_cap_moves_the_deadline_of_the_next_try() -> None:
    office = with_contact(Contact(person=Cap(1, 3 * DAY)))
    office.take(a_lead())
    due = tried(office, ADA, HOUR)

    assert due == MONDAY + 3 * DAY + HOUR


def test_a_new_handoff_of_somebody_who_heard_from_us_is_made_at_once_and_only_its_first_call_waits() -> None:
    office = with_contact(TWICE_A_DAY)
    office.take(a_lead())
    tried(office, ADA, HOUR, 2 * HOUR)
    first = office.handoff_of(ADA)
    lead = office.lead_of(ADA)
    office.world.standings[lead.id] = changed(lead.standing, handoff=None, armed=True)
    verdict = office.verdict(an_event(PAPER, ADA, at=MONDAY + 3 * HOUR))
    second = office.handoff_of(ADA)

    assert (verdict.outcome, second.id != first.id) == (Outcome.PASS, True)
    assert (second.state, second.not_before) == (HandoffState.OFFERED, MONDAY + DAY + HOUR)
    assert verdict.receipt is not None
    assert verdict.receipt.facts["not_before"] == {
        "at": (MONDAY + DAY + HOUR).isoformat(),
        "why": "they have heard from us twice lately, as often as agreed",
    }


def test_a_request_for_a_call_is_never_held_up_by_a_cap() -> None:
    office = with_contact(Contact(person=Cap(1, 30 * DAY), account=Cap(1, 30 * DAY)))
    office.take(a_lead())
    tried(office, ADA, HOUR)
    held = office.handoff_of(ADA)
    verdict = office.verdict(a_request(after=2 * HOUR))
    asked = office.handoff_of(ADA)

    assert held.not_before == MONDAY + 30 * DAY + HOUR
    assert (verdict.outcome, verdict.fired[0]) == (Outcome.UPDATE, Rule.CONSULTATION)
    assert (asked.not_before, asked.waits_for) == (None, "")


def test_an_account_hears_from_all_of_us_together_no_more_often_than_agreed() -> None:
    office = with_contact(THRICE_A_COMPANY)
    office.take(a_lead(ADA), a_lead(GRACE))
    tried(office, ADA, HOUR, 2 * HOUR)
    tried(office, GRACE, 3 * HOUR)
    office.take(a_lead("joan@acme.example", 4 * HOUR), a_lead("joan@other.example", 4 * HOUR))
    here, elsewhere = (office.handoff_of(who) for who in ("joan@acme.example", "joan@other.example"))

    assert (here.not_before, here.waits_for) == (
        MONDAY + DAY + HOUR,
        "this company has heard from us 3 times lately, as often as agreed",
    )
    assert elsewhere.not_before is None


def test_who_accepts_after_others_have_called_the_account_waits_as_well() -> None:
    office = with_contact(Contact(account=Cap(1, DAY)))
    office.take(a_lead(ADA), a_lead(GRACE))
    tried(office, ADA, HOUR)
    waiting = office.handoff_of(GRACE)
    at = MONDAY + 2 * HOUR
    office.take(HandoffAccepted(id=an_id("takes it"), handoff=waiting.id, actor=waiting.assignee, at=at))
    accepted = office.handoff_of(GRACE)

    assert waiting.not_before is None
    assert accepted.not_before == MONDAY + DAY + HOUR
    assert accepted.attempt_by is not None
    assert accepted.attempt_by >= MONDAY + DAY + HOUR


def test_a_wrong_number_is_no_contact() -> None:
    office = with_contact(Contact(person=Cap(1, DAY), account=Cap(1, DAY)))
    office.take(a_lead())
    tried(office, ADA, HOUR, result=AttemptResult.WRONG_NUMBER)

    assert office.handoff_of(ADA).not_before is None
    assert office.lead_of(ADA).standing.contacts == ()


def test_nothing_is_remembered_of_contacts_where_nothing_caps_them() -> None:
    office = Office()
    office.take(a_lead())
    tried(office, ADA, HOUR)

    assert office.lead_of(ADA).standing.contacts == ()
    assert office.world.accounts["acme.example"].contacts == ()


def test_two_leads_who_are_one_have_heard_from_us_as_often_as_both() -> None:
    office = with_contact(TWICE_A_DAY)
    office.take(a_lead(), an_event(FORM, "c2", at=MONDAY, says=VP, id="somebody"), a_request("c2"))
    tried(office, ADA, HOUR)
    office.take(
        AttemptLogged(
            id=an_id("tried them, too"),
            handoff=(other := office.handoff_of("c2")).id,
            actor=other.assignee,
            at=MONDAY + 2 * HOUR,
            result=AttemptResult.VOICEMAIL,
        )
    )
    office.take(an_event(FORM, ADA, "c2", at=MONDAY + 3 * HOUR, id="it was her"))
    hours = [(each - milliseconds(MONDAY)) // 3_600_000 for each in office.lead_of(ADA).standing.contacts]

    assert hours == [1, 2]


def test_somebody_who_asks_to_be_called_later_is_called_later_whatever_fired() -> None:
    office = with_contact(Contact(asked_for=("event.meeting_start", "lead.call_after")))
    office.take(
        an_event(BOOKED, ADA, at=MONDAY, says={"consultation": "yes"}, meeting_start="2026-09-16T13:00:00Z"),
        a_lead(GRACE, call_after="2026-09-17"),
    )
    booked, later = office.handoff_of(ADA), office.handoff_of(GRACE)

    assert (booked.not_before, booked.waits_for) == (datetime(2026, 9, 16, 13, 0, tzinfo=UTC), "they asked for it")
    assert later.not_before == datetime(2026, 9, 17, tzinfo=UTC)
    assert booked.state is HandoffState.OFFERED
    assert booked.accept_by == MONDAY + 2 * HOUR


def test_a_further_reason_does_not_make_anybody_call_before_the_time_that_was_asked_for() -> None:
    office = with_contact(Contact(asked_for=("event.meeting_start",)))
    office.take(an_event(BOOKED, ADA, at=MONDAY, says={"consultation": "yes"}, meeting_start="2026-09-16T13:00:00Z"))
    office.take(a_lead(after=HOUR))

    assert office.handoff_of(ADA).rules == (Rule.CONSULTATION, Rule.SCORE_THRESHOLD)
    assert office.handoff_of(ADA).not_before == datetime(2026, 9, 16, 13, 0, tzinfo=UTC)


def test_who_asks_for_a_call_anew_and_names_no_time_is_called_at_once() -> None:
    office = with_contact(Contact(asked_for=("event.meeting_start", "lead.call_after")))
    office.take(
        an_event(BOOKED, ADA, at=MONDAY, says={"consultation": "yes"}, meeting_start="2026-09-16T13:00:00Z"),
        an_event(FORM, GRACE, at=MONDAY, says={"call_after": "2026-09-17"}),
    )
    office.take(a_request(after=HOUR), a_request(GRACE, after=HOUR))

    assert [office.handoff_of(who).not_before for who in (ADA, GRACE)] == [None, None]


def test_who_asks_for_a_call_and_names_another_time_is_called_then() -> None:
    office = with_contact(Contact(asked_for=("lead.call_after",)))
    for at, day in enumerate(("2026-09-17", "2026-09-16")):
        says = {"consultation": "yes", "call_after": day}
        office.take(an_event(FORM, ADA, at=MONDAY + at * HOUR, id=day, says=says))

    assert office.handoff_of(ADA).not_before == datetime(2026, 9, 16, tzinfo=UTC)


def test_the_first_attempt_is_due_after_the_time_that_was_asked_for() -> None:
    office = with_contact(Contact(asked_for=("lead.call_after",)))
    office.take(a_lead(call_after="2026-09-17T10:00:00Z"))
    offered = office.handoff_of(ADA)
    at = MONDAY + MINUTE
    office.take(HandoffAccepted(id=an_id("takes it"), handoff=offered.id, actor=offered.assignee, at=at))

    assert office.handoff_of(ADA).attempt_by == datetime(2026, 9, 17, 12, 0, tzinfo=UTC)


def test_a_play_may_be_more_patient_than_its_rule() -> None:
    book = a_playbook()
    plays = tuple(replace(each, not_before=2 * HOUR) if each.fallback else each for each in book.plays)
    rules = dict(book.rules)
    rules[Rule.SCORE_THRESHOLD] = replace(rules[Rule.SCORE_THRESHOLD], not_before=10 * MINUTE)
    office = Office(replace(book, plays=plays, rules=rules))
    office.take(a_lead(), a_request(GRACE))
    patient, prompt = office.handoff_of(ADA), office.handoff_of(GRACE)

    assert (patient.not_before, patient.waits_for) == (MONDAY + 2 * HOUR, "the play waits that long")
    assert (prompt.not_before, prompt.waits_for) == (None, "")


def test_patience_and_asking_and_caps_together_come_to_the_latest() -> None:
    rules = dict(a_playbook().rules)
    rules[Rule.SCORE_THRESHOLD] = replace(rules[Rule.SCORE_THRESHOLD], not_before=4 * HOUR)
    office = with_contact(Contact(asked_for=("lead.call_after",)), a_playbook(rules=rules))
    office.take(a_lead(call_after="2026-09-14T11:00:00Z"), a_lead(GRACE, call_after="2026-09-14T15:00:00Z"))

    assert [office.handoff_of(who).not_before for who in (ADA, GRACE)] == [MONDAY + 4 * HOUR, MONDAY + 6 * HOUR]
    assert [office.handoff_of(who).waits_for for who in (ADA, GRACE)] == ["", "they asked for it"]


@given(st.lists(st.tuples(st.sampled_from(["call", "form", "ask"]), st.integers(1, 400)), max_size=12))
def test_no_cap_ever_withholds_a_verdict(moves: list[tuple[str, int]]) -> None:
    """What passes with caps passes without them, at the same events, to the same handoffs."""
    outcomes = []
    for contact in (Contact(), Contact(person=Cap(1, 5 * DAY), account=Cap(1, 5 * DAY))):
        office, now = with_contact(contact), timedelta()
        found: list[tuple[Outcome, tuple[Rule, ...], UUID | None]] = []
        for move, minutes in moves:
            now += minutes * MINUTE
            if move == "call" and office.lead_of(ADA).standing.handoff:
                tried(office, ADA, now)
            elif move != "call":
                event = a_request(after=now) if move == "ask" else a_lead(after=now)
                found += [(one.outcome, one.fired, one.handoff) for one in office.take(event)]
        outcomes.append(found)

    assert outcomes[0] == outcomes[1]
