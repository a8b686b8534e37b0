"""Makes plain, bounded text and exact instants of whatever a sender put there. Nothing here raises."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

LONGEST = 4000
"""Characters of one value; a message field is the longest that a person reads."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NUMBERS = (int, float)
"""As a tuple: a union is made anew each time it is asked for."""
_LATEST = 253_402_300_799
"""The last second of the year 9999."""


def text(value: Any, longest: int = LONGEST) -> str:
    """The value as one stripped text without control characters; a list is joined by commas; other shapes are empty."""
    if isinstance(value, str):
        if value.isprintable() and len(value) <= longest:  # the common case: nothing to take out
            return value.strip()
        return _CONTROL.sub("", value[: longest * 2]).strip()[:longest]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, _NUMBERS):
        return str(value)[:longest]
    if isinstance(value, list):
        return ", ".join(filter(None, (text(one, longest) for one in value[:50])))[:longest]
    return ""


def at(document: Any, path: str) -> Any:
    """What stands at a dotted path (`payload.tracking.utm_source`, `answers.0.text`), or nothing."""
    found = document
    for step in _steps(path):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


@lru_cache(maxsize=2048)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def instant(value: Any) -> datetime | None:
    """A UTC instant from ISO 8601 text (without an offset it is UTC) or from seconds or milliseconds since 1970."""
    if isinstance(value, bool):
        return None
    if isinstance(value, _NUMBERS):
        return _since_epoch(value)
    if not isinstance(value, str) or len(value) > 40:  # noqa: PLR2004  (no time is written longer)
        return None
    if value.isascii() and value.isdigit():
        return _since_epoch(int(value))
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _since_epoch(number: float) -> datetime | None:
    if not 0 < number <= _LATEST * 1000:  # asked before anything is divided: an integer may have hundreds of digits
        return None
    return datetime.fromtimestamp(number / 1000 if number > _LATEST / 20 else number, UTC)
