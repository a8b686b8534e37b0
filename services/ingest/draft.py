"""A draft: what a source's table makes of one fact in a payload, before the door gives it an id, a key and marks."""

from datetime import datetime

import msgspec

from schemas.event import Attachment, Claim, EventType, Identifier

Scalar = str | int | float | bool | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, read. `identity` is what the sender says identifies it on every redelivery; empty means its bytes."""

    type: EventType
    raw: bytes
    """This fact's own slice of the payload."""
    identity: str = ""
    occurred_at: datetime | None = None
    """UTC; nothing means *when we received it*."""
    name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    claims: tuple[Claim, ...] = ()
    properties: dict[str, Scalar] = {}
    attachments: tuple[Attachment, ...] = ()
    historical: bool = False
    honeypot: bool = False
    """A field that only machines see was filled in."""
    agent: str = ""
    """The visitor's user agent, where the payload or the request says it."""
    address: str = ""
    """The visitor's network address, where we or the sender saw it."""
    media_type: str = ""
    """Of `raw`, where it is not the request's own."""


class NotUnderstoodError(Exception):
    """It is well formed and verified, but our table cannot read it: keep it as a dead letter, answer 200."""


class MalformedError(Exception):
    """It is not what its own content type says: answer 400. The message says where and what to do."""


class TooManyEventsError(Exception):
    """One webhook carries more events than we take at once: answer 413."""
