"""Loading a folder: every kind of fault has its place, its words and, where there is one, its suggestion."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from schemas.verdict import Rule
from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_files import load
from services.router.adapters.playbook_pages import LARGEST
from services.router.domain.contact import Cap, Contact
from services.router.domain.playbook import Playbook
from tests.playbook.fault_cases import FAULTS, Case

Edit = Callable[[str, str, str], int]


@pytest.mark.parametrize("case", FAULTS, ids=[f"{case.file}-{case.said[:30]}" for case in FAULTS])
def test_a_fault_names_its_page_and_what_to_do(folder: Path, edit: Edit, case: Case) -> None:
    edit(case.file, case.old, case.new)

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    faults = [(fault.file, fault.suggestion) for fault in caught.value.faults if case.said in fault.message]
    assert (case.file, case.suggestion) in faults, str(caught.value)


def test_a_fault_names_the_line_on_which_it_stands(folder: Path, edit: Edit) -> None:
    line = edit("scoring.yaml", "event.asset: {words: [whitepaper", "event.aset: {words: [whitepaper")

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert str(caught.value) == f"scoring.yaml:{line}: “event.aset” is not known (did you mean “event.asset”?)"


@pytest.mark.parametrize("first", ["who,why", "routewise.example"])
def test_a_quote_that_is_never_closed_is_placed_where_it_opens(folder: Path, edit: Edit, first: str) -> None:
    line = edit("suppressions.csv", first, f'"{first}')

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert [(fault.file, fault.line) for fault in caught.value.faults] == [("suppressions.csv", line)]


def test_all_faults_of_all_pages_come_at_once(folder: Path, edit: Edit) -> None:
    lines = [
        edit("scoring.yaml", "group: website", "group: web"),
        edit("routing.yaml", "team: enterprise", "team: enterprize"),
        edit("plays/threshold.yaml", "{{ name }}", "{{ nome }}"),
        edit("targets.csv", ",wren,tier_3", ",wern,tier_3"),
    ]

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    places = [(fault.file, fault.line) for fault in caught.value.faults]
    files = ["scoring.yaml", "routing.yaml", "plays/threshold.yaml", "targets.csv"]
    assert len(places) == 4
    assert {file for file, _ in places} == set(files)
    assert {place for place in places if place[0] != "plays/threshold.yaml"} <= set(zip(files, lines, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: a\ntitle: b\n", "“title” stands twice here; the first is on line 1"),
        ("title: [a\n", "the YAML is broken here"),
        ("title:\n\t- a\n", "the YAML is broken here"),
        ("", "this page is empty"),
        ("- a\n", "the page"),
        ("title: !!python/object/apply:os.system [true]\n", "has no meaning here"),
        ("title: 99999999999999999999999999\n", "no usable number"),
        ("title: .nan\n", "no usable number"),
        ("x: " + "[" * 700, "YAML"),
        ("x" * (LARGEST + 1), "larger than 256 KB"),
        ("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" * 1, "not known here"),
    ],
)
def test_a_page_that_is_no_page_is_a_fault_and_never_a_traceback(folder: Path, text: str, said: str) -> None:
    (folder / "playbook.yaml").write_text(text, "utf-8")

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert said in str(caught.value)


def test_a_chain_of_aliases_cannot_eat_the_machine(folder: Path) -> None:
    names = "abcdefghijkl"
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for former, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{former}'] * 10)}]")
    (folder / "nurture.yaml").write_text("\n".join(lines), "utf-8")

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert "holds more than" in str(caught.value)


def test_norway_is_a_country_and_yes_is_a_word(folder: Path, edit: Edit) -> None:
    edit("routing.yaml", "lead.employees: {at_least: 500}", "lead.country: [NO, SE]")

    actual = load(folder).routing[0].when.text

    assert "“NO” or “SE”" in actual


@pytest.mark.parametrize(
    ("file", "said", "meant"),
    [
        ("scorings.yaml", "no page has this name", "scoring.yaml"),
        ("play/new.yaml", "no page has this name", "plays/new.yaml"),
        ("plays/new.yml", "pages end in “.yaml”", "new.yaml"),
        ("plays/My Play.yaml", "a page's file name is its name", ""),
        ("rules/consultations.yaml", "there are exactly four rules", "consultation"),
    ],
)
def test_a_page_that_nobody_reads_is_a_fault(folder: Path, file: str, said: str, meant: str) -> None:
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("x: y\n", "utf-8")

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert any(said in f.message and f.suggestion == meant and f.file == file for f in caught.value.faults)


@pytest.mark.parametrize("file", ["scoring.yaml", "rules/target_responds.yaml", "stages.yaml", "playbook.yaml"])
def test_a_missing_page_is_a_fault(folder: Path, file: str) -> None:
    (folder / file).unlink()

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert [fault.file for fault in caught.value.faults if "is missing" in fault.message] == [file]


@pytest.mark.parametrize("names", [["fallback"], []])
def test_there_is_exactly_one_fallback(folder: Path, names: list[str]) -> None:
    source = folder / "plays" / "fallback.yaml"
    (folder / "plays" / "another.yaml").write_text(source.read_text("utf-8"), "utf-8")
    if not names:
        source.unlink()
        (folder / "plays" / "another.yaml").unlink()

    with pytest.raises(PlaybookFaultsError) as caught:
        load(folder)

    assert "exactly one play has `fallback: yes`" in str(caught.value)


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PlaybookFaultsError, match="there is no such folder"):
        load(tmp_path / "nowhere")


def test_comments_do_not_change_the_version_and_content_does(folder: Path, edit: Edit, straw_man: Playbook) -> None:
    edit("scoring.yaml", "threshold: 100", "# a remark\nthreshold: 100")
    remarked = load(folder)
    edit("scoring.yaml", "threshold: 100", "threshold: 120")
    changed = load(folder)

    assert remarked.version == straw_man.version
    assert (changed.version == straw_man.version, changed.lists_version == straw_man.lists_version) == (False, True)


def test_a_new_named_account_is_a_new_version_of_the_lists(folder: Path, straw_man: Playbook) -> None:
    with (folder / "targets.csv").open("a", encoding="utf-8") as rows:
        rows.write("Umbra,umbra.example,,elena,tier_3,Say hello,2026-01-01,2026-12-31\n")
    actual = load(folder)

    assert actual.lists_version != straw_man.lists_version
    assert actual.target_domains["umbra.example"] == "umbra.example"
    assert actual.target_aliases["umbra"] == "umbra.example"


def test_points_are_thousandths_and_exact(folder: Path, edit: Edit) -> None:
    edit("scoring.yaml", "points: 10\n", "points: 0.125\n")

    actual = next(signal.points for signal in load(folder).scoring.signals if signal.name == "website_visit")

    assert actual == 125


def test_scoring_off_is_a_valid_playbook_whose_third_rule_is_silent(folder: Path, edit: Edit) -> None:
    edit("scoring.yaml", "scoring: on", "scoring: off")
    playbook = load(folder)

    assert not playbook.scoring.on
    assert playbook.rules[Rule.SCORE_THRESHOLD].when.event_types is None


def test_own_fields_are_words_once_they_are_declared(folder: Path, edit: Edit) -> None:
    edit("playbook.yaml", "lead_fields: [", "lead_fields: [crews, ")
    edit("readiness.yaml", "lead.employees: {at_least: 50}", "lead.crews: {at_least: 5}")

    actual = load(folder).sql.items[1].when.paths

    assert "lead.crews" in actual


def test_a_page_that_scores_nothing_needs_no_points_and_no_priorities(folder: Path) -> None:
    (folder / "scoring.yaml").write_text("scoring: off\n", "utf-8")
    for page, old, new in (
        ("readiness.yaml", "count: [", "known: lead.email # ["),
        ("stages.yaml", "count:", "known: lead.email #"),
        ("nurture.yaml", "count: [", "known: lead.email # ["),
    ):
        lines = (folder / page).read_text("utf-8").replace(old, new).splitlines()
        kept = [line for line in lines if not line.strip().startswith(("within_days", "at_least"))]
        (folder / page).write_text("\n".join(kept), "utf-8")
    rule = folder / "rules" / "sql_criteria.yaml"
    rule.write_text(rule.read_text("utf-8").replace("      counts: {case_study_read: 1}\n", ""), "utf-8")
    report = check(folder)

    assert not report.playbook.scoring.on
    assert Rule.SCORE_THRESHOLD not in {example.rule for example in report.examples}


def test_while_anything_is_scored_points_have_to_make_a_priority(folder: Path, edit: Edit) -> None:
    page = folder / "scoring.yaml"
    text = page.read_text("utf-8")
    page.write_text(text[: text.index("priority:")], "utf-8")
    with pytest.raises(PlaybookFaultsError) as wrong:
        load(folder)

    assert [fault.message for fault in wrong.value.faults] == [
        "“priority” is missing: while anything is scored, points make a priority from A to D"
    ]


def test_the_straw_man_is_in_order_with_its_scoring_switched_off(folder: Path, edit: Edit) -> None:
    edit("scoring.yaml", "scoring: on", "scoring: off")

    assert not check(folder).playbook.scoring.on


def test_caps_windows_and_the_times_people_ask_for_are_read_as_they_are_written(straw_man: Playbook) -> None:
    day, windows = timedelta(days=1), {rule: each.half_life for rule, each in straw_man.rules.items()}
    waits = {play.name: play.not_before for play in straw_man.plays if play.not_before}

    assert straw_man.contact == Contact(Cap(3, day), Cap(12, day), ("event.meeting_start", "lead.call_after"))
    assert windows == {
        Rule.CONSULTATION: timedelta(hours=4),
        Rule.TARGET_RESPONDS: day,
        Rule.SCORE_THRESHOLD: 2 * day,
        Rule.SQL_CRITERIA: 5 * day,
    }
    assert waits == {"manager_ebook": timedelta(hours=2)}
    assert straw_man.scoring.products == {"crew planning": 1, "single licence": -1}
