"""Writes the JSON Schema of every fact to `schemas/published/`, and refuses a change that is not additive.

python -m schemas.publishing            write what is stale
python -m schemas.publishing --check    change nothing; exit 1 where something is stale or breaking
"""

import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import schemas
from schemas.fact import Fact

PUBLISHED = Path(__file__).parent / "published"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = Mapping[str, Any]


def facts() -> dict[str, type[Fact]]:
    """Every fact that may stand on the log, by its tag. There is no list: each concrete fact in `schemas` is one."""
    for module in pkgutil.iter_modules(schemas.__path__):
        if module.name != Path(__file__).stem:
            importlib.import_module(f"schemas.{module.name}")
    return {str(kind.__struct_config__.tag): kind for kind in sorted(_descendants(Fact), key=lambda one: one.__name__)}


def _descendants(kind: type[Fact]) -> Iterator[type[Fact]]:
    for child in kind.__subclasses__():
        if not child.__name__.startswith("_"):
            yield child
        yield from _descendants(child)


def published(kind: type[Fact]) -> dict[str, Any]:
    """One fact's JSON Schema (2020-12), self-contained; the words are those of its docstrings."""
    written = msgspec.json.schema(kind, ref_template="#/$defs/{name}")
    tidy = json.loads(json.dumps(written, sort_keys=True))
    return {"$schema": DIALECT, "title": str(kind.__struct_config__.tag), **_dedented(tidy)}


def _dedented(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _prose(value) if key == "description" else _dedented(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_dedented(item) for item in node]
    return node


def _prose(text: Any) -> Any:
    return re.sub(r"\s*\n\s*", " ", text).strip() if isinstance(text, str) else _dedented(text)


def rendered(schema: Schema) -> str:
    """The text of the file: stable, so that a change is a readable diff."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Node(NamedTuple):
    """One place in a schema, and the schema that its `$ref`s point into."""

    schema: Schema
    root: Schema

    def resolved(self) -> "_Node":
        if "$ref" in self.schema:
            return _Node(self.root["$defs"][self.schema["$ref"].rsplit("/", 1)[-1]], self.root)
        return self

    def at(self, *path: str) -> "_Node":
        schema = self.schema
        for part in path:
            schema = schema[part]
        return _Node(schema, self.root)

    def choices(self) -> "list[_Node]":
        return [_Node(choice, self.root).resolved() for choice in self.schema.get("anyOf", ())]

    @property
    def kind(self) -> str:
        return str(self.schema.get("format") or self.schema.get("type") or self.schema.get("title") or "a choice")


def breaches(old: Schema, new: Schema) -> list[str]:
    """What in `new` an old reader or an old record would trip over. Contracts only grow: an empty list is additive."""
    return list(_compare(_Node(old, old).resolved(), _Node(new, new).resolved(), "$"))


def _compare(old: _Node, new: _Node, at: str) -> Iterator[str]:
    if any(old.schema.get(word) != new.schema.get(word) for word in ("type", "format", "contentEncoding")):
        yield f"{at}: was {old.kind}, became {new.kind}"
        return
    gone = [word for word in old.schema.get("enum", ()) if word not in new.schema.get("enum", ())]
    if gone:
        yield f"{at}: the values {', '.join(map(str, gone))} are gone"
    yield from _compare_properties(old, new, at)
    for part in ("items", "additionalProperties"):
        if isinstance(old.schema.get(part), dict) and isinstance(new.schema.get(part), dict):
            yield from _compare(old.at(part).resolved(), new.at(part).resolved(), f"{at}.{part}")
    for choice in old.choices():
        if not any(not any(_compare(choice, other, at)) for other in new.choices()):
            yield f"{at}: the choice {choice.kind} is gone"


def _compare_properties(old: _Node, new: _Node, at: str) -> Iterator[str]:
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    was_required, is_required = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    for name in before:
        if name not in after:
            yield f"{at}.{name}: is gone"
        else:
            place = ("properties", name)
            yield from _compare(old.at(*place).resolved(), new.at(*place).resolved(), f"{at}.{name}")
    for name in sorted(is_required - was_required):
        yield f"{at}.{name}: is required now, but old records lack it: give it a default"
    for name in sorted((was_required - is_required) & set(after)):
        yield f"{at}.{name}: may be left out now, but old readers demand it"


def faults(folder: Path) -> list[str]:
    """What is stale, missing, superfluous or breaking in `folder`, each with its mend."""
    wanted = {f"{tag}.json": published(kind) for tag, kind in facts().items()}
    found = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    report = [f"{name}: describes no fact any more; a fact on the log never goes" for name in found.keys() - wanted]
    for name, schema in wanted.items():
        if name in found:
            report += [f"{name}: {breach}" for breach in breaches(json.loads(found[name]), schema)]
        if found.get(name) != rendered(schema):
            report.append(f"{name}: is stale: run `make schemas` and commit what it writes")
    return sorted(report)


def write(folder: Path) -> list[str]:
    """Bring `folder` up to date; the names of what was written. Raises `SystemExit` where a change is breaking."""
    breaking = [fault for fault in faults(folder) if "is stale" not in fault]
    if breaking:
        raise SystemExit(
            "Not additive, so not written (old records stay on the log, old replicas read new ones):\n  "
            + "\n  ".join(breaking)
        )
    folder.mkdir(exist_ok=True)
    written = []
    for tag, kind in facts().items():
        path, text = folder / f"{tag}.json", rendered(published(kind))
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            written.append(path.name)
    return written


def main(arguments: list[str]) -> int:
    """The command line."""
    if "--check" in arguments:
        report = faults(PUBLISHED)
        print("\n".join(report) or f"{len(facts())} published schemas are fresh")  # noqa: T201  (its output)
        return 1 if report else 0
    print("\n".join(write(PUBLISHED)) or "nothing to do")  # noqa: T201  (its output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
