"""What every fact has in common: it is frozen, tagged, versioned, and travels as JSON."""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec

SCHEMA = 1
"""The version of the contracts in this checkout. Contracts only grow; a reader that meets a larger number waits."""


class Trust(StrEnum):
    """Who vouches for a statement: the system that keeps the record, or whoever typed it."""

    ATTESTED = "attested"
    CLAIMED = "claimed"


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a fact that has no identity of its own."""


replace = msgspec.structs.replace
"""The same value with some fields changed: `replace(value, field=…)`."""


class Fact(Value, frozen=True, kw_only=True, omit_defaults=False, tag_field="fact"):
    """A thing that happened (past participle) or a command (imperative), as it stands on the log."""

    id: UUID
    schema: int = SCHEMA


class NewerFactError(ValueError):
    """A newer replica wrote this: keep the bytes as a dead letter `newer` and drive them again after the upgrade."""


class MalformedFactError(ValueError):
    """These bytes are no fact of the expected kind."""


class _Envelope(msgspec.Struct):
    fact: str = ""
    schema: int = 0


F = TypeVar("F")
_ENCODER = msgspec.json.Encoder(order=None)
_ENVELOPE = msgspec.json.Decoder(_Envelope)


def encode(fact: Fact) -> bytes:
    """The JSON (UTF-8, times as RFC 3339 in UTC) that stands on the log for this fact."""
    return _ENCODER.encode(fact)


def decode(data: bytes, decoder: "msgspec.json.Decoder[F]") -> F:
    """One fact from its JSON.

    Unknown fields are ignored. Raises `NewerFactError` where the bytes name a newer `schema` or an unknown tag,
    `MalformedFactError` for everything else that does not fit.
    """
    try:
        fact = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise _classified(data, fault) from fault
    if getattr(fact, "schema", 0) > SCHEMA:
        raise NewerFactError(f"schema {getattr(fact, 'schema', 0)} is newer than {SCHEMA}: upgrade, then retry")
    return fact


def _classified(data: bytes, fault: Exception) -> ValueError:
    try:
        envelope = _ENVELOPE.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return MalformedFactError(str(fault))
    unknown_tag = bool(envelope.fact) and "Invalid value" in str(fault) and "$.fact" in str(fault)
    if envelope.schema > SCHEMA or unknown_tag:
        return NewerFactError(f"{envelope.fact!r} of schema {envelope.schema} is unknown here: upgrade, then retry")
    return MalformedFactError(str(fault))


def utc(moment: datetime) -> datetime:
    """The same instant if it carries an offset; raises `ValueError` for a naive time, which is no instant."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no offset: an instant is needed")
    return moment
