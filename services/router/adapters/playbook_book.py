"""A playbook's folder while it is being read: its pages, their models, and every fault found so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.router.adapters.playbook_faults import PlaybookFault
from services.router.adapters.playbook_pages import Page, Where, read_page
from services.router.domain.condition import Condition
from services.router.domain.conditions import compile_all
from services.router.domain.vocabulary import Place, Vocabulary, suggestion

M = TypeVar("M", bound=BaseModel)
_SAID = {
    "missing": "“{last}” is missing: every field of this page must be filled",
    "string_type": "“{last}” must be a text: put it in quotes",
    "int_type": "“{last}” must be a whole number",
    "int_parsing": "“{last}” must be a whole number",
    "decimal_type": "“{last}” must be a number",
    "decimal_parsing": "“{last}” must be a number",
    "list_type": "“{last}” must be a list: one line each, after a dash",
    "dict_type": "“{last}” must be a mapping: `name: value` lines, indented",
    "model_type": "“{last}” must be a mapping: `name: value` lines, indented",
    "string_too_short": "“{last}” is empty: fill it",
    "bool_type": "“{last}” is `yes` or `no`",
    "bool_parsing": "“{last}” is `yes` or `no`",
}


@dataclass(frozen=True, slots=True)
class Sheet(Generic[M]):
    """One page and its model."""

    page: Page
    model: M

    @property
    def name(self) -> str:
        """The page's name: its file's, without folder and ending."""
        return Path(self.page.file).stem


@dataclass(slots=True)
class Book:
    """The folder, and what was read of it."""

    root: Path
    pages: dict[str, Page] = field(default_factory=dict)
    faults: list[PlaybookFault] = field(default_factory=list)
    lists: dict[str, Any] = field(default_factory=dict)
    """The rows of the lists as they were read, for the version's hash."""

    def fault(self, file: str, message: str, meant: str = "", line: int = 1) -> None:
        """Note a fault that belongs to a file rather than to a value on a page."""
        self.faults.append(PlaybookFault(file, line, message, meant))

    def sheet(self, file: str, model: type[M], *, optional: bool = False) -> Sheet[M] | None:
        """The page in its shape, or None with its faults noted."""
        path = self.root / file
        if not path.is_file():
            if not optional:
                self.fault(file, "this page is missing: write it, or copy the straw man's")
            return None
        page = read_page(self.root, path)
        self.pages[file] = page
        if page.data is None or page.faults:
            return None
        try:
            return Sheet(page, model.model_validate(page.data))
        except ValidationError as wrong:
            errors = wrong.errors(include_url=False, include_context=True)
            meant = {place for error in errors if (place := _meant(model, error))}
            for error in errors:
                if error["type"] != "missing" or tuple(error["loc"]) not in meant:
                    _note(page, model, error)
            return None

    def folder(self, name: str, model: type[M]) -> list[Sheet[M]]:
        """All pages of a folder, sorted by name."""
        files = sorted((self.root / name).glob("*.yaml"))
        found = [self.sheet(f"{name}/{path.name}", model) for path in files]
        return [sheet for sheet in found if sheet is not None]

    def names(self, folder: str) -> frozenset[str]:
        """The names of a folder's pages, whether they are in order or not."""
        return frozenset(path.stem for path in (self.root / folder).glob("*.yaml"))

    def condition(self, page: Page, where: Where, vocabulary: Vocabulary, place: Place) -> Condition:
        """The condition that stands there, compiled; its faults noted at their lines."""
        node = page.data
        for step in where:
            node = node[step]
        condition, faults = compile_all(node, vocabulary, place)
        for each in faults:
            page.fault((*where, *each.path), each.message, each.suggestion)
        return condition

    def known(self, page: Page, where: Where, what: str, word: str, known: Iterable[str]) -> bool:
        """Whether the word is one of those known; a fault with a suggestion if not."""
        words = set(known)
        if word in words:
            return True
        page.fault(where, f"there is no {what} “{word}”", suggestion(word, words))
        return False

    def all_faults(self) -> list[PlaybookFault]:
        """Every fault of every page."""
        return [*self.faults, *(fault for page in self.pages.values() for fault in page.faults)]


def _meant(model: type[BaseModel], error: ErrorDetails) -> Where:
    """The place of the word that was meant by one that is not known: a misspelled field is not missing besides."""
    where = tuple(error["loc"])
    if error["type"] != "extra_forbidden":
        return ()
    word = suggestion(str(where[-1]), _words_at(model, where[:-1]))
    return (*where[:-1], word) if word else ()


def _note(page: Page, model: type[BaseModel], error: ErrorDetails) -> None:
    where = tuple(error["loc"])
    last = next((str(step) for step in reversed(where) if isinstance(step, str) and step != "[key]"), "the page")
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _words_at(model, where[:-1])
        page.fault(where, f"“{where[-1]}” is not known here", suggestion(str(where[-1]), known))
        return
    if kind in ("enum", "literal_error"):
        expected = str(error.get("ctx", {}).get("expected", ""))
        words = [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]
        given = str(error["input"])[:60]
        page.fault(where, f"“{given}” is not one of {', '.join(words)}", suggestion(given, words))
        return
    if kind == "string_pattern_mismatch":
        page.fault(where, f"“{str(error['input'])[:60]}” is not written as it must be: {_written(error)}")
        return
    said = _SAID.get(kind, "").format(last=last) or f"“{last}”: {error['msg'].removeprefix('Value error, ')}"
    page.fault(where, said)


def _written(error: ErrorDetails) -> str:
    pattern = str(error.get("ctx", {}).get("pattern", ""))
    if pattern.startswith("^[a-z]"):
        return "names are lower-case letters, figures and underscores, and start with a letter"
    return "an address as name@company.example" if "@" in pattern else "a full address that starts with https://"


def _words_at(model: type[BaseModel], where: Where) -> set[str]:
    """The field names known at a place in a model."""
    kind: Any = model
    for step in where:
        kind = _inside(kind, step)
    found = _model_in(kind)
    return {field.alias or name for name, field in found.model_fields.items()} if found else set()


def _inside(kind: Any, step: str | int) -> Any:
    found = _model_in(kind)
    if found is not None:
        for name, each in found.model_fields.items():
            if step in (name, each.alias):
                return each.annotation
        return None
    arguments = get_args(kind)
    if get_origin(kind) in (dict, Mapping) and len(arguments) == 2:  # noqa: PLR2004  (key and value)
        return arguments[1]
    return arguments[0] if arguments else None


def _model_in(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (Union, UnionType) or hasattr(kind, "__metadata__"):
        return next((found for found in map(_model_in, get_args(kind)) if found), None)
    return None
