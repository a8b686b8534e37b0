"""Events that ended as dead letters, by their ids: they have counted nothing, so a correction takes nothing back."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.log import Record
from schemas import event as event_schema
from schemas.dead_letter import DeadLetterReason
from schemas.fact import MalformedFactError, NewerFactError, decode
from services.router.adapters import tables
from services.router.adapters.state import State
from services.router.reading import DRIVEN_AGAIN, Entry, Incoming

_AWAITED = frozenset({DeadLetterReason.POISON, DeadLetterReason.PARKED})
"""Those that may be driven again as they are, under the same id."""


def awaited(reason: str) -> bool:
    """Does what died of this come again, perhaps?"""
    return reason in _AWAITED


def dead_events(incoming: Incoming) -> set[UUID]:
    """The events of the batch that have died so far."""
    return events_in(incoming.batch.records[death.place] for death in incoming.deaths if awaited(death.reason))


def events_in(records: Iterable[Record]) -> set[UUID]:
    """The ids of the events among these records."""
    found = set()
    for record in records:
        try:
            found.add(decode(record.value, event_schema.DECODER).id)
        except (MalformedFactError, NewerFactError):  # an act, or nothing that has an id
            continue
    return found


async def remembered(
    state: State, connection: AsyncConnection, dead: Collection[UUID], alive: Iterable[UUID], day: int
) -> None:
    """Write down who died in this batch, and strike out who was driven again and lives."""
    await state.add(connection, tables.DEAD, [(event, day) for event in sorted(dead)])
    await state.remove(connection, tables.DEAD, "event", sorted({event for event in alive if event not in dead}))


def driven_again(incoming: Incoming, entries: Iterable[Entry]) -> set[UUID]:
    """The facts of the batch that were dead letters before."""
    records = incoming.batch.records
    return {entry.fact.id for entry in entries if DRIVEN_AGAIN in records[entry.place].headers}
