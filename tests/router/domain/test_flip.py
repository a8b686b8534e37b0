"""The smallest change that flips a decision, against trying every change there is."""

from itertools import combinations, count, product

from hypothesis import given
from hypothesis import strategies as st

from schemas.verdict import Ternary
from services.router.domain.condition import Condition
from services.router.domain.flip import Changes, Step, outcome, smallest
from services.router.domain.junctions import always, conjoin, disjoin, invert

NAMES = "abcdefghijkl"
VALUES = tuple(Ternary)


def fact(name: str) -> Condition:
    """A fact that nobody is asked about: its value is looked up. Every second one can be unknown."""
    return Condition(lambda _: Ternary.UNKNOWN, name)


def _open(name: str) -> bool:
    return NAMES.index(name) % 2 == 0


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of up to three joints over twelve facts, which may stand in them several times."""
    facts = st.sampled_from(NAMES).map(fact)
    return st.recursive(
        facts,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(conjoin),
            st.lists(inner, min_size=1, max_size=4).map(disjoin),
            inner.map(invert),
        ),
        max_leaves=12,
    )


@st.composite
def decisions(draw: st.DrawFn) -> tuple[list[Step], dict[str, Ternary]]:
    """A decision, and a value for each fact."""
    steps = [
        Step(when, then) for when, then in draw(st.lists(st.tuples(conditions(), st.sampled_from("xyz")), max_size=3))
    ]
    values = {name: draw(st.sampled_from(allowed(name))) for name in NAMES}
    return [*steps, Step(always(), "z")], values


def allowed(name: str) -> tuple[Ternary, ...]:
    return VALUES if _open(name) else (Ternary.TRUE, Ternary.FALSE)


def possible(one: Condition) -> tuple[Ternary, ...]:
    return allowed(one.text)


def by_force(steps: list[Step], values: dict[str, Ternary]) -> list[Changes]:
    """Every change of one fact, then of two, then of three, until some flip the decision."""
    now = outcome(steps, lambda one: values[one.text])
    for size in (1, 2, 3):
        found = []
        for names in combinations(NAMES, size):
            others = [[one for one in allowed(name) if one is not values[name]] for name in names]
            for chosen in product(*others):
                changed = values | dict(zip(names, chosen, strict=True))
                if outcome(steps, lambda one, changed=changed: changed[one.text]) != now:
                    found.append(frozenset(zip(names, chosen, strict=True)))
        if found:
            return sorted(found, key=sorted)
    return []


@given(decisions())
def test_every_smallest_change_is_found_and_nothing_else(found: tuple[list[Step], dict[str, Ternary]]) -> None:
    steps, values = found
    assert smallest(steps, lambda one: values[one.text], possible) == by_force(steps, values)


def test_what_nothing_can_change_has_no_flip() -> None:
    assert smallest([Step(always(), "pass")], lambda _: Ternary.TRUE, possible) == []


def test_what_takes_four_changes_is_not_called_small() -> None:
    steps = [Step(conjoin([fact(name) for name in "abcd"]), "pass"), Step(always(), "nurture")]
    assert smallest(steps, lambda _: Ternary.FALSE, possible) == []
    assert len(smallest(steps, lambda one: Ternary.FALSE if one.text in "abc" else Ternary.TRUE, possible)) == 1


def test_a_huge_condition_is_given_up_on_in_time() -> None:
    names = [[f"{row} {column}" for column in range(30)] for row in range(4)]
    whole = conjoin([disjoin([Condition(lambda _: Ternary.UNKNOWN, name) for name in row]) for row in names])
    steps, asked = [Step(whole, "pass"), Step(always(), "nurture")], count()

    def read(_: Condition) -> Ternary:
        next(asked)
        return Ternary.FALSE

    assert smallest(steps, read, lambda _: (Ternary.TRUE,)) == []
    assert next(asked) < 1_000_000
