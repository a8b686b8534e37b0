"""The playbook's pages as JSON Schema (draft 7), from the models that read them: editors complete and mark words.

A schema knows the words of the language and none of the company's own: which signals, personas and reps there are is
told by `playcaller playbook check`, which stays the judge of everything.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

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
from services.router.domain.vocabulary import CLOSED, COUNTING, FLAGS, REFUSALS, Place, Vocabulary

Schema = dict[str, Any]
FOLDER = ".schemas"
"""Beside the pages, so that it goes wherever they are copied; no page itself, so that no version changes by it."""
PAGES: Mapping[str, type[BaseModel]] = {
    "playbook": TitlePage,
    "scoring": ScoringPage,
    "readiness": ReadinessPage,
    "stages": StagesPage,
    "routing": RoutingPage,
    "nurture": NurturePage,
    "domains": DomainsPage,
    "rule": RulePage,
    "persona": PersonaPage,
    "play": PlayPage,
    "team": TeamPage,
}
"""A page's schema by its name: its own, or its folder's in the singular."""
_PLACES = {
    "SignalPage": Place.SIGNAL,
    "CharacteristicPage": Place.CHARACTERISTIC,
    "PersonaPage": Place.PERSONA,
    "StagePage": Place.STAGE,
    "ItemPage": Place.CHECKLIST,
    "RulePage": Place.RULE,
    "RoutePage": Place.ROUTING,
    "TrackPage": Place.NURTURE,
}
"""Where a page says `when`, and what may stand there."""
_LINE = "# yaml-language-server: $schema="
_DRAFT = "http://json-schema.org/draft-07/schema#"
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_YES_NO: Schema = {"enum": ["yes", "no", True, False]}
_NUMBER: Schema = {"type": "number"}


def schema_of(page: str) -> Schema:
    """One page's schema. Raises `KeyError` for what is no page."""
    model = PAGES[page]
    found = model.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = found.pop("$defs", {})
    places: set[Place] = set()
    for name, each in ((model.__name__, found), *definitions.items()):
        if name in _PLACES:
            places.add(_PLACES[name])
            each["properties"]["when"] = _one(_PLACES[name])
    tidied = {name: _tidy(each) for name, each in definitions.items()}
    conditions = {f"{place.value}_condition": _condition(place) for place in sorted(places)}
    conditions |= {f"{place.value}_path": _path(place) for place in sorted(places)}
    comparisons = {"comparison": _comparison()} if places else {}
    body = {"$schema": _DRAFT, "title": page, **_tidy(found)}
    definitions = {**tidied, **conditions, **comparisons}
    return {**body, "$defs": definitions} if definitions else body


def written(page: str) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema_of(page), indent=2, ensure_ascii=False) + "\n"


def page_of(file: str) -> str:
    """The name of the schema for a page by its file's place in the playbook; empty for what is none (a CSV)."""
    folder, _, name = file.rpartition("/")
    page = folder.removesuffix("s") if folder else name.removesuffix(".yaml")
    return page if file.endswith(".yaml") and page in PAGES else ""


def line_of(file: str) -> str:
    """The comment by which an editor finds the schema of this page; empty for what has none."""
    page = page_of(file)
    return f"{_LINE}{'../' * file.count('/')}{FOLDER}/{page}.json\n" if page else ""


def install(playbook: Path) -> list[str]:
    """Write the schemas beside the pages, and name them on each page's first line; gives what was changed.

    A comment changes no version. Raises `OSError` where a file cannot be written.
    """
    changed = []
    for page in PAGES:
        path = playbook / FOLDER / f"{page}.json"
        if not path.exists() or path.read_text("utf-8") != written(page):
            path.parent.mkdir(exist_ok=True)
            path.write_text(written(page), "utf-8")
            changed.append(f"{FOLDER}/{page}.json")
    for path in sorted(playbook.rglob("*.yaml")):
        file = path.relative_to(playbook).as_posix()
        line, text = line_of(file), path.read_text("utf-8")
        kept = text.partition("\n")[2] if text.startswith(_LINE) else text
        if line and line + kept != text:
            path.write_text(line + kept, "utf-8")
            changed.append(file)
    return changed


def _tidy(schema: Any) -> Any:
    """Without what only Python means: generated titles, defaults in other words than a page's; closed words as keys."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _tidy(each) for key, each in schema.items() if not (key == "title" and isinstance(each, str))}
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: _tidy(each) for name, each in schema["properties"].items()}
    if not isinstance(found.get("default"), bool | int):
        found.pop("default", None)
    if "patternProperties" in found:
        found.setdefault("additionalProperties", False)
    names = found.get("propertyNames", {})
    if "enum" in names and "additionalProperties" in found:
        del found["propertyNames"]
        each = found["additionalProperties"]
        found |= {"properties": dict.fromkeys(names["enum"], each), "additionalProperties": False}
    return found


def _one(place: Place) -> Schema:
    return {"$ref": f"#/$defs/{place.value}_condition"}


def _list_or_one(each: Schema) -> Schema:
    return {"anyOf": [each, {"type": "array", "items": each, "minItems": 1, "maxItems": 500}]}


def _condition(place: Place) -> Schema:
    """What may stand after `when` at this place: the closed words, and the paths that are not refused there."""
    refuses = REFUSALS[place]
    known = sorted(path for path in Vocabulary().paths if not refuses(path))
    names = _list_or_one({"$ref": f"#/$defs/{place.value}_path"})
    several = {"type": "array", "items": _one(place), "minItems": 1}
    words: Schema = {
        "any": {**several, "description": "One of these holds."},
        "all": {**several, "description": "All of these hold."},
        "not": _one(place),
        "known": {**names, "description": "We know it: a path, or a list of them."},
        "unknown": {**names, "description": "Nobody has said yet."},
        "always": {"enum": ["yes", True]},
    }
    if place in COUNTING:
        words |= {
            "count": {**_list_or_one({"type": "string"}), "description": "Signals of scoring.yaml, together."},
            "at_least": _NUMBER,
            "at_most": _NUMBER,
            "within_days": {"type": "integer", "minimum": 1},
        }
    if place is Place.RULE:
        words |= {"checklist": {"enum": ["mql", "sql"]}, "threshold": {"enum": ["reached"]}}
    refused = sorted(path for path in Vocabulary().paths if refuses(path))
    found: Schema = {
        "type": "object",
        "description": "All lines must hold. What is missing is unknown, and never counts as no.",
        "minProperties": 1,
        "properties": words | {path: _operand(path) for path in known},
        "patternProperties": {r"^(lead|event)\.[a-zA-Z0-9_ .-]+$": {"$ref": "#/$defs/comparison"}},
        "additionalProperties": False,
        "dependencies": {word: ["count"] for word in ("at_least", "at_most", "within_days")},
    }
    return {**found, "propertyNames": {"not": {"enum": refused}}} if refused else found


def _path(place: Place) -> Schema:
    return {"type": "string", "examples": sorted(path for path in Vocabulary().paths if not REFUSALS[place](path))}


def _operand(path: str) -> Schema:
    """What a path is compared with: one of its own words where there are only these."""
    closed = CLOSED.get(path)
    if path in FLAGS:
        choice: Schema = {"anyOf": [_YES_NO, {"type": "array", "items": _YES_NO, "minItems": 1, "maxItems": 1}]}
    elif closed is None:
        return {"$ref": "#/$defs/comparison"}
    else:
        choice = _list_or_one({"enum": [*sorted(closed), *((True, False) if closed == {"yes", "no"} else ())]})
    spelled = {"type": "object", "properties": {"is": choice, "in": choice}, "additionalProperties": False}
    return {"anyOf": [*choice["anyOf"], {**spelled, "minProperties": 1}]}


def _comparison() -> Schema:
    pattern = {"anyOf": [_SCALAR, {"type": "object", "properties": {"not": _SCALAR}, "required": ["not"]}]}
    several = _list_or_one(_SCALAR)
    texts = dict.fromkeys(("is", "in", "contains", "starts_with", "ends_with"), several)
    bounds = dict.fromkeys(("at_least", "at_most"), _NUMBER)
    words = {**_list_or_one(pattern), "description": "Whole words; the first that occurs decides, `not: …` excludes."}
    spelled: Schema = {"type": "object", "properties": {**texts, **bounds, "words": words}, "minProperties": 1}
    return {"anyOf": [*several["anyOf"], {**spelled, "additionalProperties": False}]}
