"""What is remembered of a profile is what asking anew says, whoever was asked about first."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType
from schemas.verdict import Rule, Ternary
from services.router.adapters.playbook_files import load
from services.router.domain import readiness, scoring
from services.router.domain.condition import Condition
from services.router.domain.conditions import compile_condition
from services.router.domain.facts import LeadFacts
from services.router.domain.nurturing import track_for
from services.router.domain.opening import team_for
from services.router.domain.personas import persona_of, stage_of
from services.router.domain.playbook import Checklist, Playbook
from services.router.domain.prepared import prepared
from services.router.domain.rules import Findings
from tests.router.builders import MONDAY, a_playbook, an_event
from tests.router.office import Office

STRAW_MAN = load(Path(__file__).parents[3] / "playbook")
TARGET = min(min(each.domains) for each in STRAW_MAN.targets.values())
SAID = {
    "title": ("VP Sales", "Chief Executive Officer", "Head of Dispatch", "Student", "Assistant to the Vice President"),
    "employees": ("12", "51-200", "40-60", "1,000+", "many"),
    "budget": ("yes", "no"),
    "time_frame": ("now", "this_year", "later"),
    "product": ("Planner",),
    "company": ("Initech",),
}
DOING = (
    {"path": "/pricing"},
    {"asset": "whitepaper"},
    {"name": "Case study", "path": "/case-studies/acme"},
    {"name": "Talk to us"},
    {"consultation": True},
    {"consultation": 1},
    {"form_id": 7},
    {"form_id": "demo"},
)


@st.composite
def profiles(draw: st.DrawFn) -> list[Event]:
    """A few people, some alike, each saying and doing a few things."""
    events = []
    for n in range(draw(st.integers(1, 8))):
        name, domain = draw(st.sampled_from(("ada", "grace"))), draw(st.sampled_from(("acme.example", TARGET)))
        others = draw(st.sampled_from(((), ("c1",), ("+491",))))
        fields = draw(st.lists(st.sampled_from(sorted(SAID)), max_size=4, unique=True))
        events.append(
            an_event(
                draw(st.sampled_from((EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED, EventType.TRACKED))),
                *draw(st.sampled_from(((f"{name}@{domain}", *others), others or ("c2",)))),
                at=MONDAY + timedelta(hours=7 * n),
                id=f"event {n}",
                says={field: draw(st.sampled_from(SAID[field])) for field in fields},
                attested=draw(st.booleans()),
                **draw(st.sampled_from(DOING)),
            )
        )
    return events


@pytest.mark.parametrize("playbook", [STRAW_MAN, a_playbook()], ids=["straw man", "conditions that do not say"])
@given(events=profiles())
def test_a_portrait_says_what_asking_anew_says(playbook: Playbook, events: list[Event]) -> None:
    office, ready = Office(playbook, draws=False), prepared(playbook)
    for event in events:
        office.take(event)
        facts = LeadFacts(event, office.lead_of(office_name(event)), playbook, event.received_at)
        anew = LeadFacts(event, facts.lead, playbook, event.received_at)
        fits = [each.name for each in playbook.tracks if holds(each.when, anew)]

        assert facts.persona == persona_of(anew, playbook)
        assert facts.are == scoring.fit(playbook.scoring, anew)
        assert facts.stage == stage_of(anew, playbook)
        assert facts.sql == checked(playbook.sql, anew)
        assert list(facts.sql.items) == [item.name for item in playbook.sql.items]
        assert facts.qualified is (facts.sql.value is Ternary.TRUE)
        assert facts.mql is (checked(playbook.mql, anew).value is Ternary.TRUE)
        gained = scoring.engagement(
            anew.counts, scoring.gauges(playbook.scoring), playbook.scoring.group_caps, anew.today
        )
        assert list(facts.gained.items()) == list(gained.items())
        assert facts.points == (sum(facts.are.values()), sum(gained.values()))
        assert track_for(facts) == (fits[0] if fits else "")
        assert team_for(facts, "")[0] == next(each.team for each in playbook.routing if holds(each.when, anew))
        if event.type in ready.consultation:
            asked = playbook.rules[Rule.CONSULTATION].when.test(anew)

            assert Findings(event, facts, ready).value(Rule.CONSULTATION) is asked


def checked(checklist: Checklist, facts: LeadFacts) -> readiness.Checked:
    return readiness.checked(checklist, {item.name: item.when.test(facts) for item in checklist.items}, facts)


def holds(condition: Condition, facts: LeadFacts) -> bool:
    return condition.test(facts) is Ternary.TRUE


def office_name(event: Event) -> str:
    """How the office's builders call the first who is named."""
    return event.identifiers[0].value.removeprefix("website:")


def test_who_they_are_is_asked_once_for_all_who_share_it() -> None:
    gallery = prepared(STRAW_MAN).portraits
    gallery.known.clear()
    one, other = (
        LeadFacts(None, Office(STRAW_MAN).lead_of(name), STRAW_MAN, MONDAY)
        for name in ("ada@here.example", "grace@there.example")
    )

    assert one.portrait is other.portrait
    assert (gallery.personas, gallery.fits, gallery.told) == (True, True, True)
    assert one.portrait.sql is None
    assert one.sql is other.sql
    assert one.portrait.sql is not None
    assert [item.name for item in one.portrait.sql.open] == ["right_interest"]


def test_only_what_was_done_on_the_same_days_comes_to_the_same() -> None:
    office = Office(STRAW_MAN)
    for name, days in (("ada", 0), ("grace", 0), ("joan", 9)):
        office.take(an_event(EventType.PAGE_VIEWED, f"{name}@there.example", at=MONDAY + timedelta(days=days)))
    later = MONDAY + timedelta(days=9)
    ada, grace, joan, sooner = (
        LeadFacts(None, office.lead_of(f"{name}@there.example"), STRAW_MAN, now)
        for name, now in (("ada", later), ("grace", later), ("joan", later), ("ada", MONDAY))
    )

    assert ada.likeness is grace.likeness
    assert ada.portrait is joan.portrait
    assert joan.gained == sooner.gained
    assert joan.gained["website_visit"] > ada.gained["website_visit"]


def test_a_condition_that_does_not_say_what_it_reads_is_asked_every_time() -> None:
    gallery = prepared(a_playbook()).portraits

    assert (gallery.personas, gallery.fits, gallery.told) == (False, False, False)
    assert (gallery.stated, gallery.read) == ((), ())


def test_what_only_one_person_has_is_not_remembered() -> None:
    hers = compile_condition({"any": [{"known": "lead.phone"}, {"lead.email": "ada"}, {"lead.message": "none"}]})
    asks = compile_condition({"event.type": "form_submitted", "event.message": {"contains": "call"}})
    rules = {**STRAW_MAN.rules, Rule.CONSULTATION: replace(STRAW_MAN.rules[Rule.CONSULTATION], when=asks)}
    line = replace(STRAW_MAN.sql.items[0], when=hers)
    playbook = replace(STRAW_MAN, sql=replace(STRAW_MAN.sql, items=(line,)), rules=rules)
    form = an_event(EventType.FORM_SUBMITTED, "ada@acme.example", "+4915", says={"message": "Please call"})
    ready = prepared(playbook)

    assert Rule.CONSULTATION in Office(playbook).verdict(form).fired
    for memory in (ready.portraits.known, ready.portraits.alike, ready.asks, ready.matches):
        assert not any(word in str(memory) for word in ("ada@acme.example", "+4915", "Please call"))
