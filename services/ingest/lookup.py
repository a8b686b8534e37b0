"""Finds one event on the log by its id: a UUIDv7 says when it was made, so no more than a stretch is read."""

from datetime import datetime, timedelta
from uuid import UUID

from runtime.log import Log, Partition
from schemas import event as event_schema
from schemas.event import Event
from schemas.fact import MalformedFactError, NewerFactError, decode
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.ingest.webhook import EPOCH

_EARLIER = timedelta(minutes=1)
"""A broker's clock may stand behind the door's by so much."""
_PAGE = 500
_VERSION = 7


def made_at(event: UUID) -> datetime | None:
    """When the door made this id (UTC, milliseconds); nothing where it is no UUIDv7 (RFC 9562, section 5.7)."""
    return EPOCH + timedelta(milliseconds=event.int >> 80) if event.version == _VERSION else None


async def find_event(log: Log, event: UUID) -> Event | None:
    """The event, if the log still holds it. Raises `LogUnavailableError`, and `OffsetLostError` as the log does."""
    made = made_at(event)
    if made is None:
        return None
    for topic in (EVENTS_URGENT, EVENTS_BEHAVIOUR):
        for partition in await log.partitions(topic.name):
            found = await _in_partition(log, partition, event, made - _EARLIER)
            if found is not None:
                return found
    return None


async def _in_partition(log: Log, partition: Partition, event: UUID, since: datetime) -> Event | None:
    """From the first record of that time on, to the end: what waited in the spool stands later than it was made."""
    name = str(event).encode()
    offset, end = await log.bounds(partition)
    offset = await _first_since(log, partition, offset, end, since)
    while offset < end and (records := await log.read(partition, offset, _PAGE)):
        for record in records:
            if name in record.value:
                try:
                    found = decode(record.value, event_schema.DECODER)
                except (MalformedFactError, NewerFactError):
                    continue
                if found.id == event:
                    return found
        offset = records[-1].offset + 1
    return None


async def _first_since(log: Log, partition: Partition, low: int, high: int, since: datetime) -> int:
    """The first offset whose record was appended at `since` or later, by halves: records stand in their order."""
    while low < high:
        middle = (low + high) // 2
        records = await log.read(partition, middle, 1)
        if records and records[0].at < since:
            low = max(middle, records[0].offset) + 1
        else:
            high = middle
    return low
