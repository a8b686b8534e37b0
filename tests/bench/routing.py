"""B3: the router with everything on beside the bare rows. B11: two partitions side by side beside one."""

from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import uvloop

from runtime.log import Partition
from runtime.partitioning import partition_of
from runtime.settings import Settings
from schemas.event import Event
from schemas.topics import EVENTS_BEHAVIOUR
from tests.bench.heart import handled, heart, overlapped, runway
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.reference_rows import prepared, replay
from tests.bench.traffic import Traffic, message

BATCH, EVENTS, WARM = 1000, 20_000, 5_000


def parted(events: Sequence[Event], lanes: int) -> list[list[Event]]:
    """By their keys, as the log would: one person's events are never on two partitions."""
    parts: list[list[Event]] = [[] for _ in range(lanes)]
    for event in events:
        parts[partition_of(message(event).key, lanes)].append(event)
    return parts


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """The limit, the router on one partition, the router on two: each time on fresh tables, with the same events."""
    reference, rows = await bench.postgres(), prepared(EVENTS, BATCH)
    kafka = await bench.kafka()
    stay(TESTED)
    for seed in range(bench.rounds):
        limit = await replay(reference, rows)
        one, two = [await _speed(await _settings(bench, kafka), seed, lanes) for lanes in (1, 2)]
        yield Pair(measure="B3", ours=one, limit=limit)
        yield Pair(measure="B11", ours=two, limit=one)


async def _settings(bench: Bench, kafka: str) -> Settings:
    return Settings(
        data=bench.folder,
        log_engine="kafka",
        kafka_bootstrap=kafka,
        topic_prefix=f"bench{uuid4().hex[:8]}.",
        database_url=await bench.postgres(),
        key_secret="a key of the bench",
        partitions=2,
    )


async def _speed(settings: Settings, seed: int, lanes: int) -> float:
    """Events a second with an empty state, but for the people who are known and a few thousand events to warm up."""
    traffic = Traffic(seed)
    async with heart(settings) as (handler, _):
        ways = [await runway(handler, Partition(EVENTS_BEHAVIOUR.name, number)) for number in range(lanes)]
        await handled(handler, ways[0].prepared([*traffic.acquaintances(), *traffic.events(WARM)], BATCH))
        parts = parted(list(traffic.events(EVENTS)), lanes)
        work = [way.prepared(part, BATCH) for way, part in zip(ways, parts, strict=True)]
        return EVENTS / await overlapped(handler, *work)


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)
