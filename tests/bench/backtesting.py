"""B10: a playbook over 100 000 events of the past, beside reading and decoding the same log."""

import time
from collections.abc import AsyncIterator

import uvloop

from runtime.log import Log
from runtime.settings import Settings
from schemas import event as event_schema
from schemas.fact import decode
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.router.adapters.playbook_files import load
from services.router.backtest import backtest
from services.router.comparison import compared
from tests.bench.embedded import through
from tests.bench.heart import ROOT, heart
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.traffic import Traffic

EVENTS, PIECE = 100_000, 1000


async def read_and_decoded(log: Log) -> tuple[int, float]:
    """How many events both lanes hold, and the seconds it takes to read and decode them all."""
    began, count = time.perf_counter(), 0
    for lane in (EVENTS_URGENT, EVENTS_BEHAVIOUR):
        for partition in await log.partitions(lane.name):
            offset, end = await log.bounds(partition)
            while offset < end:
                records = await log.read(partition, offset, PIECE)
                for record in records:
                    decode(record.value, event_schema.DECODER)
                count, offset = count + len(records), records[-1].offset + 1
    return count, time.perf_counter() - began


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """One past, decided by the router itself; each round decides it once more, and reads it."""
    stay(TESTED)
    settings = Settings(data=bench.folder, key_secret="a key of the bench", partitions=8)
    book = load(ROOT / "playbook")
    async with heart(settings) as (handler, carriage):
        took = await through(handler, carriage, list(Traffic(10).events(EVENTS)))
        yield Note(text=f"a past of {EVENTS:,} events, decided in {took:.0f} s")
        for _ in range(bench.rounds):
            began = time.perf_counter()
            done = await backtest(carriage.database, carriage.log, lambda _version, _lists: book)
            ours = time.perf_counter() - began
            events, limit = await read_and_decoded(carriage.log)
            yield Pair(measure="B10", ours=done.events / ours, limit=events / limit)
        found = await compared(carriage.database, done)
        yield Note(text=f"{found.same:,} kept verdicts came out as they were, {len(found.differences):,} did not")


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)
