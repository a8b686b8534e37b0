"""B3: the router with everything on beside the bare rows. B11: two partitions side by side beside one."""

from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import uvloop

from runtime.log import Partition
from runtime.partitioning import partition_of
from runtime.settings import Settings
from schemas.event import Event
from schemas.topics import EVENTS_BEHAVIOUR
from tests.bench.heart import LANE, handled, heart, overlapped, runway
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.reference_rows import prepared, replay
from tests.bench.traffic import Traffic, message

BATCH, EVENTS = 1000, 20_000


def parted(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """By their keys, as the log would: one person's events are never on two partitions."""
    lanes: tuple[list[Event], list[Event]] = ([], [])
    for event in events:
        lanes[partition_of(message(event).key, len(lanes))].append(event)
    return lanes


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """Warm up once, then alternate: the limit, the router on one partition, the router on two."""
    reference, state = await bench.postgres(), await bench.postgres()
    settings = Settings(
        data=bench.folder,
        log_engine="kafka",
        kafka_bootstrap=await bench.kafka(),
        topic_prefix=f"bench{uuid4().hex[:8]}.",
        database_url=state,
        key_secret="a key of the bench",
        partitions=2,
    )
    stay(TESTED)
    traffic = Traffic(3)
    async with heart(settings) as (handler, _):
        one = await runway(handler, LANE)
        two = await runway(handler, Partition(EVENTS_BEHAVIOUR.name, 1))
        await handled(handler, one.prepared([*traffic.acquaintances(), *traffic.events(5_000)], BATCH))
        rows = prepared(EVENTS, BATCH)
        for _ in range(bench.rounds):
            limit = await replay(reference, rows)
            ours = EVENTS / await handled(handler, one.prepared(list(traffic.events(EVENTS)), BATCH))
            yield Pair(measure="B3", ours=ours, limit=limit)
            left, right = parted(list(traffic.events(EVENTS)))
            took = await overlapped(handler, one.prepared(left, BATCH), two.prepared(right, BATCH))
            yield Pair(measure="B11", ours=EVENTS / took, limit=ours)


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)
