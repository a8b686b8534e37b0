"""The schemas for editors: fresh, true of every page that loads, and red where an editor can know better."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.router.adapters.playbook_files import load
from services.router.adapters.playbook_pages import read_page
from services.router.adapters.playbook_schema import FOLDER, PAGES, install, line_of, page_of, schema_of
from services.router.domain.conditions import compile_all
from services.router.domain.vocabulary import CLOSED, FLAGS, Place, Vocabulary
from tests.playbook.conftest import STRAW_MAN
from tests.playbook.test_how_to_page import CONDITION, PLAY, RULE

Edit = Callable[[str, str, str], int]
PAGES_THERE = sorted(path.relative_to(STRAW_MAN).as_posix() for path in STRAW_MAN.rglob("*.yaml"))
WHERE = {
    Place.SIGNAL: "scoring",
    Place.CHARACTERISTIC: "scoring",
    Place.PERSONA: "persona",
    Place.STAGE: "stages",
    Place.CHECKLIST: "readiness",
    Place.RULE: "rule",
    Place.ROUTING: "routing",
    Place.NURTURE: "nurture",
}
"""Each place, and a page on which it is."""


def wrong_on(root: Path, file: str) -> list[str]:
    """What the schema says against this page, as an editor shows it."""
    data = json.loads(json.dumps(read_page(root, root / file).data, default=str))
    found = jsonschema.Draft7Validator(schema_of(page_of(file))).iter_errors(data)
    return [error.message for error in found]


@pytest.mark.parametrize("page", PAGES)
def test_a_schema_is_one(page: str) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of(page))


def test_the_straw_mans_schemas_are_fresh_and_every_page_names_its_own(folder: Path) -> None:
    """Else say `playcaller playbook schema`."""
    changed = install(folder)

    assert changed == []


@pytest.mark.parametrize("file", PAGES_THERE)
def test_an_editor_finds_the_schema_where_the_page_says(file: str) -> None:
    first = (STRAW_MAN / file).read_text("utf-8").splitlines()[0]
    named = first.partition("$schema=")[2]

    assert ((STRAW_MAN / file).parent / named).resolve() == (STRAW_MAN / FOLDER / f"{page_of(file)}.json").resolve()
    assert ((STRAW_MAN / file).parent / named).is_file()


@pytest.mark.parametrize("file", PAGES_THERE)
def test_every_page_of_the_straw_man_is_right_by_its_schema(file: str) -> None:
    assert wrong_on(STRAW_MAN, file) == []


def test_a_new_page_gets_its_line_and_no_version_changes(folder: Path) -> None:
    (folder / "plays" / "trial_in_use.yaml").write_text(PLAY, "utf-8")
    version = load(folder).version
    changed = install(folder)

    assert changed == ["plays/trial_in_use.yaml"]
    assert (folder / "plays" / "trial_in_use.yaml").read_text("utf-8") == line_of("plays/x.yaml") + PLAY
    assert load(folder).version == version


def test_what_the_how_to_page_shows_is_right(folder: Path) -> None:
    (folder / "plays" / "trial_in_use.yaml").write_text(PLAY, "utf-8")
    (folder / "rules" / "consultation.yaml").write_text(RULE, "utf-8")
    indented = CONDITION.replace("\n", "\n    ")
    (folder / "routing.yaml").write_text(f"routing:\n  - team: sales\n    why: so\n    {indented}\n", "utf-8")

    assert wrong_on(folder, "plays/trial_in_use.yaml") == []
    assert wrong_on(folder, "rules/consultation.yaml") == []
    assert wrong_on(folder, "routing.yaml") == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plays/threshold.yaml", "talk_track:", "talk_trak:"),
        ("plays/threshold.yaml", "triggers: score_threshold", "triggers: score_treshold"),
        ("plays/threshold.yaml", "within: 8 days", "within: 8 dais"),
        ("scoring.yaml", "repeat: once_a_day", "repeat: once_daily"),
        ("scoring.yaml", "points: 10", "points: ten"),
        ("scoring.yaml", "event.type: page_viewed", "event.type: page_veiwed"),
        ("scoring.yaml", "event.type: page_viewed", "event.source: hubspot"),
        ("scoring.yaml", "event.type: page_viewed", "lead.title: Director"),
        ("scoring.yaml", "event.type: page_viewed", "count: form_submitted"),
        ("scoring.yaml", "fit_1: [D, D, C, B]", "fit_1: [D, D, C]"),
        ("scoring.yaml", "fit_1: [", "fit_0: ["),
        ("readiness.yaml", "lead.budget: yes", "lead.budget: sure"),
        ("readiness.yaml", "within_days: 90", "within_days: soon"),
        ("rules/consultation.yaml", "expect: fires", "expect: burns"),
        ("rules/consultation.yaml", "- not: newsletter", "- note: newsletter"),
        ("teams/inside_sales.yaml", "weekdays: 09:00-18:00", "weekdays: nine to six"),
        ("teams/inside_sales.yaml", "weekdays: 09:00-18:00", "workdays: 09:00-18:00"),
    ],
)
def test_what_an_editor_can_know_it_marks(folder: Path, edit: Edit, file: str, old: str, new: str) -> None:
    edit(file, old, new)

    assert wrong_on(folder, file)


OPERANDS: tuple[Any, ...] = (
    *("text", 7, 2.5, True, ["a", 3]),
    {"starts_with": "/a"},
    {"contains": ["a", "b"], "ends_with": "c"},
    {"at_least": 3, "at_most": 9.5},
    {"words": ["chief of", {"not": "assistant to"}]},
    {"words": "chief"},
    {"is": "x", "in": ["y"]},
)
"""What a path may be compared with."""


def conditions() -> Iterator[Any]:
    """The language, word by word."""
    for path in sorted(Vocabulary().paths):
        words = sorted(CLOSED.get(path, ("yes", "no") if path in FLAGS else ()))
        comparisons = [word for word in words for word in (word, [word], {"is": word})] or OPERANDS
        yield from ({path: operand} for operand in comparisons)
        yield from ({word: path} for word in ("known", "unknown"))
    yield from ({"known": ["lead.title", "lead.phone"]}, {"always": "yes"}, {"always": True})
    yield {"any": [{"lead.title": "x"}, {"not": {"lead.company": {"contains": "y"}}}], "all": [{"always": True}]}
    yield from ({"count": "visited", **more} for more in ({}, {"at_least": 2}, {"at_most": 0, "within_days": 30}))
    yield {"count": ["visited", "visited"]}


@pytest.mark.parametrize("place", Place)
def test_every_condition_that_compiles_is_right_by_the_schema(place: Place) -> None:
    schema = schema_of(WHERE[place])
    there = {"$defs": schema["$defs"], "$ref": f"#/$defs/{place.value}_condition"}
    validator = jsonschema.Draft7Validator(there)
    vocabulary = Vocabulary(signals={"visited": "Visited"})
    compiles = [one for one in conditions() if not compile_all(one, vocabulary, place)[1]]

    assert len(compiles) > 30
    assert [one for one in compiles if not validator.is_valid(one)] == []


@pytest.mark.parametrize("place", Place)
def test_a_path_that_is_refused_somewhere_is_red_there(place: Place) -> None:
    schema = schema_of(WHERE[place])
    validator = jsonschema.Draft7Validator(
        {"$defs": schema["$defs"], "$ref": f"#/$defs/{place.value}_condition"},
    )
    refused = [path for path in sorted(Vocabulary().paths) if compile_all({"known": path}, Vocabulary(), place)[1]]

    assert [path for path in refused if validator.is_valid({path: "yes"})] == []
