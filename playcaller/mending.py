"""Corrects an event, forgets a person, shows what is kept of one: by the running door; only reading is done here."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from playcaller.generated import OPERATOR, kept
from playcaller.ring import RingError
from runtime.database import Database
from runtime.opening import database_url
from runtime.settings import Settings
from services.ingest.settings import IngestSettings
from services.router.export import export_person

_TIMEOUT = 30.0
_TOKEN = "PLAYCALLER_OPERATOR_TOKEN"  # noqa: S105  (the name of the variable, not its value)


@dataclass(frozen=True, slots=True)
class DoorAt:
    """Where the running door is, and in which data directory it keeps its secrets."""

    url: str = ""
    data: Path | None = None


def corrected(events: Sequence[str], change: Mapping[str, Any], door: DoorAt) -> None:
    """Say of each event what holds instead; prints the ids of the correcting events. Raises `RingError`."""
    for event in events:
        sys.stdout.write(f"{told(door, 'corrections', {'event': event, **change})}\n")


def erased(email: str, door: DoorAt) -> None:
    """Ask for a person to be forgotten; prints the request's id. Raises `RingError`."""
    sys.stdout.write(f"{told(door, 'erasures', {'email': email})}\n")


def exported(email: str, data: Path | None) -> None:
    """Print everything the state holds about a person, as JSON. Raises `RingError` where that is nothing."""
    settings = _settings(data)
    if settings.database_url is None and not (settings.data / "state.db").exists():
        raise RingError(f"{settings.data} holds no state yet: name the folder with --data")
    found = asyncio.run(_export(settings, email))
    if not found:
        raise RingError("nobody with this email address is known here")
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


async def _export(settings: Settings, email: str) -> dict[str, Any]:
    database = Database(database_url(settings))
    try:
        return await export_person(database, email)
    finally:
        await database.close()


def change(
    *, retract: bool, unmark: bool, claims: Sequence[str], properties: Sequence[str], why: str
) -> dict[str, Any]:
    """What the door is told, but the event. Raises `RingError` unless it is exactly one kind of change."""
    stated = {"claims": _parted(claims, "--claim"), "properties": _parted(properties, "--property")}
    said = {"retract": retract, "unmark": unmark, "amend": any(stated.values())}
    kinds = [kind for kind, wanted in said.items() if wanted]
    if len(kinds) != 1:
        raise RingError("say one thing of these events: --retract, --unmark, or --claim and --property")
    return {"change": kinds[0], "why": why, **(stated if kinds == ["amend"] else {})}


def _parted(pairs: Sequence[str], option: str) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise RingError(f"{option} {pair}: write name=value")
    return {name.strip(): value for name, _, value in (pair.partition("=") for pair in pairs)}


def told(door: DoorAt, what: str, body: Mapping[str, Any]) -> str:
    """Say it at the running operator's door, `/control/<what>`; the fact's id. Raises `RingError`."""
    settings = _settings(door.data)
    url = (door.url or f"http://{settings.ingest_host}:{settings.ingest_port}").rstrip("/")
    headers = {"Authorization": f"Bearer {_token(settings)}"}
    try:
        answer = httpx.post(f"{url}/control/{what}", json=body, headers=headers, timeout=_TIMEOUT, trust_env=False)
    except httpx.TransportError as fault:
        raise RingError(f"{url} does not answer ({fault}): start the ring, or say where it is with --door") from None
    return _id(answer, url)


def _id(answer: httpx.Response, url: str) -> str:
    try:
        said = answer.json()
        if answer.is_success:
            return str(said["id"])
        raise RingError(f"{answer.status_code}: {said['detail']}")
    except (ValueError, KeyError, TypeError):
        raise RingError(f"{url} answered {answer.status_code}, but not as our door does: check --door") from None


def _settings(data: Path | None) -> IngestSettings:
    if data is not None:
        os.environ["PLAYCALLER_DATA"] = str(data)
    return IngestSettings.load()


def _token(settings: IngestSettings) -> str:
    """The environment's, else that of the first operator configured here, else the one this data directory made."""
    if given := os.environ.get(_TOKEN, "").strip():
        return given
    written = settings.ingest_operators.get_secret_value() if settings.ingest_operators else ""
    first = written.replace("\n", ",").split(",")[0].strip() or kept(settings.data, OPERATOR)
    if not first:
        raise RingError(f"no operator's token is known here: set {_TOKEN}, or name the ring's folder with --data")
    return first.partition(":")[2] if written else first
