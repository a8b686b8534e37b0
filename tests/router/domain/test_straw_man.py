"""The straw-man playbook as it ships: rules pass people, and one changed field changes the verdict or the play."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.event import Event, EventType
from schemas.verdict import Outcome, Rule
from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook
from tests.router.builders import an_event, email
from tests.router.office import Office, codes

TUESDAY = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)
PAGE, FORM, PAPER = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load(Path(__file__).parents[3] / "playbook")


@pytest.fixture
def office(playbook: Playbook) -> Office:
    return Office(playbook)


def a_form(who: str, minutes: int = 0, **says: str) -> Event:
    return an_event(FORM, who, at=TUESDAY + minutes * MINUTE, says=says, form_id="contact")


def test_a_consultation_request_passes_at_once(office: Office) -> None:
    verdict = office.verdict(a_form("ada@firm.example", consultation="yes"))

    assert (verdict.outcome, verdict.fired[0]) == (Outcome.PASS, Rule.CONSULTATION)


def test_a_named_account_wakes_its_owner_with_the_game_plan(office: Office, playbook: Playbook) -> None:
    target = next(iter(playbook.targets.values()))
    office.take(an_event(PAGE, f"ada@{min(target.domains)}", at=TUESDAY, path="/"))
    handoff = office.handoff_of(f"ada@{min(target.domains)}")

    assert (handoff.wanted, handoff.brief.game_plan) == (target.owner, target.game_plan)
    assert Rule.TARGET_RESPONDS in handoff.rules


def test_visits_and_a_whitepaper_of_a_vice_president_reach_the_threshold_but_not_of_the_assistant(
    office: Office,
) -> None:
    outcomes = {}
    for name, title in (("ada", "VP Sales"), ("joan", "Assistant to the Vice President")):
        who = f"{name}@firm.example"
        office.take(an_event(PAPER, who, at=TUESDAY, asset="whitepaper"))
        outcomes[name] = office.verdict(a_form(who, 1, title=title))

    assert Rule.SCORE_THRESHOLD in outcomes["ada"].fired
    assert Rule.SCORE_THRESHOLD not in outcomes["joan"].fired


def test_one_changed_answer_changes_the_verdict(office: Office) -> None:
    told = {}
    for name, budget in (("ada", "yes"), ("joan", "no")):
        says = {
            "title": "Head of Operations",
            "time_frame": "now",
            "budget": budget,
            "company": "Firm",
            "employees": "300",
        }
        told[name] = office.verdict(a_form(f"{name}@firm.example", product="Fieldwise", **says))

    assert (told["ada"].outcome, told["ada"].fired) != (told["joan"].outcome, told["joan"].fired)


def test_another_persona_gets_another_play(office: Office) -> None:
    plays = set()
    for name, title in (("ada", "Chief Executive Officer"), ("joan", "Operations Manager")):
        office.take(a_form(f"{name}@firm.example", consultation="yes", title=title))
        plays.add(office.handoff_of(f"{name}@firm.example").play)

    assert len(plays) == 2


def test_every_handoff_is_offered_with_a_complete_play_and_a_deadline(office: Office, playbook: Playbook) -> None:
    office.take(a_form("ada@firm.example", consultation="yes"))
    handoff = office.handoff_of("ada@firm.example")
    play = next(each for each in playbook.plays if each.name == handoff.play)

    assert all((play.objective, play.when_to_call, play.talk_track, play.voicemail, play.email_body, play.questions))
    assert handoff.assignee in playbook.reps
    assert handoff.accept_by is not None


def test_a_lead_that_sales_brought_is_judged_by_the_same_rules(office: Office) -> None:
    brought = an_event(
        EventType.LEAD_BROUGHT, email("ada@firm.example", attested=True), at=TUESDAY, says={"title": "VP"}
    )
    typed = a_form("joan@firm.example", title="VP")
    told = [office.verdict(event) for event in (brought, typed)]
    scores = [office.score_of(name, TUESDAY).fit for name in ("ada@firm.example", "joan@firm.example")]

    assert scores[0] == scores[1]
    assert all(verdict.reasons for verdict in told)


def test_a_brief_says_what_is_known_what_is_inferred_and_what_to_ask(office: Office) -> None:
    office.take(an_event(PAPER, "ada@firm.example", at=TUESDAY, asset="whitepaper"))
    office.take(a_form("ada@firm.example", 1, consultation="yes", title="VP Sales", first_name="Ada", budget="yes"))
    brief = office.handoff_of("ada@firm.example").brief
    lines = {item.label: item for item in brief.qualification}

    assert (brief.name, brief.title, brief.email) == ("Ada", "VP Sales", "ada@firm.example")
    assert (lines["Budget approved"].value, lines["Budget approved"].evidence) == ("yes", "they said so")
    assert lines["Persona"].certainty == "inferred"
    assert "VP Sales" in lines["Persona"].evidence
    assert (lines["Decides"].value, lines["Decides"].certainty, lines["Decides"].evidence) == (
        "",
        "unknown",
        "When do you want to decide?",
    )
    assert brief.why_now
    assert any("hitepaper" in line for line in brief.history)


def test_a_page_view_of_nobody_costs_no_row(office: Office) -> None:
    verdict = office.verdict(an_event(PAGE, "c1", at=TUESDAY, path="/pricing"))

    assert (verdict.lead_seq, codes(verdict)) == (0, ["anonymous"])
