"""R6: as few questions as settle the checklist whatever is answered, against trying every set there is."""

from collections.abc import Mapping
from itertools import combinations, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Scalar
from services.router.domain.conditions import compile_all
from services.router.domain.junctions import conjoin, disjoin, invert
from services.router.domain.kleene import conjunction
from services.router.domain.playbook import Checklist, ChecklistItem
from services.router.domain.readiness import Checked, checked
from services.router.domain.vocabulary import Place, Vocabulary
from tests.playbook.facts import SomeFacts

TRUE, FALSE, UNKNOWN = Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN
NAMES = "abcdef"


class Told(NamedTuple):
    """Facts as they are said to be, by name."""

    values: Mapping[str, Ternary]

    def value(self, path: str) -> Scalar | tuple[str, ...]:
        return self.values[path].value

    def count(self, signal: str, within_days: int | None) -> int:
        raise AssertionError((signal, within_days))


def check(checklist: Checklist, facts: Told | SomeFacts) -> Checked:
    return checked(checklist, {item.name: item.when.test(facts) for item in checklist.items}, facts)


def fact(name: str) -> Condition:
    """A fact that rests on what its first letter names: `a` and `a2` are told by one answer."""
    return Condition(lambda facts: Ternary(str(facts.value(name))), name, frozenset({f"lead.{name[0]}"}), open=True)


FACTS = [*NAMES, "a2", "b2"]


def conditions() -> st.SearchStrategy[Condition]:
    return st.recursive(
        st.sampled_from(FACTS).map(fact),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(conjoin),
            st.lists(inner, min_size=1, max_size=3).map(disjoin),
            inner.map(invert),
        ),
        max_leaves=4,
    )


@st.composite
def checklists(draw: st.DrawFn) -> tuple[Checklist, Told]:
    """Up to four lines over eight facts, and a value for each of these; a question may be that of two lines."""
    lines = draw(st.lists(st.tuples(conditions(), st.sampled_from("1234")), min_size=1, max_size=4))
    items = [ChecklistItem(f"line {at}", f"line {at}", when, ask) for at, (when, ask) in enumerate(lines)]
    return Checklist("sql", tuple(items)), Told({name: draw(st.sampled_from(tuple(Ternary))) for name in FACTS})


def names_in(condition: Condition) -> set[str]:
    return {condition.text} if not condition.parts else set().union(*map(names_in, condition.parts))


def by_force(checklist: Checklist, told: Told) -> tuple[str, ...]:
    """The first and smallest set of questions after which, whatever is answered, the list is true or false."""
    values = [item.when.test(told) for item in checklist.items]
    if conjunction(values) is not UNKNOWN:
        return ()
    lines = [item for item, value in zip(checklist.items, values, strict=True) if value is UNKNOWN]
    asks = list(dict.fromkeys(item.ask for item in lines))
    for number in range(1, len(asks) + 1):
        for some in combinations(asks, number):
            answered = {name[0] for item in lines if item.ask in some for name in _open(item, told)}
            facts = [name for name in FACTS if name[0] in answered and told.values[name] is UNKNOWN]
            worlds = (
                Told({**told.values, **dict(zip(facts, each, strict=True))})
                for each in product((TRUE, FALSE), repeat=len(facts))
            )
            if all(conjunction(item.when.test(world) for item in checklist.items) is not UNKNOWN for world in worlds):
                return some
    return tuple(asks)


def _open(item: ChecklistItem, told: Told) -> list[str]:
    return [name for name in names_in(item.when) if told.values[name] is UNKNOWN]


@given(checklists())
def test_no_fewer_questions_settle_it_and_these_do(found: tuple[Checklist, Told]) -> None:
    checklist, told = found

    assert check(checklist, told).questions == by_force(checklist, told)


def a_list(**lines: object) -> Checklist:
    """A checklist as a page says it; each line's question is its name."""
    items = []
    for name, when in lines.items():
        condition, faults = compile_all(when, Vocabulary(), Place.CHECKLIST)
        assert faults == []
        items.append(ChecklistItem(name, name, condition, f"{name}?"))
    return Checklist("sql", tuple(items))


@pytest.mark.parametrize(
    ("lines", "known", "asked"),
    [
        pytest.param(
            {"budget": {"lead.budget": "yes"}, "time": {"lead.time_frame": "now"}},
            {},
            ("budget?", "time?"),
            id="what has nothing in common is asked each for itself",
        ),
        pytest.param(
            {"big": {"lead.employees": {"at_least": 50}}, "not_huge": {"lead.employees": {"at_most": 5000}}},
            {},
            ("big?",),
            id="one number answers both",
        ),
        pytest.param(
            {
                "big": {"lead.employees": {"at_least": 20}},
                "account": {"any": [{"account.is_target": "yes"}, {"lead.employees": {"at_least": 50}}]},
            },
            {},
            ("account?",),
            id="the question that tells more is the one",
        ),
        pytest.param(
            {
                "right_person": {"lead.persona_level": ["director", "manager"]},
                "buyer": {"not": {"lead.persona": "practitioner"}},
            },
            {},
            ("right_person?",),
            id="who tells their role tells both persona and level",
        ),
        pytest.param(
            {
                "time": {"lead.time_frame": "now"},
                "serious": {"any": [{"lead.time_frame": "now"}, {"lead.budget": "yes"}]},
            },
            {},
            ("time?",),
            id="a no settles the list and a yes settles the other line",
        ),
        pytest.param(
            {"time": {"lead.time_frame": "now"}, "either": {"lead.time_frame": ["now", "later"]}},
            {"lead.time_frame": "later"},
            (),
            id="a list that is settled asks nothing",
        ),
    ],
)
def test_what_is_asked(lines: dict[str, object], known: dict[str, object], asked: tuple[str, ...]) -> None:
    assert check(a_list(**lines), SomeFacts(known)).questions == asked


def test_one_question_that_tells_very_many_facts_is_enough() -> None:
    lines = {f"line_{at}": {"lead.employees": {"at_least": at + 1}} for at in range(12)}

    assert check(a_list(**lines), SomeFacts({})).questions == ("line_0?",)


def test_of_a_list_with_very_many_lines_no_set_is_tried_for_ever() -> None:
    pairs = {f"pair_{at}": {"lead.employees": {"at_least": at}, f"lead.{name}": "x"} for at, name in enumerate(WORDS)}
    asked = check(a_list(**pairs), SomeFacts({})).questions

    assert asked == tuple(f"{name}?" for name in pairs)


WORDS = (
    *("title", "company", "website", "country", "language", "time_zone", "industry", "product", "message"),
    *("first_name", "last_name", "full_name", "owner", "consent"),
)
