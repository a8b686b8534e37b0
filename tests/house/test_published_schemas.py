"""What is published of the facts is fresh, true of the bytes on the log, and has only ever grown."""

import copy
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest

from schemas.event import Claim, Event, EventType, Identifier, IdentifierKind, Raw
from schemas.fact import encode
from schemas.feedback import HandoffRejected, RejectReason
from schemas.publishing import PUBLISHED, breaches, facts, faults, published, write

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def an_event() -> Event:
    return Event(
        id=UUID("01957a3e-0000-7000-8000-000000000001"),
        source="typeform",
        type=EventType.FORM_SUBMITTED,
        occurred_at=NOON,
        received_at=NOON,
        dedup_key="5f" * 32,
        identifiers=(Identifier(kind=IdentifierKind.EMAIL, value="ada@acme.example"),),
        claims=(Claim(field="title", value="VP Sales"),),
        properties={"form_id": "demo", "form_fields": 4},
        raw=Raw(media_type="application/json", body=b"{}"),
    )


def a_rejection() -> HandoffRejected:
    return HandoffRejected(
        id=UUID("01957a3e-0000-7000-8000-000000000002"),
        handoff=UUID("01957a3e-0000-7000-8000-000000000003"),
        actor="grace",
        at=NOON,
        reason=RejectReason.WRONG_REP,
    )


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_what_is_published_is_fresh() -> None:
    assert faults(PUBLISHED) == []


@pytest.mark.whole
def test_every_committed_version_is_still_readable() -> None:
    broken = []
    for tag, kind in facts().items():
        path = f"schemas/published/{tag}.json"
        for commit in git("log", "--format=%H", "--", path).split():
            if text := git("show", f"{commit}:{path}"):
                broken += [
                    f"{tag} since {commit[:8]}: {breach}" for breach in breaches(json.loads(text), published(kind))
                ]

    assert broken == []


@pytest.mark.parametrize("fact", [an_event(), a_rejection()], ids=lambda fact: type(fact).__name__)
def test_the_bytes_on_the_log_are_what_the_schema_says(fact: Any) -> None:
    schema = published(type(fact))

    jsonschema.validate(json.loads(encode(fact)), schema)


def test_the_schema_refuses_what_is_no_event() -> None:
    record = json.loads(encode(an_event())) | {"type": "shouted"}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, published(Event))


def _gone(fields: dict[str, Any]) -> None:
    fields["properties"].pop("name")


def _newly_required(fields: dict[str, Any]) -> None:
    fields["properties"]["tenant"] = {"type": "string"}
    fields["required"].append("tenant")


def _no_longer_required(fields: dict[str, Any]) -> None:
    fields["required"].remove("source")


def _another_type(fields: dict[str, Any]) -> None:
    fields["properties"]["name"] = {"type": "integer"}


BREAKING = {
    "$.name: is gone": _gone,
    "$.tenant: is required now": _newly_required,
    "$.source: may be left out now": _no_longer_required,
    "$.name: was string, became integer": _another_type,
}


@pytest.mark.parametrize("complaint", BREAKING)
def test_a_breaking_change_is_named(complaint: str) -> None:
    before = published(Event)
    after = copy.deepcopy(before)
    BREAKING[complaint](after["$defs"]["Event"])

    assert [breach for breach in breaches(before, after) if breach.startswith(complaint)]


def test_a_lost_word_is_named() -> None:
    before = published(Event)
    after = copy.deepcopy(before)
    after["$defs"]["Mark"]["enum"].remove("bot")

    assert breaches(before, after) == ["$.marks.items: the values bot are gone"]


def _new_field(fields: dict[str, Any], definitions: dict[str, Any]) -> None:
    fields["properties"]["campaign"] = {"type": "string", "default": ""}


def _new_word(fields: dict[str, Any], definitions: dict[str, Any]) -> None:
    definitions["EventType"]["enum"].append("webinar_attended")


@pytest.mark.parametrize("change", [_new_field, _new_word], ids=["a field with a default", "a new word"])
def test_growth_is_no_breach(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    before = published(Event)
    after = copy.deepcopy(before)
    change(after["$defs"]["Event"], after["$defs"])

    assert breaches(before, after) == []


def test_a_stale_file_is_written_and_a_breaking_one_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    stale = json.loads((tmp_path / "event.json").read_text("utf-8"))
    stale["$defs"]["Event"]["properties"].pop("name")
    (tmp_path / "event.json").write_text(json.dumps(stale), "utf-8")

    assert write(tmp_path) == ["event.json"]

    stale["$defs"]["Event"]["properties"]["shoe_size"] = {"type": "integer"}
    (tmp_path / "event.json").write_text(json.dumps(stale), "utf-8")
    with pytest.raises(SystemExit, match=r"shoe_size: is gone"):
        write(tmp_path)
