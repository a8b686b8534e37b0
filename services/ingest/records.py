"""Turns drafts into events, and events into messages for the log: ids, keys, lanes, marks, headers."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from runtime.keys import keyed_hash
from runtime.log import Message
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.event import URGENT, Event, Identifier, IdentifierKind, Mark, Raw
from schemas.fact import encode
from schemas.topics import DEAD_LETTERS, EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.ingest.draft import Draft
from services.ingest.machines import mark_of
from services.ingest.source import REMEMBERED, Source
from services.ingest.uuid7 import Uuid7
from services.ingest.webhook import EPOCH, Webhook

JSON = b"application/json"
_STRENGTH = {IdentifierKind.EMAIL: 0, IdentifierKind.COOKIE: 1, IdentifierKind.PHONE: 2}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Said = tuple[str, Message]
"""(topic, message)"""


class Recorder:
    """Makes what stands on the log of what a source's table read."""

    def __init__(self, key_secret: bytes) -> None:
        self._secret, self._ids, self._last = key_secret, Uuid7(), EPOCH

    def next_id(self) -> UUID:
        """An id after all that were given."""
        return self._ids.at(self._last)

    def id_at(self, moment: datetime) -> UUID:
        """An id made at this moment (UTC)."""
        return self._ids.at(moment)

    def keyed(self, text: str) -> bytes:
        """What stands on the log in the place of an identifier: its keyed hash."""
        return keyed_hash(self._secret, text)

    def event(self, source: Source, draft: Draft, webhook: Webhook) -> Event:
        """The event: a new UUIDv7, the same `dedup_key` on every redelivery, never after it was received."""
        received = self._last = webhook.received_at
        occurred = draft.occurred_at
        if occurred is None or occurred > received:
            occurred = received
        properties = draft.properties
        if draft.address:  # who floods a form is told apart by a keyed hash, which names nobody
            properties = {**properties, "address": keyed_hash(self._secret, f"address:{draft.address}").hex()}
        return Event(
            id=self._ids.at(received),
            source=source.name,
            type=draft.type,
            occurred_at=occurred,
            received_at=received,
            dedup_key=dedup_key(source.name, draft),
            identifiers=draft.identifiers,
            claims=draft.claims,
            name=draft.name,
            properties=properties,
            attachments=draft.attachments,
            marks=marks(draft) if draft.honeypot or draft.agent else (),
            historical=draft.historical or received - occurred > REMEMBERED,
            raw=Raw(media_type=draft.media_type or webhook.media_type() or source.media_types[0], body=draft.raw),
        )

    def message(self, event: Event, headers: dict[str, bytes]) -> Said:
        """The event as it stands on its lane; a correction on that of what it corrects, so that it comes after it."""
        kind = event.type if event.corrected is None else event.corrected.type
        topic = EVENTS_URGENT if kind in URGENT else EVENTS_BEHAVIOUR
        return topic.name, Message(self.key(event), encode(event), headers)

    def key(self, event: Event) -> bytes:
        """A keyed hash of the strongest identifier (email, cookie, phone), else of what makes the event itself."""
        known = event.identifiers
        if not known:
            return keyed_hash(self._secret, event.dedup_key)
        strongest = known[0]
        if len(known) > 1 and strongest.kind is not IdentifierKind.EMAIL:
            strongest = min(known, key=_strength)
        return keyed_hash(self._secret, f"{strongest.kind}:{strongest.value}")

    def dead_letter(self, source: Source, webhook: Webhook, detail: str) -> Said:
        """A webhook that verified and was not understood, whole."""
        letter = DeadLetter(
            id=self._ids.at(webhook.received_at),
            reason=DeadLetterReason.NOT_UNDERSTOOD,
            detail=detail,
            at=webhook.received_at,
            source=source.name,
            value=webhook.content if webhook.form is None else webhook.form.encoded(),
            media_type=webhook.media_type() or source.media_types[0],
        )
        key = keyed_hash(self._secret, f"source:{source.name}")
        return DEAD_LETTERS.name, Message(key, encode(letter), headers_of(source, webhook))


def _strength(identifier: Identifier) -> int:
    return _STRENGTH[identifier.kind]


def headers_of(source: Source, webhook: Webhook) -> dict[str, bytes]:
    """Content type, source, and the sender's trace context (W3C), which is a link, never a parent."""
    if b"traceparent" in webhook.headers:
        trace = webhook.header(b"traceparent")
        if _TRACEPARENT.fullmatch(trace):
            return {**_headers(source.name), "traceparent": trace.encode()}
    return _headers(source.name)


@cache
def _headers(source: str) -> dict[str, bytes]:
    return {"content-type": JSON, "source": source.encode()}


def dedup_key(source: str, draft: Draft) -> str:
    """SHA-256 in hex of the source and of what identifies the event there; of its bytes where nothing does."""
    if draft.identity:
        return hashlib.sha256(f"{source}\x00id\x00{draft.identity}".encode("utf-8", "replace")).hexdigest()
    return hashlib.sha256(source.encode() + b"\x00body\x00" + draft.raw).hexdigest()


def marks(draft: Draft) -> tuple[Mark, ...]:
    """What tells at the door that a machine did it."""
    known = mark_of(draft.agent) if draft.agent else None
    if draft.honeypot:
        return (Mark.HONEYPOT,) if known is None else (known, Mark.HONEYPOT)
    return () if known is None else (known,)


def by_topic(said: Sequence[Said]) -> dict[str, list[Message]]:
    """The messages of each topic, in order; the urgent lane first."""
    if len(said) == 1:
        return {said[0][0]: [said[0][1]]}
    lanes: dict[str, list[Message]] = {}
    for topic, message in said:
        lanes.setdefault(topic, []).append(message)
    return dict(sorted(lanes.items(), reverse=True))
