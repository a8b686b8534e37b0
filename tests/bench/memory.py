"""B9: the router's memory while it serves many known leads, beside the same work on ten thousand."""

import os
import random
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import asyncpg

from runtime.carriage import Carriage
from runtime.log import Handler
from runtime.settings import Settings
from schemas.event import IdentifierKind
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey
from tests.bench.heart import Runway, handled, heart, runway
from tests.bench.history import about, model
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, resident_mib, stay
from tests.bench.program import Bench, run
from tests.bench.traffic import KNOWN, Traffic

FEW, MANY, FULL = 10_000, 200_000, 1_000_000
EVENTS, BATCH, PIECE = 10_000, 1000, 50_000


def address(number: int) -> str:
    """The address of the so-manieth known lead."""
    return f"lead.{number}@company{number % 9000}.example"


async def seed(url: str, past: str, first: int, end: int) -> None:
    """Copy the state of the lead with the address `past` to leads [first, end), by COPY."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        identifier = await connection.fetchrow("SELECT * FROM router_identifier WHERE value = $1", past)
        standing = await connection.fetchrow("SELECT * FROM router_standing WHERE lead = $1", identifier["lead"])
        for start in range(first, end, PIECE):
            people = [
                (other, lead_id(IdentifierKey(IdentifierKind.EMAIL, other)))
                for other in map(address, range(start, min(end, start + PIECE)))
            ]
            rows = [tuple({**identifier, "value": other, "lead": lead}.values()) for other, lead in people]
            await connection.copy_records_to_table("router_identifier", records=rows, columns=list(identifier.keys()))
            rows = [tuple({**standing, "lead": lead}.values()) for _, lead in people]
            await connection.copy_records_to_table("router_standing", records=rows, columns=list(standing.keys()))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def serve(handler: Handler, lane: Runway, traffic: Traffic, known: int) -> float:
    """Events of leads drawn from all that are known; what the process holds afterwards, in MiB."""
    chance = random.Random(known)
    events = [about(traffic.event(KNOWN), address(chance.randrange(known))) for _ in range(EVENTS)]
    work = lane.prepared(events, BATCH)
    del events
    await handled(handler, work)
    return resident_mib(os.getpid())


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """One process: first on few leads, then, as the table grows, on many. The work a round is the same."""
    url, many = await bench.postgres(), FULL if bench.full else MANY
    settings = Settings(
        data=bench.folder,
        log_engine="kafka",
        kafka_bootstrap=await bench.kafka(),
        topic_prefix=f"bench{uuid4().hex[:8]}.",
        database_url=url,
        key_secret="a key of the bench",
        partitions=1,
    )
    stay(TESTED)
    async with heart(settings) as (handler, carriage):
        lane, traffic = await _warmed(handler, carriage, url)
        few = [await serve(handler, lane, traffic, FEW) for _ in range(bench.rounds)]
        await seed(url, model("short"), FEW, many)
        yield Note(text=f"{many:,} known leads" + ("" if bench.full else "; --full makes it a million"))
        crowd: Sequence[float] = [await serve(handler, lane, traffic, many) for _ in range(bench.rounds)]
        for before, after in zip(few, crowd, strict=True):
            yield Pair(measure="B9", ours=after, limit=before)


async def _warmed(handler: Handler, carriage: Carriage, url: str) -> tuple[Runway, Traffic]:
    lane, traffic = await runway(handler), Traffic(9)
    past = [about(traffic.event(KNOWN), model("short")) for _ in range(10)]
    await handled(handler, lane.prepared(past, BATCH))
    await seed(url, model("short"), 0, FEW)
    for _ in range(2):
        await serve(handler, lane, traffic, FEW)
    return lane, traffic


if __name__ == "__main__":
    run(measure)
