"""What of a batch was not seen before, and what deciding it will need."""

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.meanwhile import meanwhile
from schemas.dead_letter import DeadLetterReason
from schemas.event import Event
from services.router.adapters import tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.saving import day_of
from services.router.desk import Desk
from services.router.domain.needs import Needs, needs
from services.router.domain.playbook import Playbook
from services.router.reading import Death, Entry, Incoming


async def fresh(
    desk: Desk, connection: AsyncConnection, incoming: Incoming, playbook: Playbook
) -> tuple[list[Entry], Needs]:
    """The entries that were not seen before, in order (from now on they were), and what they need.

    Events of a parked source go to the deaths of `incoming`.
    """
    first: dict[str, Entry] = {}
    for entry in incoming.entries:
        first.setdefault(entry.key, entry)
    today = day_of(milliseconds(desk.now()))
    async with meanwhile(desk.state.remember(connection, tables.SEEN, sorted(first), today)) as remembering:
        wanted = needs([entry.fact for entry in first.values()], playbook)  # as a rule all of it is new
    new = remembering.result()
    parked = await desk.parking.parked(connection)
    if len(new) == len(first) and not parked:
        return list(first.values()), wanted
    entries = [entry for key, entry in first.items() if key in new and not _parked(incoming, entry, parked)]
    return entries, needs([entry.fact for entry in entries], playbook)


def _parked(incoming: Incoming, entry: Entry, parked: frozenset[str]) -> bool:
    if not (parked and isinstance(entry.fact, Event) and entry.fact.source in parked):
        return False
    why = f"{entry.fact.source} is parked: mend it, then drive its dead letters again"
    incoming.deaths.append(Death(entry.place, DeadLetterReason.PARKED, why, entry.fact.source))
    return True
