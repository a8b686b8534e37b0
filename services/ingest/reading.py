"""Reads one payload as its source's table would, without a door: for explaining, repairing and tests."""

from collections.abc import Mapping
from datetime import datetime

from runtime.discovery import discover
from schemas.event import Event
from services.ingest.attachments import NoStore
from services.ingest.draft import MalformedError
from services.ingest.forms import MULTIPART
from services.ingest.multipart import MultipartReader
from services.ingest.records import Recorder
from services.ingest.source import Source
from services.ingest.verification import VERIFIED
from services.ingest.webhook import Webhook

PACKAGE, ATTRIBUTE = "services.ingest.sources", "SOURCE"


class UnknownSourceError(Exception):
    """There is no source of this name; the message says which there are."""


def sources() -> dict[str, Source]:
    """All sources, by name. Raises `runtime.discovery.PluginError` where a file of `sources/` is none."""
    return discover(PACKAGE, ATTRIBUTE, Source)


def source_named(name: str) -> Source:
    """One source. Raises `UnknownSourceError`."""
    known = sources()
    if name not in known:
        raise UnknownSourceError(f"there is no source {name!r}: choose from {', '.join(sorted(known))}")
    return known[name]


def events_from(
    source: str, raw: bytes, headers: Mapping[str, str], received_at: datetime, *, path: str = ""
) -> tuple[Event, ...]:
    """The events that this payload would become; nothing is verified and nothing is kept.

    `path` is one of the source's further doors, if it came by one. Raises `UnknownSourceError`, and `MalformedError`
    or `NotUnderstoodError` where the table cannot read it.
    """
    found = source_named(source)
    webhook = Webhook(
        received_at=received_at,
        body=raw,
        content=raw,
        headers={name.lower().encode(): value.encode("utf-8") for name, value in headers.items()},
        door=found.doors.get(path, ""),
    )
    if webhook.media_type() == MULTIPART:
        webhook = _read_form(webhook)
    recorder = Recorder(b"explained")
    return tuple(recorder.event(found, draft, webhook) for draft in found.read(webhook, VERIFIED))


def _read_form(webhook: Webhook) -> Webhook:
    reader = MultipartReader(webhook.header(b"content-type"), NoStore())
    reader.feed(webhook.body)
    form = reader.finish()
    return Webhook(received_at=webhook.received_at, headers=webhook.headers, form=form, content=b"", door=webhook.door)


__all__ = ["MalformedError", "UnknownSourceError", "events_from", "source_named", "sources"]
