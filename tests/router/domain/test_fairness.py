"""Everybody's turns against what they are entitled to: whatever happens, the causes sum to the difference."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fact import replace as changed
from services.router.domain.assignment import Rotation, draw, given_back, pick, turned_back
from services.router.domain.decision import Draw
from services.router.domain.fairness import Cause, fairness, in_turn
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.team import Absence
from tests.router.builders import MONDAY, a_playbook, a_rep, hours
from tests.router.domain.test_assignment import a_handoff

HOUR = timedelta(hours=1)
NAMES = ("ruth", "saul", "tess", "umar")
HANDOFF = a_handoff()
SOAK = settings.default.max_examples >= 1000
pytestmark = pytest.mark.hypothesis  # it knows full counts


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


def team(weights: dict[str, int], away: set[str]) -> Playbook:
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
        drawn, rotation = draw(HANDOFF, team(weights, set()), rotation, {}, MONDAY)
        draws.append(drawn)
    shares = fairness(draws, weights)

    assert all({cause for cause, by in share.causes.items() if by} <= {Cause.TURN} for share in shares.values())
    assert all(abs(share.deviation) < 1 for share in shares.values())
    assert sum(share.got for share in shares.values()) == turns


@dataclass
class Months:
    """What became of one team over months: people come and go, are busy, reject, and get turns back."""

    seed: int
    draws: list[Draw] = field(default_factory=list)
    returned: list[Draw] = field(default_factory=list)
    rotation: Rotation = field(default_factory=Rotation)
    open_: list[tuple[datetime, str]] = field(default_factory=list)
    """(when it ends, whose it is)."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.weights = {name: self.chance.randint(1, 5) for name in NAMES}
        free = frozenset(MONDAY.date() + timedelta(days=self.chance.randrange(400)) for _ in range(20))
        zones = ("Europe/Berlin", "Europe/Berlin", "Europe/Lisbon", "Asia/Kolkata")
        playbook = team(self.weights, set())
        reps = {
            name: replace(
                playbook.reps[name],
                capacity=6,
                hours=replace(hours(zone), holidays=free),
                away=tuple(self.absence() for _ in range(8)),
            )
            for name, zone in zip(NAMES, zones, strict=True)
        }
        self.playbook = replace(playbook, reps={**playbook.reps, **reps})

    def absence(self) -> Absence:
        start = MONDAY + timedelta(days=self.chance.randrange(400))
        return Absence(start, start + timedelta(days=self.chance.randint(1, 15)))

    def go(self, draws: int) -> "Months":
        now = MONDAY
        while len(self.draws) + len(self.returned) < draws:
            now += timedelta(days=400 / draws * self.chance.expovariate(1))
            self.open_ = [each for each in self.open_ if each[0] > now]
            self.handed_off(HANDOFF, now)
        return self

    def handed_off(self, handoff: Handoff, now: datetime) -> None:
        """Draw until somebody keeps it."""
        drawn, self.rotation = draw(handoff, self.playbook, self.rotation, Counter(rep for _, rep in self.open_), now)
        took, roll = drawn.rep if in_turn(drawn) else "", self.chance.random()
        offered = changed(handoff, assignee=drawn.rep, turn=took)
        again = changed(offered, assignee="", passed_over=(*handoff.passed_over, drawn.rep))
        turn = turned_back(offered)[1] if roll < 0.08 else ()
        (self.returned if turn else self.draws).append(drawn)
        for each in turn:
            self.rotation = given_back(self.rotation, each.rep)
        if turn or 0.08 <= roll < 0.16:
            return self.handed_off(again, now)
        self.open_.append((now + timedelta(days=2 * self.chance.expovariate(1)), drawn.rep))
        return None


@pytest.mark.parametrize("seed", range(6 if SOAK else 1))
def test_over_months_every_cause_occurs_they_sum_to_the_deviation_and_hardly_anything_is_left_to_make_up_for(
    seed: int,
) -> None:
    months = Months(seed).go(10_000 if SOAK else 400)
    shares = fairness(months.draws, months.weights, months.returned)
    occurred = {cause for share in shares.values() for cause, by in share.causes.items() if by}

    assert occurred == set(Cause)
    assert all(sum(share.causes.values()) == share.deviation for share in shares.values())
    assert sum(share.got for share in shares.values()) == sum(map(in_turn, (*months.draws, *months.returned)))
    assert all(abs(share.causes[Cause.TURN]) < 3 for share in shares.values())


def test_a_set_that_changes_with_every_draw_leaves_nobody_behind() -> None:
    chance, worst = Random(2), Fraction()
    reps = [a_rep(f"rep{number}", weight=chance.randint(1, 7)) for number in range(8)]
    rotation, owed = Rotation(), dict.fromkeys((rep.id for rep in reps), Fraction())
    for _ in range(20_000 if SOAK else 1_000):
        eligible = chance.sample(reps, chance.randint(1, 8))
        drawn, rotation = pick(rotation, eligible)
        whole = sum(rep.weight for rep in eligible)
        for rep in eligible:
            owed[rep.id] += Fraction(rep.weight, whole)
        owed[drawn] -= 1
        worst = max(worst, *(abs(turns) for turns in owed.values()))

    assert worst < 2


def test_a_turn_given_back_is_a_cause_of_its_own() -> None:
    weights = {"ruth": 1, "saul": 1}
    drawn, _ = draw(HANDOFF, team(weights, set()), Rotation(), {}, MONDAY)
    shares = fairness([], weights, [drawn])

    assert shares["ruth"].causes == {Cause.RETURNED: Fraction(1, 2)}
    assert shares["saul"].causes == {Cause.RETURNED: Fraction(-1, 2)}


def test_a_holiday_costs_its_share_and_the_others_get_it() -> None:
    weights = {"ruth": 1, "saul": 1}
    playbook = team(weights, {"saul"})
    drawn, _ = draw(HANDOFF, playbook, Rotation(), {}, MONDAY)
    shares = fairness([drawn], weights)

    assert {cause: by for cause, by in shares["saul"].causes.items() if by} == {Cause.AWAY: Fraction(-1, 2)}
    assert {cause: by for cause, by in shares["ruth"].causes.items() if by} == {Cause.OTHERS: Fraction(1, 2)}


def test_who_owns_the_lead_gets_it_out_of_turn() -> None:
    drawn, _ = draw(changed(HANDOFF, wanted="olga"), a_playbook(), Rotation(), {}, MONDAY)

    assert fairness([drawn], {"ruth": 1, "saul": 1})["ruth"].deviation == 0
