"""Teams: hours, holidays, zones and absences as a person wrote them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook
from services.router.domain.team import Absence

Edit = Callable[[str, str, str], int]


def test_a_rep_has_the_teams_hours_or_their_own(straw_man: Playbook) -> None:
    maya, priya, jonas = (straw_man.reps[name].hours for name in ("maya", "priya", "jonas"))

    assert (maya.zone.key, maya.week[1]) == ("America/New_York", ((time(9), time(18)),))
    assert (priya.zone.key, len(priya.week[3])) == ("America/Los_Angeles", 2)
    assert (jonas.week[5], 6 in jonas.week) == (((time(9), time(15)),), False)


def test_holidays_are_those_of_the_place(straw_man: Playbook) -> None:
    thanksgiving, unity, boxing = date(2026, 11, 26), date(2028, 10, 3), date(2029, 12, 26)

    found = {name: straw_man.reps[name].hours.holidays for name in ("maya", "jonas", "elena")}

    assert [thanksgiving in found["maya"], thanksgiving in found["elena"]] == [True, False]
    assert [unity in found["jonas"], unity in found["elena"]] == [True, False]
    assert [boxing in found["elena"], boxing in found["maya"]] == [True, False]


def test_an_absence_is_whole_days_in_the_reps_own_zone(folder: Path, edit: Edit) -> None:
    edit(
        "teams/inside_sales.yaml",
        "    weight: 2",
        "    away:\n      - {start: 2026-07-01, end: 2026-07-03}\n    weight: 2",
    )

    actual = load(folder).reps["priya"].away

    assert actual == (Absence(datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 4, 7, tzinfo=UTC)),)


def test_addresses_keep_their_order(straw_man: Playbook) -> None:
    actual = [[each.channel for each in straw_man.reps[name].addresses] for name in ("elena", "wren")]

    assert actual == [["slack", "email", "inbox"], ["email", "slack", "inbox"]]
