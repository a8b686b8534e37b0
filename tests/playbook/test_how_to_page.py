"""The how-to page is true: its condition compiles, its rule and its play are one new page each and nothing else."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from schemas.verdict import Rule
from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_files import load
from services.router.adapters.templates import ALTERNATIVES
from services.router.domain.conditions import compile_condition
from services.router.domain.playbook import Playbook
from services.router.domain.plays import choose
from services.router.domain.vocabulary import Vocabulary
from tests.playbook.conftest import STRAW_MAN

PAGE = (STRAW_MAN.parent / "docs" / "add-a-rule-or-play.md").read_text("utf-8")
CONDITION, RULE, CONTACT, PLAY = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_condition_is_one(straw_man: Playbook) -> None:
    node = YAML(typ="safe", pure=True).load(CONDITION)["when"]
    signals = {signal.name: signal.label for signal in straw_man.scoring.signals}

    actual = compile_condition(node, Vocabulary(signals=signals))

    assert actual.signals == {"whitepaper_downloaded"}


def test_its_rule_is_a_whole_page(folder: Path) -> None:
    (folder / "rules" / "consultation.yaml").write_text(RULE, "utf-8")

    report = check(folder)

    assert [example.passed for example in report.examples if example.rule is Rule.CONSULTATION] == [True, True]


def test_its_caps_are_those_that_the_straw_man_ships_with(folder: Path, straw_man: Playbook) -> None:
    page = folder / "playbook.yaml"
    before, _, rest = page.read_text("utf-8").partition("contact:")
    page.write_text(f"{before}{CONTACT}\nwords:{rest.partition('words:')[2]}", "utf-8")

    assert load(folder).contact == straw_man.contact


def test_its_play_is_one_new_file_that_wins_where_it_says(folder: Path) -> None:
    (folder / "plays" / "trial_in_use.yaml").write_text(PLAY, "utf-8")

    report = check(folder)

    chosen = choose(report.playbook, [Rule.SCORE_THRESHOLD], "team_lead", "decision", "", has_phone=True)[0]
    assert (chosen.name, report.idle) == ("trial_in_use", ())


def test_it_names_every_value_that_a_play_may_use() -> None:
    (table,) = re.findall(r"^\| value \| \|\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)

    assert set(re.findall(r"`([a-z_]+)`", table)) == set(ALTERNATIVES)
