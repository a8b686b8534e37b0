"""Makes facts of a batch's bytes; what is no fact becomes a dead letter, before any SQL."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from runtime.log import Batch, Record
from schemas import event as event_schema
from schemas import feedback as feedback_schema
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.event import Event
from schemas.fact import MalformedFactError, NewerFactError, decode
from schemas.feedback import Feedback
from schemas.topics import FEEDBACK
from services.router.naming import dead_letter_id

DRIVEN_AGAIN = "driven-again"
"""The header of a dead letter that is put back: its value (the dead letter's id) makes it pass de-duplication once."""
_DUPLICATE = "duplicate"
_HASH = re.compile(r"[0-9a-f]{32}").match
_STRETCH = 500
"""Records that are read in one go: while the database looks at these, the next are read."""
_NUL = b"\\u0000"


class Entry(NamedTuple):
    """One fact, where it stood in the batch, and the key by which a redelivery of it is known."""

    place: int
    fact: Event | Feedback
    key: str


class Death(NamedTuple):
    """One record that goes to the dead letters."""

    place: int
    reason: DeadLetterReason
    detail: str
    source: str = ""


@dataclass(slots=True)
class Incoming:
    """A batch, read: what can be decided, and what cannot."""

    batch: Batch
    entries: list[Entry] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)


def read(batch: Batch, condemned: Mapping[int, str]) -> Incoming:
    """The batch's facts. `condemned` names offsets whose fact the database refused: they are dead, with its reason."""
    incoming = Incoming(batch)
    for _ in reading(incoming, condemned):
        pass
    return incoming


def reading(incoming: Incoming, condemned: Mapping[int, str]) -> Iterator[Sequence[Entry]]:
    """As `read`, into `incoming`, stretch by stretch: gives the entries of each."""
    batch, entries = incoming.batch, incoming.entries
    one = _act if batch.partition.topic == FEEDBACK.name else _event
    told = 0
    for place, record in enumerate(batch.records):
        if place and place % _STRETCH == 0:
            yield entries[told:]
            told = len(entries)
        if condemned and record.offset in condemned:
            incoming.deaths.append(Death(place, DeadLetterReason.POISON, condemned[record.offset]))
            continue
        try:
            entries.append(one(place, record))
        except NewerFactError as newer:
            incoming.deaths.append(Death(place, DeadLetterReason.NEWER, str(newer)))
        except MalformedFactError as malformed:
            incoming.deaths.append(Death(place, DeadLetterReason.MALFORMED, str(malformed)))
    yield entries[told:]


def _event(place: int, record: Record) -> Entry:
    event = decode(record.value, event_schema.DECODER)
    if _NUL in record.value and _holds_nul(event):
        raise MalformedFactError("it holds a NUL character, which no text column keeps")
    return Entry(place, event, _key(event.dedup_key, record))


def _act(place: int, record: Record) -> Entry:
    fact = decode(record.value, feedback_schema.DECODER)
    return Entry(place, fact, _key(fact.id.hex, record))


def _holds_nul(event: Event) -> bool:
    texts = [event.source, event.name]
    texts += [one.value for one in event.identifiers]
    texts += [text for claim in event.claims for text in (claim.field, claim.value)]
    texts += [text for text in event.properties.values() if isinstance(text, str)]
    return any("\x00" in text for text in texts)


def _key(text: str, record: Record) -> str:
    """32 hexadecimal digits: the first half of the event's own hash; of any other name, its hash."""
    again = record.headers.get(DRIVEN_AGAIN)
    if again is None and _HASH(text):
        return text[:32]
    whole = text.encode("utf-8", "surrogatepass") + b"\x00" + (again or b"")
    return hashlib.blake2b(whole, digest_size=16).hexdigest()


def dropped(incoming: Incoming, entries: Sequence[Entry]) -> list[tuple[int, str]]:
    """Every offset of the batch that had no effect, and why, so that replay need not find out again."""
    if len(entries) == len(incoming.batch.records) and not incoming.deaths:
        return []
    offsets = [record.offset for record in incoming.batch.records]
    kept = {entry.place for entry in entries}
    without = {place: _DUPLICATE for place in range(len(offsets)) if place not in kept}
    without |= {death.place: death.reason.value for death in incoming.deaths}
    return [(offsets[place], why) for place, why in sorted(without.items())]


def dead_letter(incoming: Incoming, death: Death, at: datetime) -> DeadLetter:
    """The record, whole, with where it stood and why it died."""
    record = incoming.batch.records[death.place]
    partition = record.partition
    return DeadLetter(
        id=dead_letter_id(partition.topic, partition.number, record.offset),
        reason=death.reason,
        detail=death.detail[:500],
        at=at,
        source=death.source,
        topic=partition.topic,
        partition=partition.number,
        offset=record.offset,
        key=record.key,
        value=record.value,
        media_type=record.headers.get("content-type", b"application/json").decode("ascii", "replace"),
    )
