"""Everybody's turns against what they are entitled to: whatever happens, the causes sum to the difference."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.fact import replace as changed
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw
from services.router.domain.fairness import Cause, fairness
from services.router.domain.team import Absence
from tests.router.builders import MONDAY, a_playbook, a_rep
from tests.router.domain.test_assignment import a_handoff

HOUR = timedelta(hours=1)
NAMES = ("ruth", "saul", "tess", "umar")
HANDOFF = a_handoff()


@st.composite
def days(draw_: st.DrawFn) -> tuple[dict[str, int], list[Draw]]:
    """Draws of one team whose reps come and go: holidays, full hands, rejections, evenings."""
    weights = {name: draw_(st.integers(1, 5)) for name in NAMES}
    rotation, draws = Rotation(), list[Draw]()
    for _ in range(draw_(st.integers(1, 30))):
        away = draw_(st.sets(st.sampled_from(NAMES)))
        passed_over = tuple(draw_(st.sets(st.sampled_from(NAMES), max_size=2)))
        load = {name: draw_(st.sampled_from((0, 20))) for name in NAMES}
        now = MONDAY + draw_(st.sampled_from((0, 2, 12))) * HOUR
        drawn, rotation = draw(changed(HANDOFF, passed_over=passed_over), team(weights, away), rotation, load, now)
        draws.append(drawn)
    return weights, draws


def team(weights: dict[str, int], away: set[str]) -> object:
    playbook = a_playbook()
    gone = (Absence(MONDAY - HOUR, MONDAY + 1000 * HOUR),)
    reps = {name: a_rep(name, weight=weight, away=gone if name in away else ()) for name, weight in weights.items()}
    inside = replace(playbook.teams["inside"], reps=tuple(weights))
    return replace(playbook, reps={**playbook.reps, **reps}, teams={"inside": inside})


@given(days())
def test_the_causes_sum_to_the_deviation(found: tuple[dict[str, int], list[Draw]]) -> None:
    weights, draws = found
    shares = fairness(draws, weights)

    assert all(sum(share.causes.values()) == share.deviation for share in shares.values())
    assert sum(share.deviation for share in shares.values()) == 0


@given(st.lists(st.integers(1, 9), min_size=4, max_size=4), st.integers(1, 60))
def test_where_everybody_is_always_there_only_a_part_of_a_turn_is_left(numbers: list[int], turns: int) -> None:
    weights = dict(zip(NAMES, numbers, strict=True))
    rotation, draws = Rotation(), list[Draw]()
    for _ in range(turns):
        drawn, rotation = draw(HANDOFF, team(weights, set()), rotation, {}, MONDAY)  # type: ignore[arg-type]  # a playbook
        draws.append(drawn)
    shares = fairness(draws, weights)

    assert all({cause for cause, by in share.causes.items() if by} <= {Cause.TURN} for share in shares.values())
    assert all(abs(share.deviation) < 1 for share in shares.values())
    assert sum(share.got for share in shares.values()) == turns


def test_a_holiday_costs_its_share_and_the_others_get_it() -> None:
    weights = {"ruth": 1, "saul": 1}
    playbook = team(weights, {"saul"})
    drawn, _ = draw(HANDOFF, playbook, Rotation(), {}, MONDAY)  # type: ignore[arg-type]  # a playbook
    shares = fairness([drawn], weights)

    assert {cause: by for cause, by in shares["saul"].causes.items() if by} == {Cause.AWAY: Fraction(-1, 2)}
    assert {cause: by for cause, by in shares["ruth"].causes.items() if by} == {Cause.OTHERS: Fraction(1, 2)}


def test_who_owns_the_lead_gets_it_out_of_turn() -> None:
    drawn, _ = draw(changed(HANDOFF, wanted="olga"), a_playbook(), Rotation(), {}, MONDAY)

    assert fairness([drawn], {"ruth": 1, "saul": 1})["ruth"].deviation == 0
