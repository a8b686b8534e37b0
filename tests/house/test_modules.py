"""The house's own laws: small modules that open with a sentence, documented doors, reasons for every ignore."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("schemas", "runtime", "services", "playcaller")
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
LONG_FUNCTIONS = 0.02
"""The share of functions that may be longer: few."""
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc", "platform"}
IGNORE = re.compile(r"#\s*(?:noqa\b|type:\s*ignore|pragma:\s*no cover|mypy:)")
REASONED = re.compile(r"#\s*(?:noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[\w, -]+\]|pragma: no cover)\s*[#(].{8,}")


def modules(*roots: str) -> list[Path]:
    return sorted(
        path
        for root in roots
        for path in (ROOT / root).rglob("*.py")
        if "__pycache__" not in path.parts and "versions" not in path.parts
    )


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public_doors(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """What a module offers by name: its top-level functions and classes."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


def test_a_module_is_short() -> None:
    long = [named(path) for path in modules(*OURS, "tests") if len(text_of(path).splitlines()) > LONGEST_MODULE]

    assert long == []


def test_a_module_opens_with_a_sentence() -> None:
    openings = {named(path): ast.get_docstring(parsed(path)) or "" for path in modules(*OURS)}
    unsaid = {
        name: opening
        for name, opening in openings.items()
        if not re.match(r"[A-Z`“].*[.:?!]$", opening.partition("\n\n")[0].replace("\n", " "))
    }

    assert len(openings) > 1
    assert unsaid == {}


def test_few_functions_are_long() -> None:
    sizes = {
        f"{named(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in modules(*OURS)
        for function in functions(parsed(path))
    }
    long = {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION}

    assert len(long) <= len(sizes) * LONG_FUNCTIONS, long


def test_what_a_module_offers_says_what_it_gives() -> None:
    silent = [
        f"{named(path)}:{door.lineno} {door.name}"
        for path in modules(*OURS)
        for door in public_doors(parsed(path))
        if not ast.get_docstring(door)
    ]

    assert silent == []


def test_no_room_is_a_drawer_for_everything() -> None:
    drawers = [
        named(path) for path in modules(*OURS, "tests") if FORBIDDEN_NAMES & {path.stem, *path.relative_to(ROOT).parts}
    ]

    assert drawers == []


def test_every_ignore_carries_its_reason() -> None:
    bare = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in modules(*OURS, "tests")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if IGNORE.search(line) and not REASONED.search(line) and path != Path(__file__)
    ]

    assert bare == []


def test_nothing_is_patched() -> None:
    patched = [
        named(path)
        for path in modules(*OURS, "tests")
        if "unittest" in text_of(path)
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("unittest") for alias in node.names))
    ]

    assert patched == []
