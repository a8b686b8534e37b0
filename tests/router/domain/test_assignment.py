"""A: whose turn it is. Nobody is ever off by a turn, nobody is asked twice, and there is always somebody."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.event import EventType
from schemas.fact import replace as changed
from services.router.domain.assignment import Rotation, draw, given_back, pick, turned_back
from services.router.domain.decision import ReturnTurn
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.team import Absence, Rep
from tests.router.builders import MONDAY, a_playbook, a_rep, an_event, hours
from tests.router.office import Office

HOUR = timedelta(hours=1)


def a_handoff(**changes: object) -> Handoff:
    office = Office(draws=False)
    office.take(an_event(EventType.FORM_SUBMITTED, "ada@acme.example", says={"consultation": "yes"}))
    return changed(office.handoff_of("ada@acme.example"), **changes)  # type: ignore[arg-type]  # fields of a handoff


def with_reps(**changes: dict[str, object]) -> Playbook:
    playbook = a_playbook()
    reps = {name: replace(rep, **changes.get(name, {})) for name, rep in playbook.reps.items()}  # type: ignore[arg-type]  # fields of a rep
    return replace(playbook, reps=reps)


def reasons(playbook: Playbook, handoff: Handoff | None = None, **load: int) -> tuple[str, dict[str, str]]:
    drawn, _ = draw(handoff or a_handoff(), playbook, Rotation(), load, MONDAY)
    return drawn.rep, {each.rep: each.reason for each in drawn.candidates}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 150))
def test_with_a_constant_set_nobody_is_ever_off_their_entitlement_by_a_turn(weights: list[int], turns: int) -> None:
    reps = [a_rep(f"rep{n}", weight=weight) for n, weight in enumerate(weights)]
    rotation, got, whole = Rotation(), dict.fromkeys((rep.id for rep in reps), 0), sum(weights)
    for turn in range(1, turns + 1):
        chosen, rotation = pick(rotation, reps)
        got[chosen] += 1

        assert all(abs(turn * rep.weight - got[rep.id] * whole) < whole for rep in reps)


@given(st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=80))
def test_when_the_set_changes_nobody_is_owed_more_than_the_causes_explain(days: list[set[int]]) -> None:
    reps = [a_rep(f"rep{n}", weight=n + 1) for n in range(4)]
    rotation, owed = Rotation(), dict.fromkeys((rep.id for rep in reps), 0.0)
    for day in days:
        eligible = [reps[n] for n in sorted(day)]
        chosen, rotation = pick(rotation, eligible)
        for rep in eligible:
            owed[rep.id] += rep.weight / sum(each.weight for each in eligible)
        owed[chosen] -= 1

        assert chosen in {rep.id for rep in eligible}
    assert all(abs(each) < 4 for each in owed.values())


def test_who_comes_back_from_a_holiday_is_not_flooded() -> None:
    ruth, saul = a_rep("ruth"), a_rep("saul")
    rotation, turns = Rotation(), []
    for _ in range(20):
        _, rotation = pick(rotation, [ruth])
    for _ in range(6):
        chosen, rotation = pick(rotation, [ruth, saul])
        turns.append(chosen)

    assert turns.count("saul") == 3


def test_a_turn_that_was_nobodys_fault_comes_back() -> None:
    reps = [a_rep("ruth"), a_rep("saul")]
    first, rotation = pick(Rotation(), reps)
    again, _ = pick(given_back(rotation, first), reps)

    assert first == again


def test_all_turns_that_came_back_are_owed_though_the_set_has_changed() -> None:
    ruth, saul, tess = a_rep("ruth"), a_rep("saul"), a_rep("tess")
    _, rotation = pick(Rotation(), [ruth, saul, tess])
    for _ in range(2):
        rotation = given_back(rotation, "saul")
    turns = []
    for _ in range(4):
        chosen, rotation = pick(rotation, [saul, tess])
        turns.append(chosen)

    assert turns.count("saul") == 3


def test_who_was_asked_for_owning_it_or_as_the_last_took_no_turn_that_could_come_back() -> None:
    owned, last = a_handoff(wanted="ruth", assignee="ruth"), a_handoff(assignee="mona")
    drawn = a_handoff(assignee="ruth", turn="ruth")

    assert [turned_back(each) for each in (owned, last)] == [(owned, ()), (last, ())]
    assert turned_back(drawn)[1] == (ReturnTurn(drawn.id, "inside", "ruth"),)


def test_the_owner_is_asked_first() -> None:
    rep, told = reasons(a_playbook(), a_handoff(wanted="olga"))

    assert (rep, told["olga"]) == ("olga", "owns this lead or account")


def test_an_owner_who_rejected_it_or_is_away_is_passed_over_with_the_reason() -> None:
    away = with_reps(olga={"away": (Absence(MONDAY - HOUR, MONDAY + HOUR),)})
    rejected = reasons(a_playbook(), a_handoff(wanted="olga", passed_over=("olga",)))
    out = reasons(away, a_handoff(wanted="olga"))

    assert rejected[0] == out[0] == "ruth"
    assert rejected[1]["olga"] == "owns it, but rejected it or let it lapse"
    assert out[1]["olga"] == "owns it, but is out of office"


def test_each_candidate_has_a_reason() -> None:
    playbook = with_reps(ruth={"capacity": 2}, saul={"hours": hours("America/New_York")})
    rep, told = reasons(playbook, ruth=2)

    assert rep == "saul"
    assert told == {"saul": "works earliest", "ruth": "has 2 open plays and takes 2 at most"}


def test_outside_working_hours_who_works_earliest_gets_it() -> None:
    night = MONDAY.replace(hour=2)
    playbook = with_reps(ruth={"hours": hours("America/New_York")})
    drawn, _ = draw(a_handoff(), playbook, Rotation(), {}, night)

    assert drawn.rep == "saul"


def test_never_nobody() -> None:
    everybody = tuple(a_playbook().reps)
    full = dict.fromkeys(everybody, 99)
    managed, _ = draw(a_handoff(), a_playbook(), Rotation(), full, MONDAY)
    last, _ = draw(a_handoff(passed_over=everybody), a_playbook(last_resort="olga"), Rotation(), full, MONDAY)
    homeless, _ = draw(a_handoff(team="gone"), a_playbook(), Rotation(), {}, MONDAY)

    assert (managed.rep, last.rep, homeless.rep) == ("mona", "olga", "mona")


@given(st.data())
def test_a_draw_always_names_somebody_the_playbook_knows(data: st.DataObject) -> None:
    names = st.sampled_from(tuple(a_playbook().reps))
    handoff = a_handoff(
        passed_over=tuple(data.draw(st.sets(names))), wanted=data.draw(st.sampled_from(("", "olga", "gone")))
    )
    load = data.draw(st.dictionaries(names, st.integers(0, 25)))
    drawn, _ = draw(handoff, a_playbook(), Rotation(), load, MONDAY + data.draw(st.integers(0, 200)) * HOUR)

    assert drawn.rep in a_playbook().reps
    assert [each.rep for each in drawn.candidates if each.chosen] == [drawn.rep]
    assert all(each.reason for each in drawn.candidates)


def test_a_rep_keeps_the_weight_of_their_own() -> None:
    reps: list[Rep] = [a_rep("ruth", weight=2), a_rep("saul")]
    rotation, got = Rotation(), []
    for _ in range(9):
        chosen, rotation = pick(rotation, reps)
        got.append(chosen)

    assert (got.count("ruth"), got.count("saul")) == (6, 3)
