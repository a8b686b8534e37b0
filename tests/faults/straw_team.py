"""The straw man's playbook with a larger team that works at any hour: what a test sees must not hang on the clock."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
ALWAYS = dict.fromkeys(("weekdays", "saturday", "sunday"), "00:00-23:59")
SLOW = {"accept_within": "10 days", "attempt_within": "20 days", "triage_within": "10 days"}
"""Nobody answers in these tests: no reminder and no lapse falls due while they run, on a Monday as on a Sunday."""
COPIES = 8
"""Reps in place of one: Slack takes one message a second for each, which is what a long run would wait for."""


def straw_team(folder: Path, copies: int = COPIES) -> Path:
    """Write it into this folder, which must not exist yet; the folder again. Names that pages refer to stay."""
    shutil.copytree(ROOT / "playbook", folder)
    for page in (folder / "teams").glob("*.yaml"):
        team = YAML(typ="safe", pure=True).load(page)
        page.write_text(json.dumps(_larger(team, copies)), "utf-8")  # every JSON is YAML 1.2
    return folder


def _larger(team: Mapping[str, Any], copies: int) -> Mapping[str, Any]:
    reps = {f"{name}{_suffix(n)}": _copy(rep, n) for name, rep in team["reps"].items() for n in range(copies)}
    kept = {key: value for key, value in team.items() if key != "holidays"}
    manager = {name: _always(person) for name, person in team["manager"].items()}
    return {**kept, "hours": ALWAYS, "service": dict.fromkeys("ABCD", SLOW), "manager": manager, "reps": reps}


def _suffix(number: int) -> str:
    return f"_{number + 1}" if number else ""


def _copy(rep: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """The same person; all but the first of them under addresses of their own."""
    addresses = [{**one, "address": _own(one["address"], number)} for one in rep["addresses"]]
    return {**_always(rep), "email": _own(rep["email"], number), "addresses": addresses}


def _own(address: str, number: int) -> str:
    name, at, domain = address.partition("@")
    if not number:
        return address
    return f"{name}.{number + 1}@{domain}" if at else f"{address}{'ABCDEFGHIJ'[number]}"


def _always(person: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in person.items() if key not in {"zone", "hours", "holidays", "away"}}
