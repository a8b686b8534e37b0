"""Finds one event on the log by its id: a UUIDv7 says when it was made, so no more than a stretch is read."""

from collections.abc import AsyncIterator, Sequence
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
    for partition in await _lanes(log):
        async for found in _naming(log, partition, [event]):
            if found.id == event:
                return found
    return None


async def find_line(log: Log, event: UUID) -> list[Event]:
    """The event and what has taken its place since, one after the other; nothing where the log does not hold it.

    A correction stands on the partition of what it corrects, behind it. Of two that name the same event the first
    counts, as it does for the router. Raises as `find_event` does.
    """
    line: list[Event] = []
    for partition in await _lanes(log):
        names = [event]
        async for found in _naming(log, partition, names):
            if found.id == event if not line else found.corrects == line[-1].id:
                line.append(found)
                names.append(found.id)
        if line:
            break
    return line


async def _lanes(log: Log) -> list[Partition]:
    return [*await log.partitions(EVENTS_URGENT.name), *await log.partitions(EVENTS_BEHAVIOUR.name)]


async def _naming(log: Log, partition: Partition, names: Sequence[UUID]) -> AsyncIterator[Event]:
    """The events that name one of these, which may become more meanwhile, in the partition's order.

    From the first record of the time of the first name on, to the end: what waited in the spool stands later than it
    was made.
    """
    made = made_at(names[0])
    if made is None:
        return
    offset, end = await log.bounds(partition)
    offset = await _first_since(log, partition, offset, end, made - _EARLIER)
    while offset < end and (records := await log.read(partition, offset, _PAGE)):
        for record in records:
            if any(str(name).encode() in record.value for name in names):
                try:
                    yield decode(record.value, event_schema.DECODER)
                except (MalformedFactError, NewerFactError):
                    continue
        offset = records[-1].offset + 1


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
