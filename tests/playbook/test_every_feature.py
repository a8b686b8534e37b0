"""The straw man shows every field that a playbook's page can have, and every word of a condition, at least once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from services.router.adapters.playbook_book import Book
from services.router.adapters.playbook_files import load_pages
from services.router.adapters.playbook_models import (
    DomainsPage,
    NurturePage,
    PersonaPage,
    PlayPage,
    ReadinessPage,
    RoutingPage,
    RulePage,
    ScoringPage,
    StagesPage,
    TitlePage,
)
from services.router.adapters.playbook_models_people import TeamPage
from services.router.domain.conditions import _COUNT_WORDS, _OPERATORS, _WORDS
from services.router.domain.playbook import Repeat, SuppressionKind
from tests.playbook.conftest import STRAW_MAN

PAGES: dict[str, type[BaseModel]] = {
    "playbook.yaml": TitlePage,
    "scoring.yaml": ScoringPage,
    "readiness.yaml": ReadinessPage,
    "stages.yaml": StagesPage,
    "routing.yaml": RoutingPage,
    "nurture.yaml": NurturePage,
    "domains.yaml": DomainsPage,
    "rules/*.yaml": RulePage,
    "personas/*.yaml": PersonaPage,
    "plays/*.yaml": PlayPage,
    "teams/*.yaml": TeamPage,
}
SHORTER = {"is": "a plain value says it", "in": "a plain list says it", "all": "the lines of a mapping say it"}
"""Words of a condition that nobody needs, and what says the same."""

ELSEWHERE = {"TrackPage.webhook"}
"""What the straw man shows in a comment alone: the address of a tool that everybody has another of."""


def pages(root: Path) -> Iterator[tuple[type[BaseModel], Any]]:
    """Every page's shape and what stands on it."""
    for pattern, model in PAGES.items():
        for path in sorted(root.glob(pattern)):
            book = Book(root)
            sheet = book.sheet(path.relative_to(root).as_posix(), model)
            assert sheet is not None, book.all_faults()
            yield model, sheet.page.data


def fields_of(model: type[BaseModel]) -> set[str]:
    """`Model.field` for every field of this shape and of all shapes within it, by the names that a page uses."""
    found = set()
    for name, field in model.model_fields.items():
        found.add(f"{model.__name__}.{field.alias or name}")
        for inner in models_in(field.annotation):
            found |= fields_of(inner)
    return found


def models_in(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for each in get_args(kind) for model in models_in(each)]


def shown(model: type[BaseModel], data: Any) -> set[str]:
    """The fields that hold something here."""
    found = set()
    for name, field in model.model_fields.items():
        value = data.get(field.alias or name)
        if value is None or value in ([], {}, ""):
            continue
        found.add(f"{model.__name__}.{field.alias or name}")
        for inner in models_in(field.annotation):
            found |= {each for part in parts_of(value, field.annotation) for each in shown(inner, part)}
    return found


def parts_of(value: Any, kind: Any) -> list[Any]:
    """The values of a field that are shapes: itself, the items of a list, the values of a mapping."""
    if isinstance(value, list):
        return value
    origins = {get_origin(kind), *(get_origin(each) for each in get_args(kind))}
    return list(value.values()) if dict in origins or Mapping in origins else [value]


def conditions(data: Any) -> Iterator[Any]:
    """Everything that stands under a `when`."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from [value] if name == "when" else conditions(value)
    elif isinstance(data, list):
        for each in data:
            yield from conditions(each)


def words_in(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {word for value in node.values() for word in words_in(value)}
    return {word for each in node for word in words_in(each)} if isinstance(node, list) else set()


def test_every_field_of_every_page_is_shown_somewhere() -> None:
    possible = set().union(*map(fields_of, PAGES.values()))
    there = set().union(*(shown(model, data) for model, data in pages(STRAW_MAN)))

    assert sorted(possible - there - ELSEWHERE) == []
    assert "# webhook: " in (STRAW_MAN / "nurture.yaml").read_text("utf-8")


def test_every_word_of_a_condition_is_shown_somewhere() -> None:
    words = {word for _, data in pages(STRAW_MAN) for when in conditions(data) for word in words_in(when)}
    needed = {*_WORDS, *_OPERATORS, *_COUNT_WORDS} - SHORTER.keys()

    assert sorted(needed - words) == []


def test_every_way_to_repeat_and_every_reason_to_leave_somebody_alone_is_shown() -> None:
    told = {data["repeat"] for model, page in pages(STRAW_MAN) for data in _signals(model, page) if "repeat" in data}
    rows = (STRAW_MAN / "suppressions.csv").read_text("utf-8").splitlines()[1:]

    assert told == {each.value for each in Repeat}
    assert {row.split(",")[1] for row in rows} == {each.value for each in SuppressionKind}


def _signals(model: type[BaseModel], page: Any) -> list[Any]:
    return list(page["signals"].values()) if model is ScoringPage else []


@pytest.mark.parametrize("column", ["name", "domains", "aliases", "owner", "tier", "game_plan", "start", "end"])
def test_every_column_of_the_named_accounts_is_filled_somewhere(column: str) -> None:
    targets = load_pages(STRAW_MAN).playbook.targets.values()

    assert any(getattr(target, column) for target in targets)


def test_a_field_that_nobody_shows_is_named(tmp_path: Path) -> None:
    """The walk itself: a page without its optional parts shows fewer fields."""
    (tmp_path / "scoring.yaml").write_text("scoring: off\n", "utf-8")
    ((model, data),) = pages(tmp_path)
    missing = fields_of(model) - shown(model, data)

    assert "ScoringPage.scoring" not in missing
    assert {"ScoringPage.signals", "SignalPage.half_life_days", "PriorityPage.products"} <= missing
