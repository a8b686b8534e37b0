"""A2: out of office. Who is away is not asked, is owed nothing for it, and somebody who is there stands in."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.feedback import AbsenceDeclared
from services.router.domain.absences import Declared, UnknownRepError, asked, declared
from services.router.domain.assignment import Rotation, draw, pick
from services.router.domain.decision import SetAbsence
from services.router.domain.playbook import Playbook
from services.router.domain.team import Absence
from tests.router.builders import MONDAY, a_playbook, a_rep, an_id, hours
from tests.router.domain.test_assignment import a_handoff, reasons

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG = (Absence(MONDAY - DAY, MONDAY + 14 * DAY),)


def said(rep: str, first: date | None = None, last: date | None = None, at: datetime = MONDAY) -> AbsenceDeclared:
    return AbsenceDeclared(id=an_id((rep, first, last, at)), rep=rep, actor=rep, at=at, first=first, last=last)


def after(*facts: AbsenceDeclared, playbook: Playbook | None = None) -> Declared:
    found: Declared = {}
    for fact in facts:
        found = declared(found, asked(fact, playbook or a_playbook()))
    return found


def away(**reps: tuple[Absence, ...]) -> Playbook:
    playbook = a_playbook()
    return replace(playbook, reps={name: replace(rep, away=reps.get(name, ())) for name, rep in playbook.reps.items()})


def drawn(found: Declared, now: datetime = MONDAY) -> str:
    return draw(a_handoff(), a_playbook(), Rotation(away=found), {}, now)[0].rep


def test_days_away_are_whole_ones_in_the_reps_own_zone() -> None:
    reps = {"ruth": a_rep("ruth", hours=hours("America/New_York"))}
    absence = asked(said("ruth", date(2026, 10, 30), date(2026, 11, 1)), replace(a_playbook(), reps=reps))

    expected = SetAbsence("ruth", datetime(2026, 10, 30, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC), MONDAY)
    assert absence == expected


def test_who_says_that_they_are_away_is_not_asked_until_the_last_day_is_over() -> None:
    found = after(said("ruth", last=date(2026, 9, 15)))
    monday, tuesday, wednesday = (drawn(found, MONDAY + number * DAY) for number in range(3))

    assert (monday, tuesday, wednesday) == ("saul", "saul", "ruth")


def test_who_is_back_sooner_is_asked_again() -> None:
    found = after(said("ruth", last=date(2026, 9, 18)), said("ruth", at=MONDAY + HOUR))

    assert drawn(found, MONDAY + HOUR) == "ruth"


def test_a_longer_or_shorter_absence_takes_the_place_of_the_one_that_runs() -> None:
    longer = after(said("ruth", last=date(2026, 9, 15)), said("ruth", last=date(2026, 9, 18), at=MONDAY + HOUR))
    shorter = after(said("ruth", last=date(2026, 9, 18)), said("ruth", last=date(2026, 9, 15), at=MONDAY + HOUR))

    assert drawn(longer, MONDAY + 3 * DAY) == "saul"
    assert drawn(shorter, MONDAY + 3 * DAY) == "ruth"


def test_a_day_in_bed_leaves_the_holiday_that_was_planned() -> None:
    found = after(
        said("ruth", date(2026, 10, 5), date(2026, 10, 9)), said("ruth", last=date(2026, 9, 14)), said("ruth")
    )

    assert drawn(found, datetime(2026, 10, 6, 9, tzinfo=UTC)) == "saul"


def test_what_is_long_over_is_forgotten() -> None:
    found = after(said("ruth", last=date(2026, 9, 15)), said("ruth", last=date(2026, 12, 1), at=MONDAY + 70 * DAY))

    assert len(found["ruth"]) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rut", "the playbook knows no rep “rut”: did you mean “ruth”? It knows ruth, saul, mona, olga"),
        ("stranger", "the playbook knows no rep “stranger”: It knows ruth, saul, mona, olga"),
    ],
)
def test_of_somebody_whom_the_playbook_does_not_know_it_is_said_whom_it_knows(name: str, says: str) -> None:
    with pytest.raises(UnknownRepError, match=re.escape(says)):
        asked(said(name, last=date(2026, 9, 15)), a_playbook())


def test_an_absence_outlives_a_change_of_who_else_is_there() -> None:
    found = after(said("ruth", last=date(2026, 9, 18)))
    _, rotation = draw(a_handoff(), a_playbook(), Rotation(away=found), {}, MONDAY)
    _, rotation = pick(rotation, [a_rep("tess"), a_rep("umar")])

    assert rotation.away == found


def test_who_comes_back_is_owed_nothing_for_the_time_away() -> None:
    rotation, turns = Rotation(away=after(said("ruth", last=date(2026, 9, 14)))), []
    for number in range(26):
        now = MONDAY if number < 20 else MONDAY + DAY
        found, rotation = draw(a_handoff(), a_playbook(), rotation, {}, now)
        turns.append(found.rep)

    assert turns[:20] == ["saul"] * 20
    assert sorted(turns[20:]) == ["ruth"] * 3 + ["saul"] * 3


def test_where_all_reps_are_out_of_office_the_manager_stands_in() -> None:
    rep, told = reasons(away(ruth=LONG, saul=LONG))

    assert rep == "mona"
    assert told["mona"] == "manages the team, where nobody else is left to ask"
    assert told["ruth"] == told["saul"] == "is out of office"


def test_where_the_manager_is_away_as_well_the_last_resort_stands_in() -> None:
    playbook = replace(away(ruth=LONG, saul=LONG, mona=LONG), last_resort="olga")

    assert reasons(playbook)[0] == "olga"


def test_where_nobody_at_all_is_there_who_comes_back_first_gets_it() -> None:
    soon = (Absence(MONDAY - DAY, MONDAY + 2 * DAY),)

    assert reasons(away(ruth=LONG, saul=soon, mona=LONG, olga=LONG))[0] == "saul"


def test_who_is_home_for_the_evening_is_not_out_of_office() -> None:
    playbook = away(saul=LONG)
    night, _ = draw(a_handoff(), playbook, Rotation(), {}, MONDAY + 13 * HOUR)

    assert night.rep == "ruth"


def test_it_never_goes_back_to_a_rejecter_though_all_others_are_away() -> None:
    playbook = replace(away(saul=LONG), last_resort="olga")
    rejected = reasons(playbook, a_handoff(passed_over=("ruth",)))[0]
    by_both = reasons(playbook, a_handoff(passed_over=("ruth", "mona")))[0]

    assert (rejected, by_both) == ("mona", "olga")


def test_an_owner_who_said_that_they_are_away_is_passed_over() -> None:
    found = after(said("olga", last=date(2026, 9, 18)))
    chosen, _ = draw(a_handoff(wanted="olga"), a_playbook(), Rotation(away=found), {}, MONDAY)

    assert chosen.rep == "ruth"
