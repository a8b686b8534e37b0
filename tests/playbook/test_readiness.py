"""Readiness: one false settles it, an unknown is asked about, and nobody is asked more than is needed."""

import pytest

from schemas.verdict import Ternary
from services.router.domain.playbook import Checklist, Playbook
from services.router.domain.readiness import Checked, checked
from tests.playbook.facts import SomeFacts

TRUE, FALSE, UNKNOWN = Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN
READY = {
    "lead.persona_level": "vice_president",
    "lead.employees": "240",
    "account.is_target": False,
    "lead.time_frame": "this_quarter",
    "lead.budget": "yes",
    "lead.has_email": True,
    "lead.has_phone": False,
}
READ = {"case_study_read": [3]}


def without(*paths: str, **changed: object) -> SomeFacts:
    values = {path: value for path, value in READY.items() if path not in paths}
    return SomeFacts({**values, **{path.replace("__", "."): value for path, value in changed.items()}}, READ)


def check(checklist: Checklist, facts: SomeFacts) -> Checked:
    return checked(checklist, {item.name: item.when.test(facts) for item in checklist.items}, facts)


def test_everything_true_is_ready_and_asks_nothing(straw_man: Playbook) -> None:
    value, items, questions = check(straw_man.sql, without())

    assert (value, set(items.values()), questions) == (TRUE, {TRUE}, ())


@pytest.mark.parametrize(
    ("missing", "item"),
    [
        (("lead.budget",), "budget"),
        (("lead.time_frame",), "right_time"),
        (("lead.persona_level",), "right_person"),
        (("lead.employees",), "right_account"),
    ],
)
def test_what_is_not_known_is_unknown_and_is_the_one_thing_to_ask(
    straw_man: Playbook, missing: tuple[str, ...], item: str
) -> None:
    ask = next(each.ask for each in straw_man.sql.items if each.name == item)

    value, items, questions = check(straw_man.sql, without(*missing))

    assert (value, items[item], questions) == (UNKNOWN, UNKNOWN, (ask,))


def test_one_no_settles_it_and_then_nobody_is_asked(straw_man: Playbook) -> None:
    value, items, questions = check(straw_man.sql, without("lead.time_frame", lead__budget="no"))

    assert (value, items["budget"], items["right_time"], questions) == (FALSE, FALSE, UNKNOWN, ())


def test_an_absent_behaviour_is_a_no_and_not_an_unknown(straw_man: Playbook) -> None:
    value, items, _ = check(straw_man.mql, SomeFacts(READY))

    assert (value, items["right_interest"]) == (FALSE, FALSE)


def test_the_mql_list_asks_less_than_the_sql_list(straw_man: Playbook) -> None:
    facts = without("lead.budget", "lead.time_frame")

    assert [check(list_, facts)[0] for list_ in (straw_man.mql, straw_man.sql)] == [TRUE, UNKNOWN]
