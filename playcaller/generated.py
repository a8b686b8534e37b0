"""Secrets that a data directory makes for itself, so that a first run needs none: one for each source, kept private."""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

REP = "maya"
"""Whose token the story's own leads come with: a rep of the straw-man playbook."""
OPERATOR = "operator"


def source_secrets(data: Path, sources: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """One secret for each source: the environment's first, else this directory's own, made on first use."""
    kept = _read(data / "source-secrets.json")
    fresh = {name: _made(name) for name in sources if name not in kept}
    if fresh:
        kept |= fresh
        _write(data / "source-secrets.json", kept)
    return {name: _configured(name, environment) or kept[name] for name in sources}


def lasting(data: Path, name: str) -> str:
    """One secret that every process of this data directory shares, made on first use."""
    kept = _read(data / "secrets.json")
    if name not in kept:
        kept[name] = secrets.token_hex(32)
        _write(data / "secrets.json", kept)
    return kept[name]


def kept(data: Path, name: str) -> str:
    """A secret that `lasting` has made in this data directory; empty where it has not."""
    return _read(data / "secrets.json").get(name, "")


def as_operators(data: Path) -> str:
    """The setting that lets whoever can read this data directory correct events and erase people."""
    return f"{OPERATOR}:{lasting(data, OPERATOR)}"


def as_environment(secret: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that turn each source on which the environment leaves off."""
    names = {variable(name): value for name, value in secret.items()}
    return {
        name: value for name, value in names.items() if name not in environment and f"{name}_FILE" not in environment
    }


def variable(source: str) -> str:
    """The name of a source's setting."""
    return f"PLAYCALLER_SOURCE_{source.upper()}_SECRETS"


def _configured(source: str, environment: Mapping[str, str]) -> str:
    name = variable(source)
    if name in environment:
        return environment[name].split(",")[0].strip()
    if f"{name}_FILE" in environment:
        return Path(environment[f"{name}_FILE"]).read_text("utf-8").split(",")[0].strip()
    return ""


def _made(source: str) -> str:
    token = secrets.token_hex(20)
    match source:
        case "sales":
            return f"{REP}:{token}"
        case "standard_webhooks":
            return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        case _:
            return token


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


def _write(path: Path, content: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    beside.replace(path)
