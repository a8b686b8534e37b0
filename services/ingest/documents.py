"""JSON bodies: decoded once, cut into each event's own slice, and told apart when they are not JSON."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from services.ingest.draft import MalformedError, NotUnderstoodError, TooManyEventsError

MOST_EVENTS = 4000
"""Events of one webhook; Segment's largest batch."""

_SLICES = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder()
T = TypeVar("T")


def document(body: bytes) -> dict[str, Any]:
    """The JSON object. Raises `MalformedError` for what is no JSON, `NotUnderstoodError` for what is no object."""
    found = typed(body, _ANY)
    if not isinstance(found, dict):
        raise NotUnderstoodError(f"a JSON object was expected, not {type(found).__name__}")
    return found


def slices(body: bytes) -> Sequence[bytes]:
    """The exact bytes of each element of a JSON array. Raises as `document` does, and `TooManyEventsError`."""
    return bounded(typed(body, _SLICES))


def bounded(parts: list[msgspec.Raw]) -> Sequence[bytes]:
    """The elements' bytes. Raises `TooManyEventsError` above `MOST_EVENTS`."""
    if len(parts) > MOST_EVENTS:
        raise TooManyEventsError(f"{len(parts)} events in one webhook: send at most {MOST_EVENTS} at once")
    return [bytes(part) for part in parts]


def is_array(body: bytes) -> bool:
    """Does the JSON start as an array?"""
    return body.lstrip(b" \t\r\n")[:1] == b"["


def typed(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """The body as `decoder` has it. Raises `MalformedError` or `NotUnderstoodError`, and nothing else."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise _told_apart(body, fault) from None


def _told_apart(body: bytes, fault: Exception) -> Exception:
    if isinstance(fault, RecursionError):
        return NotUnderstoodError("the JSON is nested too deeply to read")
    try:
        json.loads(body)
    except RecursionError:
        return NotUnderstoodError("the JSON is nested too deeply to read")
    except ValueError:
        return MalformedError("the body is no JSON: send exactly the bytes that your JSON encoder made, in UTF-8")
    return NotUnderstoodError(f"the JSON is not of the expected shape: {fault}")
