"""`playcaller playbook check`: what a person sees, and what a script does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_coverage import coverage_of, idle
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.domain.playbook import Play, Playbook
from services.router.playbook_commands import app
from tests.playbook.conftest import STRAW_MAN

Edit = Callable[[str, str, str], int]


def run(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", str(folder)])
    return result.exit_code, result.output


def test_a_good_playbook_is_shown_with_its_map_and_the_share_of_the_fallback(straw_man: Playbook) -> None:
    code, output = run(STRAW_MAN)

    assert code == 0
    assert straw_man.version in output
    assert "Which play answers whom" in output
    assert "All 512 situations have a complete play; the fallback answers 0 of them (0%)." in output
    assert all(f"plays/{play.name}.yaml" in output for play in straw_man.plays)


def test_faults_are_all_shown_with_their_places_and_end_with_one(folder: Path, edit: Edit) -> None:
    first = edit("scoring.yaml", "group: website", "group: wbsite")
    second = edit("rules/consultation.yaml", "event.consultation: yes", "event.consultaton: yes")

    code, output = run(folder)

    assert code == 1
    assert f"{folder}/scoring.yaml:{first}: there is no group “wbsite” (did you mean “website”?)" in output
    assert f"{folder}/rules/consultation.yaml:{second}: “event.consultaton” is not known" in output
    assert "2 faults" in output


def test_what_a_page_says_is_printed_and_never_obeyed(folder: Path, edit: Edit) -> None:
    edit("scoring.yaml", "group: website", 'group: "[red]x[/red]"')

    assert "“[red]x[/red]”" in run(folder)[1]


def faults_of(folder: Path) -> list[str]:
    try:
        check(folder)
    except PlaybookFaultsError as wrong:
        return [str(fault) for fault in wrong.faults]
    return []


def test_an_example_that_does_not_hold_is_a_fault_on_its_line(folder: Path, edit: Edit) -> None:
    line = edit("rules/score_threshold.yaml", "expect: silent", "expect: fires")

    said = "the example “No points yet” expects the rule to be “fires”, but it is “silent”"
    assert faults_of(folder) == [f"rules/score_threshold.yaml:{line}: {said}"]


def test_an_example_may_only_say_what_exists(folder: Path, edit: Edit) -> None:
    line = edit("rules/sql_criteria.yaml", "case_study_read: 1", "case_studies_read: 1")

    assert f"rules/sql_criteria.yaml:{line}: “case_studies_read” is not known (did you mean “case_study_read”?)" in (
        faults_of(folder)
    )


def test_a_text_that_would_have_a_hole_is_a_fault_on_its_line(folder: Path, edit: Edit) -> None:
    edit("plays/threshold.yaml", "{{ company or", "{% if company %}{{ company }}{% endif %} ,{{ company or")

    assert any("plays/threshold.yaml" in each and "has a hole" in each for each in faults_of(folder))


def test_every_situation_is_in_the_map_and_a_gap_is_counted(straw_man: Playbook) -> None:
    only = [play for play in straw_man.plays if play.fallback or play.name == "consultation"]

    coverage = coverage_of(replace(straw_man, plays=tuple(only)))

    personas, stages = len(straw_man.personas) + 1, len(straw_man.stages)
    assert len(coverage.plays) == 4 * personas * stages * 2
    assert coverage.share == 0.75
    assert {cell.trigger.value for cell in coverage.gaps()} == {"sql_criteria", "score_threshold", "target_responds"}


def test_a_product_that_a_play_names_is_a_dimension_of_the_map(straw_man: Playbook) -> None:
    special = Play("special", "Special", products=frozenset({"crew planner"}))

    coverage = coverage_of(replace(straw_man, plays=(*straw_man.plays, special)))

    assert len(coverage.plays) == 768


def test_a_play_that_never_wins_is_named(straw_man: Playbook) -> None:
    shadow = replace(next(play for play in straw_man.plays if play.name == "threshold"), name="zz_shadow")
    playbook = replace(straw_man, plays=(*straw_man.plays, shadow))

    assert idle(playbook, coverage_of(playbook)) == ["zz_shadow"]
