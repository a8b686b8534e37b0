"""The straw man: usable on Monday, unedited, with the numbers that were agreed on."""

import timeit
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.event import Event, EventType
from schemas.lead import Priority
from schemas.verdict import Rule, Ternary
from services.router.adapters.playbook_check import check
from services.router.domain.event_facts import EventFacts
from services.router.domain.personas import persona_of, stage_of
from services.router.domain.playbook import Playbook, SuppressionKind
from services.router.domain.plays import choose
from services.router.domain.prepared import prepared
from tests.playbook.conftest import STRAW_MAN
from tests.playbook.facts import SomeFacts


def test_it_has_no_faults_its_examples_pass_and_nothing_falls_through() -> None:
    report = check(STRAW_MAN)

    assert all(example.passed for example in report.examples)
    assert {example.rule for example in report.examples} == set(Rule)
    assert (report.coverage.share, report.idle) == (0.0, ())


def test_its_numbers_are_those_that_were_agreed_on(straw_man: Playbook) -> None:
    points = {each.name: each.points for each in (*straw_man.scoring.signals, *straw_man.scoring.characteristics)}

    assert [points[name] for name in ("website_visit", "whitepaper_downloaded", "vice_president")] == [
        10_000,
        50_000,
        100_000,
    ]
    assert straw_man.scoring.threshold == 100_000


@pytest.mark.parametrize(
    ("title", "persona"),
    [
        ("VP Sales", "vice_president"),
        ("Vice President, Sales", "vice_president"),
        ("Senior Vice-President Operations", "vice_president"),
        ("SVP, Customer Care", "vice_president"),
        ("EVP & Chief of Staff", "vice_president"),
        ("Assistant to the Vice President", "executive_assistant"),
        ("Executive Assistant to the CEO", "executive_assistant"),
        ("PA to the Managing Director", "executive_assistant"),
        ("Asst. to the VP Operations", "executive_assistant"),
        ("AVP, Branch Operations", "team_lead"),
        ("Assistant Vice President", "team_lead"),
        ("Former Vice President", None),
        ("CEO", "economic_buyer"),
        ("Co-Founder & CTO", "economic_buyer"),
        ("C.E.O.", "economic_buyer"),
        ("President", "economic_buyer"),
        ("Managing Director", "economic_buyer"),
        ("Chief Financial Officer", "economic_buyer"),
        ("Chief of Staff", "team_lead"),
        ("Product Owner", "practitioner"),
        ("Director of Service Operations", "department_head"),
        ("Head of Field Service", "department_head"),
        ("Operations Manager", "team_lead"),
        ("Assistant Manager", "team_lead"),
        ("Dispatcher", "team_lead"),
        ("Data Analyst", "practitioner"),
        ("Student of Business Administration", "outsider"),
        ("Marketing Intern", "outsider"),
        ("International Sales Manager", "team_lead"),
        ("Wizard of Light Bulb Moments", None),
    ],
)
def test_a_title_tells_the_persona(straw_man: Playbook, title: str, persona: str | None) -> None:
    found, evidence = persona_of(SomeFacts({"lead.title": title}), straw_man)

    assert (found.name if found else None) == persona
    assert (title in evidence) is (persona is not None)


def test_without_a_title_there_is_no_persona(straw_man: Playbook) -> None:
    assert persona_of(SomeFacts(), straw_man) == (None, "")


@pytest.mark.parametrize(
    ("counts", "stage"),
    [
        ({}, "awareness"),
        ({"website_visit": [1, 2, 3]}, "awareness"),
        ({"ebook_downloaded": [10]}, "exploration"),
        ({"whitepaper_downloaded": [10]}, "exploration"),
        ({"whitepaper_downloaded": [10, 20]}, "evaluation"),
        ({"case_study_read": [10]}, "evaluation"),
        ({"case_study_read": [100]}, "awareness"),
        ({"pricing_viewed": [1, 2]}, "decision"),
        ({"consultation_requested": [1]}, "decision"),
    ],
)
def test_what_they_did_tells_the_stage(straw_man: Playbook, counts: dict[str, list[int]], stage: str) -> None:
    found, evidence = stage_of(SomeFacts({}, counts), straw_man)

    assert found is not None
    assert (found.name, bool(evidence)) == (stage, True)


def test_a_chief_who_read_a_case_study_gets_another_play_than_a_manager_with_an_ebook(straw_man: Playbook) -> None:
    chief = choose(straw_man, [Rule.SCORE_THRESHOLD], "economic_buyer", "evaluation", "", has_phone=True)[0]
    manager = choose(straw_man, [Rule.SCORE_THRESHOLD], "team_lead", "exploration", "", has_phone=True)[0]

    assert (chief.name, manager.name) == ("executive_case_study", "manager_ebook")


def an_event(kind: EventType, name: str = "", **properties: Any) -> Event:
    now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    return Event(
        id=UUID(int=1),
        source="segment",
        type=kind,
        occurred_at=now,
        received_at=now,
        dedup_key="k",
        name=name,
        properties=properties,
    )


@pytest.mark.parametrize(
    ("event", "signals"),
    [
        (an_event(EventType.PAGE_VIEWED, path="/blog/x"), {"website_visit"}),
        (an_event(EventType.PAGE_VIEWED, path="/pricing"), {"website_visit", "pricing_viewed"}),
        (an_event(EventType.PAGE_VIEWED, path="/customers/harbor"), {"website_visit", "case_study_read"}),
        (an_event(EventType.PAGE_VIEWED, path="/careers/dev"), {"website_visit", "careers_viewed"}),
        (an_event(EventType.PAGE_VIEWED), {"website_visit"}),
        (an_event(EventType.CONTENT_DOWNLOADED, "Whitepaper Downloaded"), {"whitepaper_downloaded"}),
        (an_event(EventType.CONTENT_DOWNLOADED, "Download", asset="The White Paper"), {"whitepaper_downloaded"}),
        (an_event(EventType.FORM_SUBMITTED, "Get the eBook: planning"), {"form_submitted", "ebook_downloaded"}),
        (
            an_event(EventType.FORM_SUBMITTED, "Contact", consultation="yes"),
            {"form_submitted", "consultation_requested"},
        ),
        (an_event(EventType.TRACKED, "Trial Started"), {"trial_started"}),
        (an_event(EventType.EMAIL_OPENED), set()),
        (an_event(EventType.LEAD_BROUGHT, consultation="yes"), set()),
    ],
)
def test_an_event_counts_as_what_it_is(straw_man: Playbook, event: Event, signals: set[str]) -> None:
    facts = EventFacts(event)

    found = {each.name for each in straw_man.scoring.signals if each.when.test(facts) is Ternary.TRUE}

    assert found == signals


def test_an_anonymous_page_view_costs_next_to_nothing(straw_man: Playbook) -> None:
    event = an_event(EventType.PAGE_VIEWED, "Planning", path="/blog/x", url="https://brightwater.example/blog/x")
    signals = prepared(straw_man).signals[EventType.PAGE_VIEWED]

    def matched() -> list[str]:
        facts = EventFacts(event)
        return [each.name for each in signals if each.when.test(facts) is Ternary.TRUE]

    def asked_once() -> object:
        return EventFacts(event).value("event.path")

    cost, unit = (min(timeit.repeat(each, number=500, repeat=7)) for each in (matched, asked_once))

    assert matched() == ["website_visit"]
    assert cost < 30 * unit, f"{cost / unit:.0f} times as long as asking an event for one of its properties"


def test_lists_and_people_are_what_the_pages_say(straw_man: Playbook) -> None:
    assert straw_man.target_domains["acme.test"] == "acme.example"
    assert straw_man.targets["acme.example"].owner == "elena"
    assert straw_man.target_aliases["globex europe"] == "globex.example"
    assert straw_man.suppressions.domains["rivalsoft.example"] is SuppressionKind.COMPETITOR
    assert straw_man.suppressions.emails["robin@vandelay.example"] is SuppressionKind.DO_NOT_CONTACT
    assert "gmail.com" in straw_man.domains.free
    assert all(set(team.service) == set(Priority) for team in straw_man.teams.values())
    assert all(team.manager not in team.reps for team in straw_man.teams.values())
    assert {rep for team in straw_man.teams.values() for rep in (*team.reps, team.manager)} == set(straw_man.reps)
    assert straw_man.scoring.matrix[4, 4] is Priority.A
    assert EventType.EMAIL_OPENED.value not in straw_man.responses
