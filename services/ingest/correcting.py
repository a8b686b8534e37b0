"""Makes the event that corrects another one: what was said stays on the log, and this says what holds instead."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Described

from schemas.event import Claim, Corrected, Event, EventType, IdentifierKind
from schemas.fact import Trust
from schemas.lead import Field

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
_Text = Annotated[str, StringConstraints(max_length=4000)]


class Change(StrEnum):
    """What is to hold instead of the event."""

    RETRACT = "retract"
    """It never happened."""
    UNMARK = "unmark"
    """It was a person, no machine: it counts after all."""
    AMEND = "amend"
    """It happened, but not as it was said: `claims` and `properties` say how."""


class Correction(BaseModel):
    """One event, and what holds instead of it. The event itself is never rewritten."""

    model_config = ConfigDict(extra="forbid")

    event: UUID = Described(
        description="the event's id, as an export or a receipt shows it; where it was corrected before, its last "
        "correction is corrected"
    )
    change: Change
    claims: dict[_Name, _Text] = Described(
        default_factory=dict, max_length=40, description="fields of the lead → their right values; empty takes one away"
    )
    properties: dict[_Name, _Text | int | float | bool | None] = Described(
        default_factory=dict,
        max_length=40,
        description="properties of the event → right values; null removes one",
    )
    why: str = Described("", max_length=500, description="for whoever reads the history")


_THEIR_OWN = frozenset({Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME, Field.MESSAGE})


class NothingToCorrectError(Exception):
    """Such a correction makes no sense; the message says what to do instead."""


def correcting(original: Event, correction: Correction, name: UUID, now: datetime, actor: str) -> Event:
    """The correcting event, called `name`, as its door made it at `now` (UTC).

    Asking twice for the same is asking once: the key by which a redelivery is known is made of the correction.
    Raises `NothingToCorrectError`.
    """
    if original.type is EventType.RETRACTED:
        raise NothingToCorrectError(
            "this is a retraction: what it took back has to be sent anew, under an id of its own"
        )
    if (correction.change is Change.AMEND) != bool(correction.claims or correction.properties):
        raise NothingToCorrectError("`amend`, and it alone, says in `claims` or `properties` what holds instead")
    note = {"corrected_by": actor, **({"why": correction.why} if correction.why else {})}
    again = msgspec.structs.replace(
        original,
        id=name,
        received_at=max(now, original.occurred_at),
        dedup_key=_key(correction, original.id),
        corrects=original.id,
        corrected=Corrected(
            type=original.type,
            occurred_at=original.occurred_at,
            name=original.name,
            properties=original.properties,
            machine=bool(original.marks),
            claims=_unrecorded(original),
        ),
        properties={**original.properties, **note},
    )
    match correction.change:
        case Change.RETRACT:
            return msgspec.structs.replace(
                again, type=EventType.RETRACTED, claims=(), attachments=(), marks=(), properties=dict(note), raw=None
            )
        case Change.UNMARK:
            return msgspec.structs.replace(again, marks=())
        case Change.AMEND:
            return _amended(again, correction)


def _unrecorded(event: Event) -> tuple[Claim, ...]:
    """What it said of a visitor, but for names and words: of whom an address tells, a row says how it was counted."""
    if any(each.kind is IdentifierKind.EMAIL for each in event.identifiers):
        return ()
    return tuple(claim for claim in event.claims if claim.field not in _THEIR_OWN)


def _amended(event: Event, correction: Correction) -> Event:
    kept = tuple(claim for claim in event.claims if claim.field not in correction.claims)
    stated = tuple(
        Claim(field=field, value=value.strip(), trust=Trust.ATTESTED)
        for field, value in correction.claims.items()
        if value.strip()
    )
    properties = {**event.properties, **correction.properties}
    removed = {name for name, value in correction.properties.items() if value is None}
    return msgspec.structs.replace(
        event,
        claims=(*kept, *stated),
        properties={name: value for name, value in properties.items() if name not in removed},
    )


def is_said(line: Sequence[Event], correction: Correction) -> bool:
    """Does the last of these, each of which takes the place of the one before it, say just this already?"""
    last = line[-1]
    return len(line) > 1 and last.corrects is not None and last.dedup_key == _key(correction, last.corrects)


def _key(correction: Correction, original: UUID) -> str:
    said = correction.model_dump_json(exclude={"why", "event"})
    return hashlib.sha256(b"control\x00correction\x00" + original.bytes + said.encode()).hexdigest()
