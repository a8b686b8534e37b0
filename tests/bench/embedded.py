"""B7: events through the SQLite log and the router on SQLite, beside SQLite inserting the very same rows."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import uvloop

from runtime.carriage import Carriage
from runtime.log import Handler, Message
from runtime.settings import Settings
from schemas.event import Event
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from tests.bench.heart import heart
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, stay
from tests.bench.program import Bench, run
from tests.bench.traffic import Traffic, message, urgent

EVENTS, BATCH = 10_000, 1000
_OWN = ("sqlite_", "_version")
"""Tables that are no rows of ours: SQLite's, and the migrations' mark."""


class Counting:
    """The router's handler, with a bell for when it has handled so many events."""

    def __init__(self, inner: Handler, expected: int) -> None:
        self._inner, self._left, self.done = inner, expected, asyncio.Event()
        self.assigned, self.revoked = inner.assigned, inner.revoked

    async def handle(self, batch) -> None:
        """As the router does; then count."""
        await self._inner.handle(batch)
        self._left -= len(batch.records)
        if self._left <= 0:
            self.done.set()


async def through(handler: Handler, carriage: Carriage, events: Sequence[Event]) -> float:
    """Append the events as the door would and have the router consume them; seconds until the last is committed."""
    lanes = {EVENTS_URGENT.name: [], EVENTS_BEHAVIOUR.name: []}
    for event in events:
        lanes[EVENTS_URGENT.name if urgent(event) else EVENTS_BEHAVIOUR.name].append(message(event))
    return await worked_off(handler, carriage, lanes)


async def worked_off(handler: Handler, carriage: Carriage, lanes: Mapping[str, Sequence[Message]]) -> float:
    """Append these to their lanes and have the router consume them; seconds until the last is committed."""
    counting = Counting(handler, sum(map(len, lanes.values())))
    subscription = carriage.log.subscribe("router", list(lanes), counting, batch=BATCH)
    began = time.perf_counter()
    consuming = asyncio.create_task(subscription.run())
    for lane, messages in lanes.items():
        for at in range(0, len(messages), BATCH):
            await carriage.log.append(lane, messages[at : at + BATCH])
    await counting.done.wait()
    took = time.perf_counter() - began
    subscription.stop()
    await consuming
    return took


def copied(source: Path, target: Path, batches: int) -> float:
    """Insert every row of one SQLite file into a fresh one of the same shape, in so many commits; seconds."""
    with (
        sqlite3.connect(f"file:{source}?mode=ro", uri=True) as old,
        sqlite3.connect(target, isolation_level=None) as new,
    ):
        shapes = old.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC")
        names = []
        new.execute("PRAGMA journal_mode=WAL")
        new.execute("PRAGMA synchronous=FULL")
        for kind, name, statement in shapes:
            if name.startswith(_OWN[0]) or name.endswith(_OWN[1]):
                continue
            new.execute(statement)
            names += [name] if kind == "table" else []
        rows = {name: old.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608  (the file's own names)
        began = time.perf_counter()
        for number in range(batches):
            new.execute("BEGIN IMMEDIATE")
            for name, held in rows.items():
                part = held[number * len(held) // batches : (number + 1) * len(held) // batches]
                if part:
                    marks = ",".join("?" * len(part[0]))
                    new.executemany(f"INSERT INTO {name} VALUES ({marks})", part)  # noqa: S608  (the file's own names)
            new.execute("COMMIT")
        return time.perf_counter() - began


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """A fresh pair of files each round: the ring's own run, then the same rows, from both files, inserted plainly."""
    stay(TESTED)
    for number in range(bench.rounds):
        folder = bench.folder / f"round{number}"
        folder.mkdir()
        settings = Settings(data=folder, key_secret="a key of the bench", partitions=8)
        events = list(Traffic(100 + number).events(EVENTS))
        async with heart(settings) as (handler, carriage):
            ours = EVENTS / await through(handler, carriage, events)
        took = sum(copied(folder / name, folder / f"copy-{name}", EVENTS // BATCH) for name in ("log.db", "state.db"))
        yield Pair(measure="B7", ours=ours, limit=EVENTS / took)


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)
