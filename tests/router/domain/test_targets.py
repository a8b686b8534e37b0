"""R4 and I2: named accounts, however small the sign of life; thirty visitors are one play."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from schemas.event import EventType
from schemas.feedback import HandoffOutcome, OutcomeReported
from schemas.handoff import OPEN
from schemas.verdict import Outcome, Rule
from services.router.domain.accounts import account_key, target_of
from services.router.domain.decision import SaveHandoff
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
from tests.router.office import Office

PAGE, FORM = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("domain", "company", "website", "key"),
    [
        ("acme.example", "", "", "acme.example"),
        ("eu.globex.example", "", "", "globex.example"),
        ("sales.eu.globex.example", "", "", "globex.example"),
        ("mail.globex.example", "", "", "globex.example"),
        ("gmail.example", "", "", ""),
        ("trash.example", "", "", ""),
        ("gmail.example", "Globex GmbH", "", "globex.example"),
        ("gmail.example", "Smith & Sons", "", "name:smith sons"),
        ("", "", "https://www.acme.example/about?x=1", "acme.example"),
        ("", "Acme", "acme.example", "acme.example"),
        ("", "", "not a website", ""),
        ("", "", "", ""),
    ],
)
def test_the_company_is_told_by_domain_then_website_then_name(
    domain: str, company: str, website: str, key: str
) -> None:
    assert account_key(domain, company, website, a_playbook()) == key


@pytest.mark.parametrize(
    ("day", "named"), [(date(2026, 8, 31), False), (date(2026, 9, 1), True), (date(2026, 10, 1), False)]
)
def test_a_named_account_is_one_within_its_dates(day: date, named: bool) -> None:
    playbook = a_playbook()
    dated = replace(playbook.targets["globex.example"], start=date(2026, 9, 1), end=date(2026, 9, 30))
    playbook = replace(playbook, targets={"globex.example": dated})

    assert (target_of("globex.example", playbook, day.toordinal()) is not None) is named


def test_thirty_visitors_are_one_play_and_twenty_nine_updates() -> None:
    office = Office()
    verdicts = office.take(*(an_event(PAGE, f"p{n}@globex.example", at=MONDAY + n * MINUTE) for n in range(30)))
    tells = [each.tell for each in office.commands if isinstance(each, SaveHandoff) and each.tell]

    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS] + [Outcome.UPDATE] * 29
    assert len({verdict.handoff for verdict in verdicts}) == 1
    assert len(tells) == 29


def test_the_same_visitors_next_page_is_no_news() -> None:
    office = Office()
    office.take(an_event(PAGE, "a@globex.example"), an_event(PAGE, "b@globex.example"))
    before = office.handoff_of("a@globex.example").version
    verdict = office.verdict(an_event(PAGE, "b@globex.example", at=MONDAY + MINUTE))

    assert verdict.outcome is Outcome.UPDATE
    assert office.handoff_of("a@globex.example").version == before


def test_it_goes_to_the_accounts_owner_with_the_game_plan() -> None:
    office = Office()
    office.take(an_event(PAGE, "a@globex.example"))
    handoff = office.handoff_of("a@globex.example")

    assert (handoff.assignee, handoff.brief.game_plan) == ("olga", "Start with ops.")


def test_a_request_from_the_account_gets_a_play_of_its_own_and_the_owner_hears_of_it() -> None:
    office = Office()
    office.take(an_event(PAGE, "a@globex.example"))
    verdict = office.verdict(an_event(FORM, "b@globex.example", says={"consultation": "yes"}))
    held = [
        each for each in office.world.handoffs.values() if Rule.TARGET_RESPONDS in each.rules and each.state in OPEN
    ]

    assert verdict.outcome is Outcome.PASS
    assert set(verdict.fired) == {Rule.CONSULTATION, Rule.TARGET_RESPONDS}
    assert len(held) == 1
    assert office.handoff_of("b@globex.example").rules == (Rule.CONSULTATION,)
    assert office.handoff_of("b@globex.example").assignee == "olga"


def test_after_it_is_closed_the_next_response_opens_a_new_one() -> None:
    office = Office()
    office.take(an_event(PAGE, "a@globex.example"))
    first = office.handoff_of("a@globex.example")
    office.take(
        OutcomeReported(id=an_id("won"), handoff=first.id, actor="olga", at=MONDAY, outcome=HandoffOutcome.QUALIFIED)
    )
    verdict = office.verdict(an_event(PAGE, "b@globex.example", at=MONDAY + MINUTE))

    assert verdict.outcome is Outcome.PASS
    assert verdict.handoff != first.id


def test_a_visitor_becomes_the_accounts_once_the_company_is_known() -> None:
    office = Office()
    silent = office.verdict(an_event(PAGE, "c1"))
    known = office.verdict(an_event(EventType.PROFILE_STATED, "c1", says={"company": "Globex"}, at=MONDAY + MINUTE))
    responds = office.verdict(an_event(PAGE, "c1", at=MONDAY + 2 * MINUTE))

    assert (silent.outcome, known.outcome, responds.outcome) == (Outcome.NURTURE, Outcome.NURTURE, Outcome.PASS)
    assert responds.fired == (Rule.TARGET_RESPONDS,)


def test_who_turns_out_to_work_at_a_named_account_has_that_accounts_play() -> None:
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, "c1", says={"website": "initech.example", "consultation": "yes"}))
    before = office.handoff_of("c1")
    office.take(an_event(EventType.FORM_SUBMITTED, "bob@globex.example", "c1", at=MONDAY + timedelta(minutes=5)))
    after = office.handoff_of("bob@globex.example")

    assert (before.account, after.account, after.id) == ("initech.example", "globex.example", before.id)
    assert office.world.accounts["globex.example"].target_handoff == after.id
