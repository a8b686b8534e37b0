"""R6: what is missing may leave a question open, but never answers it: nothing lost makes anybody not ready."""

from collections.abc import Iterable, Mapping
from dataclasses import replace as replaced
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import EventType, IdentifierKind
from schemas.fact import replace
from schemas.verdict import Ternary
from services.router.adapters.playbook_files import load
from services.router.domain.conditions import compile_condition
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Dossier, IdentifierKey, Lead, Sighting, Statement
from services.router.domain.playbook import Characteristic, Persona, Playbook, Stage
from services.router.domain.vocabulary import Place
from tests.router.agreements import AGREEMENTS
from tests.router.builders import MONDAY, a_playbook, always, an_event, an_id
from tests.router.language import SIGNALS, STATED, WORDS, Node, a_node
from tests.router.office import Office

TRUE, FALSE, UNKNOWN = Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN
TODAY = MONDAY.toordinal()
PHONE = "phone"
QUESTIONS = st.integers(0, 2**32).map(lambda number: a_node(Place.CHECKLIST, Random(number)))


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    """Somebody of whom some things are known, and who did some things."""
    said = {field: draw(st.sampled_from(STATED[field])) for field in sorted(STATED) if draw(st.booleans())}
    if draw(st.booleans()):
        said[PHONE] = "+491"
    done = draw(st.dictionaries(st.sampled_from(SIGNALS), st.dictionaries(st.integers(-40, 0), st.integers(1, 3))))
    statements = {field: {"website": (Statement(value, False, Sighting(0, b"one")),)} for field, value in said.items()}
    counts = {name: {TODAY + ago: days[ago] for ago in sorted(days)} for name, days in done.items() if days}
    email = draw(st.sampled_from(("ada@acme.example", "bob@globex.example", "eve@gmail.example")))
    who = draw(
        st.sampled_from((IdentifierKey(IdentifierKind.EMAIL, email), IdentifierKey(IdentifierKind.COOKIE, "c1")))
    )
    return Lead(an_id("somebody"), who.kind is IdentifierKind.EMAIL, {who: Dossier(counts, {}, statements)})


def without(lead: Lead, fields: Iterable[str]) -> Lead:
    """The same person, of whom nobody has said these things."""
    ((key, dossier),) = lead.dossiers.items()
    left = {field: said for field, said in dossier.statements.items() if field not in set(fields)}
    return replace(lead, dossiers={key: replace(dossier, statements=left)})


def fields_of(lead: Lead) -> list[str]:
    (dossier,) = lead.dossiers.values()
    return sorted(dossier.statements)


@given(AGREEMENTS, leads())
def test_no_lost_fact_turns_ready_or_not_sure_into_not_ready(playbook: Playbook, lead: Lead) -> None:
    whole = LeadFacts(None, lead, playbook, MONDAY).sql
    for field in fields_of(lead):
        less = LeadFacts(None, without(lead, [field]), playbook, MONDAY).sql

        assert less.value in (whole.value, UNKNOWN), field
        assert all(value in (whole.items[name], UNKNOWN) for name, value in less.items.items()), field


@given(AGREEMENTS, QUESTIONS, leads(), st.data())
def test_less_knowledge_only_ever_loses_an_answer(
    playbook: Playbook, node: Node, lead: Lead, data: st.DataObject
) -> None:
    fewer = data.draw(st.lists(st.sampled_from([PHONE, *sorted(STATED)]), unique=True, min_size=1))
    asked = compile_condition(node, WORDS, Place.CHECKLIST)
    whole, less = (asked.test(LeadFacts(None, each, playbook, MONDAY)) for each in (lead, without(lead, fewer)))

    assert less in (whole, UNKNOWN)


@given(AGREEMENTS, QUESTIONS, leads())
def test_what_a_checklist_is_sure_of_is_so_wherever_else_it_is_asked(
    playbook: Playbook, node: Node, lead: Lead
) -> None:
    facts = LeadFacts(None, lead, playbook, MONDAY)
    surely, plainly = (compile_condition(node, WORDS, place).test(facts) for place in (Place.CHECKLIST, Place.RULE))

    assert surely in (plainly, UNKNOWN)


ROLES = tuple(
    Persona(name, name, name, compile_condition(when, WORDS, Place.PERSONA))
    for name, when in (
        ("boss", {"any": [{"lead.title": {"words": "vice president"}}, {"lead.employees": {"at_most": 1}}]}),
        ("clerk", {"lead.title": {"words": "clerk"}}),
        ("nobody", {"unknown": "lead.title"}),
    )
)
WORTH = Characteristic(
    "boss", "A boss", compile_condition({"lead.persona": "boss"}, WORDS, Place.CHARACTERISTIC), 50_000
)
LATE = Stage("late", "Late", compile_condition({"lead.time_frame": "now"}, WORDS, Place.STAGE))
BOOK = replaced(
    a_playbook(),
    personas=ROLES,
    stages=(LATE, Stage("early", "Early", always())),
    scoring=replaced(a_playbook().scoring, characteristics=(WORTH,)),
)


def checked(node: Node, said: Mapping[str, str]) -> Ternary:
    """What a checklist says to this of somebody with an address that tells no company."""
    statements = {field: {"website": (Statement(value, False, Sighting(0, b"one")),)} for field, value in said.items()}
    eve = IdentifierKey(IdentifierKind.EMAIL, "eve@gmail.example")
    lead = Lead(an_id("eve"), True, {eve: Dossier({}, {}, statements)})
    return compile_condition(node, WORDS, Place.CHECKLIST).test(LeadFacts(None, lead, BOOK, MONDAY))


@pytest.mark.parametrize(
    ("node", "said", "told"),
    [
        ({"known": "lead.product"}, {"product": "Planner"}, TRUE),
        ({"known": "lead.product"}, {}, UNKNOWN),
        ({"unknown": "lead.product"}, {}, UNKNOWN),
        ({"unknown": "lead.product"}, {"product": "Planner"}, FALSE),
        ({"lead.has_phone": "yes"}, {"phone": "+491"}, TRUE),
        ({"lead.has_phone": "yes"}, {}, UNKNOWN),
        ({"lead.has_phone": "no"}, {}, UNKNOWN),
        ({"account.is_target": "yes"}, {}, UNKNOWN),
        ({"account.is_target": "yes"}, {"company": "Initech"}, UNKNOWN),
        ({"account.is_target": "yes"}, {"company": "Initech", "website": "initech.example"}, FALSE),
        ({"account.is_target": "yes"}, {"website": "globex.example"}, TRUE),
        ({"lead.persona": "clerk"}, {"title": "Clerk"}, UNKNOWN),
        ({"lead.persona": "clerk"}, {"title": "Clerk", "employees": "50"}, TRUE),
        ({"lead.persona": ["boss", "clerk"]}, {"title": "Clerk"}, TRUE),
        ({"lead.persona": "clerk"}, {"title": "Vice President"}, FALSE),
        ({"lead.persona": "boss"}, {}, UNKNOWN),
        ({"lead.stage": "early"}, {}, UNKNOWN),
        ({"lead.stage": "early"}, {"time_frame": "later"}, TRUE),
        ({"lead.stage": ["early", "late"]}, {}, TRUE),
        ({"score.fit": {"at_least": 50}}, {"title": "Clerk"}, UNKNOWN),
        ({"score.fit": {"at_least": 50}}, {"title": "Clerk", "employees": "50"}, FALSE),
        ({"score.fit": {"at_most": 50}}, {"title": "Clerk"}, TRUE),
        ({"score.total": {"at_least": 10, "at_most": 40}}, {"title": "Clerk"}, FALSE),
        ({"score.engagement": {"at_least": 1}}, {}, FALSE),
    ],
)
def test_a_checklist_takes_no_silence_for_an_answer(node: Node, said: dict[str, str], told: Ternary) -> None:
    assert checked(node, said) is told


def test_who_names_no_budget_is_not_sure_and_who_did_nothing_is_not_ready_by_the_straw_man() -> None:
    straw_man = load(Path(__file__).parents[3] / "playbook")
    said = {"title": "VP Sales", "employees": "240", "time_frame": "now", "budget": "yes", "product": "Planner"}
    told = []
    for left_out in ("", "budget", "product"):
        office = Office(straw_man)
        known = {field: value for field, value in said.items() if field != left_out}
        office.take(an_event(EventType.FORM_SUBMITTED, "ada@acme.example", says=known))
        told.append(LeadFacts(None, office.lead_of("ada@acme.example"), straw_man, MONDAY).sql.value)

    assert told == [TRUE, UNKNOWN, FALSE]
