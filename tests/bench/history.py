"""B8: what one more event costs for a lead with ten thousand past events, beside one with ten."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import msgspec
from sqlalchemy import delete, insert, select

from runtime.carriage import Carriage
from runtime.log import Handler
from runtime.settings import Settings
from schemas.event import Event, Identifier, IdentifierKind
from services.router.adapters import tables
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey
from tests.bench.heart import Runway, handled, heart, runway
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.traffic import KNOWN, Traffic

LEADS, BATCH = 4_000, 1000
PAST = {"long": 10_000, "short": 10}


@dataclass(frozen=True, slots=True)
class Driver:
    """The router under test, and events for it."""

    handler: Handler
    carriage: Carriage
    lane: Runway
    traffic: Traffic

    async def fold(self, emails: Sequence[str]) -> float:
        """One known person's event for each of these addresses, in this order; seconds."""
        events = [about(self.traffic.event(KNOWN), email) for email in emails]
        return await handled(self.handler, self.lane.prepared(events, BATCH))


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """Make two past lives by folding them, copy them to thousands of leads, then alternate between the two crowds."""
    settings = Settings(
        data=bench.folder,
        log_engine="kafka",
        kafka_bootstrap=await bench.kafka(),
        topic_prefix=f"bench{uuid4().hex[:8]}.",
        database_url=await bench.postgres(),
        key_secret="a key of the bench",
        partitions=1,
    )
    stay(TESTED)
    async with heart(settings) as (handler, carriage):
        driver = Driver(handler, carriage, await runway(handler), Traffic(5))
        crowds = {}
        for name, past in PAST.items():
            await driver.fold([model(name)] * past)
            crowds[name] = [f"{name}.{number}@crowd.example" for number in range(LEADS)]
        yield Note(text=f"{LEADS} leads with {PAST['long']} past events each, and {LEADS} with {PAST['short']}")
        for _ in range(bench.rounds + 1):
            took = {}
            for name in PAST:
                await copy(carriage, model(name), crowds[name])
                took[name] = await driver.fold(crowds[name]) / LEADS * 1e6
            if _:
                yield Pair(measure="B8", ours=took["long"], limit=took["short"])


def model(name: str) -> str:
    """The address of the lead whose past is copied."""
    return f"model.{name}@crowd.example"


def about(event: Event, email: str) -> Event:
    """The event, as an act of whoever has this address, spread over the year before it."""
    who = Identifier(kind=IdentifierKind.EMAIL, value=email)
    return msgspec.structs.replace(event, identifiers=(who,))


async def copy(carriage: Carriage, email: str, crowd: Sequence[str]) -> None:
    """Give everybody in the crowd the state of the lead with this address."""
    kind = IdentifierKind.EMAIL
    async with carriage.database.transaction() as connection:
        known = tables.IDENTIFIER.c
        row = (
            (await connection.execute(select(tables.IDENTIFIER).where((known.kind == kind) & (known.value == email))))
            .mappings()
            .one()
        )
        lead = (
            (await connection.execute(select(tables.STANDING).where(tables.STANDING.c.lead == row["lead"])))
            .mappings()
            .one()
        )
        ids = {other: lead_id(IdentifierKey(kind, other)) for other in crowd}
        await connection.execute(delete(tables.IDENTIFIER).where(known.value.in_(crowd)))
        await connection.execute(delete(tables.STANDING).where(tables.STANDING.c.lead.in_(ids.values())))
        await connection.execute(delete(tables.VERDICT).where(tables.VERDICT.c.lead.in_(ids.values())))
        people = [{**row, "value": other, "lead": ids[other]} for other in crowd]
        await connection.execute(insert(tables.IDENTIFIER), people)
        await connection.execute(insert(tables.STANDING), [{**lead, "lead": ids[other]} for other in crowd])


if __name__ == "__main__":
    run(measure)
