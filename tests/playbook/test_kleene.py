"""Kleene's laws, against an oracle that tries every way in which the unknown could turn out."""

import os
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.verdict import Ternary
from services.router.domain import junctions, kleene
from services.router.domain.condition import Condition
from services.router.domain.conditions import compile_condition
from tests.playbook.facts import SomeFacts

EXAMPLES = 2000 if os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak" else 60
PATHS = ("lead.has_phone", "lead.has_email", "lead.known", "account.known", "account.is_target")
VALUES = st.sampled_from([Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN])
ATOMS = st.builds(lambda path, wanted: {path: wanted}, st.sampled_from(PATHS), st.sampled_from(["yes", "no"]))
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
FACTS = st.dictionaries(st.sampled_from(PATHS), st.booleans())


def oracle(node: dict[str, Any], known: dict[str, bool]) -> bool:
    """Plain two-valued truth, everything known."""
    (word, operand), *_ = node.items()
    if word == "all":
        return all(oracle(part, known) for part in operand)
    if word == "any":
        return any(oracle(part, known) for part in operand)
    if word == "not":
        return not oracle(operand, known)
    return known[word] is (operand == "yes")


def atoms(node: dict[str, Any]) -> list[str]:
    (word, operand), *_ = node.items()
    if word in ("all", "any"):
        return [path for part in operand for path in atoms(part)]
    return atoms(operand) if word == "not" else [word]


def futures(known: dict[str, bool]) -> list[dict[str, bool]]:
    """Every way in which what is unknown could turn out."""
    open_paths = [path for path in PATHS if path not in known]
    return [
        {**known, **dict(zip(open_paths, way, strict=True))} for way in product((True, False), repeat=len(open_paths))
    ]


@settings(max_examples=EXAMPLES, deadline=None)
@given(TREES, FACTS)
def test_what_is_true_or_false_stays_so_however_the_unknown_turns_out(
    node: dict[str, Any], known: dict[str, bool]
) -> None:
    actual = compile_condition(node).test(SomeFacts(known))
    outcomes = {oracle(node, future) for future in futures(known)}

    if actual is not Ternary.UNKNOWN:
        assert outcomes == {actual is Ternary.TRUE}


@settings(max_examples=EXAMPLES, deadline=None)
@given(TREES, FACTS)
def test_unknown_is_said_only_when_it_is_open_where_no_fact_is_asked_twice(
    node: dict[str, Any], known: dict[str, bool]
) -> None:
    asked = atoms(node)
    if len(asked) != len(set(asked)):
        return
    actual = compile_condition(node).test(SomeFacts(known))
    outcomes = {oracle(node, future) for future in futures(known)}

    assert (actual is Ternary.UNKNOWN) is (len(outcomes) == 2)


def some_condition(value: Ternary) -> Condition:
    return Condition(lambda _facts: value, value.value)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(VALUES, max_size=5))
def test_de_morgan_holds(values: list[Ternary]) -> None:
    parts = [some_condition(value) for value in values]
    negated = [junctions.invert(part) for part in parts]
    nobody = SomeFacts({})

    assert kleene.negation(kleene.conjunction(values)) is junctions.disjoin(negated).test(nobody)
    assert kleene.negation(junctions.disjoin(parts).test(nobody)) is junctions.conjoin(negated).test(nobody)


@given(VALUES)
def test_twice_not_is_nothing(value: Ternary) -> None:
    actual = kleene.negation(kleene.negation(value))

    assert actual is value
