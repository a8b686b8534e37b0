"""A dead letter: what could not be processed, kept whole so that it can be driven again."""

from datetime import datetime
from enum import StrEnum

import msgspec

from schemas.fact import Fact


class DeadLetterReason(StrEnum):
    """Why it died. `newer` and `parked` are driven again as they are; the others after a repair."""

    NOT_UNDERSTOOD = "not_understood"
    """The door verified it, but the source's table could not make an event of it."""
    MALFORMED = "malformed"
    NEWER = "newer"
    POISON = "poison"
    """Deciding it raised."""
    PARKED = "parked"
    """Its source is parked because most of its events were poison."""


class DeadLetter(Fact, frozen=True, kw_only=True, tag="dead_letter"):
    """The original bytes and where they came from. `topic` is where a retry puts them back ("" = the source's door)."""

    reason: DeadLetterReason
    detail: str
    at: datetime
    source: str = ""
    topic: str = ""
    partition: int = -1
    offset: int = -1
    key: bytes = b""
    value: bytes = b""
    media_type: str = "application/json"


DECODER = msgspec.json.Decoder(DeadLetter)
