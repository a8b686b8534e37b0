"""B3: the router with everything on beside the bare rows. B11: two partitions side by side beside one."""

from collections.abc import AsyncIterator
from uuid import uuid4

from runtime.log import Partition
from runtime.settings import Settings
from schemas.topics import EVENTS_BEHAVIOUR
from tests.bench.heart import LANE, handled, heart, overlapped, runway
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.reference_rows import prepared, replay
from tests.bench.traffic import Traffic

BATCH, EVENTS = 1000, 20_000


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
        await handled(handler, one.prepared(list(traffic.events(5_000)), BATCH))
        rows = prepared(EVENTS, BATCH)
        for _ in range(bench.rounds):
            limit = await replay(reference, rows)
            ours = EVENTS / await handled(handler, one.prepared(list(traffic.events(EVENTS)), BATCH))
            yield Pair(measure="B3", ours=ours, limit=limit)
            left, right = (list(traffic.events(EVENTS // 2)) for _ in range(2))
            took = await overlapped(handler, one.prepared(left, BATCH), two.prepared(right, BATCH))
            yield Pair(measure="B11", ours=EVENTS / took, limit=ours)


if __name__ == "__main__":
    run(measure)
