"""Reading one page of YAML 1.2 with its line numbers: `NO` is Norway, a key that stands twice is a fault.

Safe by construction: only plain values are made, whatever tag a page carries; size, depth and the number of values
are capped, so that no page (and no chain of aliases) can eat the machine.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from services.router.adapters.playbook_faults import PlaybookFault

LARGEST = 256 * 1024
"""Bytes of one page."""
MOST = 20_000
"""Values on one page, aliases counted each time they are used."""
DEEPEST = 40
LONGEST_NUMBER = 18
_PLAIN = {"tag:yaml.org,2002:" + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}
Where = tuple[str | int, ...]


@dataclass(slots=True)
class Page:
    """One page: plain values, and the line (from 1) of each of them."""

    file: str
    data: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    faults: list[PlaybookFault] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of the value at this place, or of the nearest thing around it."""
        for size in range(len(where), -1, -1):
            found = self.lines.get(where[:size])
            if found is not None:
                return found
        return 1

    def fault(self, where: Where, message: str, suggestion: str = "") -> None:
        """Note a fault at the value at this place."""
        self.faults.append(PlaybookFault(self.file, self.line(where), message, suggestion))


def read_page(root: Path, path: Path) -> Page:
    """The page, with its faults noted on it: it never raises for what stands in the file."""
    page = Page(path.relative_to(root).as_posix())
    text = read_text(page, path)
    if text is None:
        return page
    data, lines, found = _parsed(text)
    return Page(page.file, data, dict(lines), [PlaybookFault(page.file, line, message) for line, message in found])


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[Any, dict[Where, int], list[tuple[int, str]]]:
    """The values of a text, their lines, and its faults. Remembered, so that a reload reads only what has changed."""
    reader = _Reader()
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        return None, {}, [(mark.line + 1 if mark else 1, _said(fault))]
    except (YAMLError, ValueError, RecursionError) as fault:
        said = str(fault).splitlines()[0] if str(fault) else "too deep"
        return None, {}, [(1, f"this is not readable as YAML: {said}")]
    if node is None:
        return None, {}, [(1, "this page is empty: fill it or remove the file")]
    return reader.value(node, ()), reader.lines, reader.faults


def read_text(page: Page, path: Path) -> str | None:
    """The file's text, or None with a fault noted: too large, unreadable, not UTF-8."""
    try:
        if path.stat().st_size > LARGEST:
            page.fault((), f"this file is larger than {LARGEST // 1024} KB: split it")
            return None
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        page.fault((), "this file is not UTF-8: save it as UTF-8")
    except OSError as fault:
        page.fault((), f"this file cannot be read: {fault.strerror}")
    return None


def _said(fault: MarkedYAMLError) -> str:
    problem = " ".join((fault.problem or "this is not YAML").split())
    hint = ": indent with spaces" if "\\t" in problem else ""
    return f"the YAML is broken here: {problem}{hint}"


class _Reader:
    """Makes plain values of nodes, and notes where each stands."""

    def __init__(self) -> None:
        self.lines: dict[Where, int] = {}
        self.faults: list[tuple[int, str]] = []
        self._left, self._full = MOST, False

    def value(self, node: Node, where: Where) -> Any:
        self._left -= 1
        self.lines.setdefault(where, node.start_mark.line + 1)
        if self._left < 0 or len(where) > DEEPEST:
            if not self._full:
                self._fault(node, f"this page holds more than {MOST} values or is nested too deeply: split it")
            self._left, self._full = -1, True
            return None
        if str(node.tag) not in _PLAIN:
            self._fault(node, f"the tag {str(node.tag)[:60]} has no meaning here: remove it")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, where)
        if isinstance(node, SequenceNode):
            return [self.value(each, (*where, at)) for at, each in enumerate(node.value) if self._left > -1]
        return self._scalar(node) if isinstance(node, ScalarNode) else None

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append((node.start_mark.line + 1, message))

    def _mapping(self, node: MappingNode, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if self._left < 0:
                break
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if not name:
                self._fault(key, "a key is a single word or text")
            elif name in found:
                first = self.lines[*where, name]
                self._fault(key, f"“{name}” stands twice here; the first is on line {first}: remove one")
            else:
                self.lines[*where, name] = key.start_mark.line + 1
                found[name] = self.value(value, (*where, name))
        return found

    def _scalar(self, node: ScalarNode) -> Any:
        kind, text = str(node.tag).rsplit(":", 1)[-1], str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in ("int", "float", "timestamp"):
            try:
                return _figure(kind, text)
            except ValueError:
                self._fault(node, f"“{text[:40]}” is no usable number or date: put it in quotes if it is a text")
                return None
        return text


def _figure(kind: str, text: str) -> int | float | date:
    if kind == "timestamp":
        return date.fromisoformat(text)
    if len(text) > LONGEST_NUMBER:
        raise ValueError(text)
    if kind == "float":
        value = float(text)
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  (only not-a-number differs)
            raise ValueError(text)
        return value
    return int(text, 0) if text.lstrip("+-").startswith(("0x", "0o")) else int(text)
