"""What of a batch was not seen before, and what deciding it will need."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.meanwhile import meanwhile
from schemas.dead_letter import DeadLetterReason
from schemas.event import Event
from services.router.adapters import tables
from services.router.desk import Desk
from services.router.domain.needs import Gathering, Needs, needs
from services.router.domain.playbook import Playbook
from services.router.reading import Death, Entry, Incoming


async def fresh(
    desk: Desk,
    connection: AsyncConnection,
    incoming: Incoming,
    stretches: Iterator[Sequence[Entry]],
    *,
    playbook: Playbook,
    today: int,
    known: AbstractSet[str] | None = None,
) -> tuple[list[Entry], Needs]:
    """The entries that were not seen before, in order (from now on they were), and what they need.

    `stretches` are read into `incoming` on the way; `known` are the new keys of the first one, where that is known
    already. `today` is the day to be kept with the keys. Events of a parked source go to the batch's deaths.
    """
    unique: dict[str, Entry] = {}
    new: set[str] = set()
    gathering = Gathering(playbook)
    stretch = next(stretches, None)
    while stretch is not None:
        coming: dict[str, Entry] = {}
        for entry in stretch:
            if entry.key not in unique:
                coming.setdefault(entry.key, entry)
        unique |= coming
        facts = (entry.fact for entry in coming.values())  # as a rule all of it is new
        if known is not None:
            new |= known
            known = None
            gathering.add(facts)
            stretch = next(stretches, None)
            continue
        async with meanwhile(desk.state.remember(connection, tables.SEEN, sorted(coming), today)) as remembering:
            gathering.add(facts)
            stretch = next(stretches, None)
        new |= remembering.result()
    parked = await desk.parking.parked(connection)
    if len(new) == len(unique) and not parked:
        return list(unique.values()), gathering.needs()
    entries = [entry for key, entry in unique.items() if key in new and not _parked(incoming, entry, parked)]
    return entries, needs([entry.fact for entry in entries], playbook)


def _parked(incoming: Incoming, entry: Entry, parked: frozenset[str]) -> bool:
    if not (parked and isinstance(entry.fact, Event) and entry.fact.source in parked):
        return False
    why = f"{entry.fact.source} is parked: mend it, then drive its dead letters again"
    incoming.deaths.append(Death(entry.place, DeadLetterReason.PARKED, why, entry.fact.source))
    return True
