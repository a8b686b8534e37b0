"""The reckoning after a run: wait until everything has come to its end, then hold the state against the journal."""

import asyncio
import time

from tests.faults.evidence import Evidence, gathered, unsettled
from tests.faults.invariants import invented, judged_twice, lost, miscounted, orphaned, owned_twice, shown_wrongly
from tests.faults.journal import Journal
from tests.faults.oracle import once_each
from tests.faults.providers import Desks
from tests.faults.rings import Ring


async def settled(ring: Ring, *, within: float) -> None:
    """Look until nothing is under way any more. Raises `AssertionError` with what still is after so many seconds."""
    async with ring.looking() as (log, database):
        deadline = time.monotonic() + within
        while waiting := await unsettled(log, database):
            if time.monotonic() > deadline:
                words = "\n".join(service.last_words() for service in ring.processes)
                raise AssertionError(f"still under way after {within:.0f} s: {'; '.join(waiting)}\n{words}")
            await asyncio.sleep(0.1)  # between two looks at the condition


async def evidence_of(ring: Ring) -> Evidence:
    """What the run has left."""
    async with ring.looking() as (log, database):
        found = await gathered(log, database)
    found.deaths = ring.services["notifier"].died_at
    return found


def violations(journal: Journal, evidence: Evidence, desks: Desks) -> list[str]:
    """Everything that does not hold, in words."""
    return [
        *lost(journal, evidence),
        *invented(journal, evidence),
        *judged_twice(evidence),
        *miscounted(evidence.dossiers, once_each(list(evidence.distinct().values()))),
        *orphaned(evidence),
        *owned_twice(evidence),
        *shown_wrongly(evidence, desks.cards(evidence), desks.mails(evidence)),
    ]
