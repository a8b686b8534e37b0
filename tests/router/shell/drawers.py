"""Routers that draw from one team's rotation at once: each has connections of its own and a partition to itself.

`python -m tests.router.shell.drawers <database> <first> <routers> <handoffs> <weight,weight,…>` is a process with
several of them.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, Log, Partition
from schemas.event import Claim, Event
from schemas.fact import Trust
from schemas.fact import replace as with_fields
from schemas.lead import Field
from schemas.topics import EVENTS_URGENT
from services.router.applying import More, apply
from services.router.domain.junctions import always
from services.router.domain.playbook import FloodLimit, Playbook, RoutingRule
from services.router.faults import Meaning, meaning_of
from tests.router.shell.building import NOON, a_consultation
from tests.router.shell.ring import Hand, a_log, records_of, the_playbook

TEAM = "inside_sales"
MANY = 1_000_000_000


def rotating(weights: Sequence[int], *, team: str = TEAM, capacity: int = MANY) -> Playbook:
    """The straw man with one team of so many reps, who are always there and have enough at their capacity only."""
    straw = the_playbook()
    maya = straw.reps["maya"]
    names = [f"rep{number:02}" for number in range(len(weights))]
    reps = {
        name: replace(maya, id=name, name=name.title(), weight=weight, capacity=capacity)
        for name, weight in zip(names, weights, strict=True)
    }
    alone = replace(straw.teams[team], reps=tuple(names))
    routing = (RoutingRule(always(), team, "everybody"),)
    return replace(
        straw, reps={**straw.reps, **reps}, teams={team: alone}, routing=routing, flood=FloodLimit(MANY, MANY, MANY)
    )


def owned(asked: Event, rep: str) -> Event:
    """A request by somebody of whom the CRM says whose they are."""
    return with_fields(asked, claims=(*asked.claims, Claim(field=Field.OWNER, value=rep, trust=Trust.ATTESTED)))


async def router(
    database: Database, log: Log, book: Playbook, number: int, handoffs: int, *, owners: float = 0
) -> None:
    """Open so many handoffs, in batches of any size. Some it offers with the batch, some right after it.

    Now and then it dies between the two, and somebody sweeps what is left. Of its leads this share has an owner.
    """
    hand = Hand(database, log, ManualClock(NOON + timedelta(hours=4)), book)
    chance, partition = Random(number), Partition(EVENTS_URGENT.name, number)
    epoch, first = (await hand.take(partition)).epoch, 0
    reps = [rep for team in book.teams.values() for rep in team.reps]
    while first < handoffs:
        size = min(chance.randint(1, 12), handoffs - first)
        facts = [
            a_consultation(f"p{number}n{first + place}@firm{number}n{first + place}.example") for place in range(size)
        ]
        facts = [owned(one, chance.choice(reps)) if chance.random() < owners else one for one in facts]
        batch = Batch(partition, first, first + size, epoch, records_of(partition, first, facts))
        if chance.random() < 0.1:
            await _decided(hand, batch)
        else:
            await hand.consumer.handle(batch)
        if chance.random() < 0.05:
            await hand.offering.sweep()
        first += size
    await hand.consumer.idle()


async def _decided(hand: Hand, batch: Batch) -> None:
    """What a process leaves behind that dies right after its commit."""
    more = More()
    while True:
        try:
            await apply(hand.desk, batch, {}, more)
        except Exception as fault:
            if meaning_of(fault) is not Meaning.AGAIN:
                raise
        else:
            return


async def routers(url: str, first: int, count: int, handoffs: int, weights: Sequence[int]) -> None:
    """So many routers side by side, each with a database of its own; on SQLite they share the one that may write."""
    book, single = rotating(weights), url.startswith("sqlite")
    databases = [Database(url) for _ in range(1 if single else count)]
    with tempfile.TemporaryDirectory() as folder:
        async with a_log(Path(folder), ManualClock(NOON)) as log:
            await asyncio.gather(
                *(
                    router(databases[place % len(databases)], log, book, first + place, handoffs)
                    for place in range(count)
                )
            )
    for database in databases:
        await database.close()


def main() -> None:
    """Run the routers that the command line asks for."""
    url, first, count, handoffs, weights = sys.argv[1:]
    asyncio.run(routers(url, int(first), int(count), int(handoffs), [int(one) for one in weights.split(",")]))


if __name__ == "__main__":
    main()
