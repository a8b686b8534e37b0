"""Listens to the log from now on, beside the services and without a position of its own in any database."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from runtime.log import Batch, Log, Partition, Position, Record

PATIENCE = 30.0
"""Seconds in which a group of one has all its partitions."""


class Watcher:
    """A reader that begins at the end of each partition and remembers nothing: for terminals, never for decisions."""

    def __init__(self, log: Log, told: Callable[[Record], None], expected: int) -> None:
        self._log, self._told, self._expected = log, told, expected
        self._begun: set[Partition] = set()
        self.ready = asyncio.Event()

    async def assigned(self, partition: Partition) -> Position:
        """Begin at the end: what was said before this terminal opened is not news."""
        _, end = await self._log.bounds(partition)
        self._begun.add(partition)
        if len(self._begun) == self._expected:
            self.ready.set()
        return Position(next=end, epoch=1)

    async def handle(self, batch: Batch) -> None:
        """Pass each record on."""
        for record in batch.records:
            self._told(record)

    async def revoked(self, partition: Partition) -> None:
        """Nothing is kept."""


@asynccontextmanager
async def watching(log: Log, topics: Sequence[str], told: Callable[[Record], None]) -> AsyncIterator[None]:
    """Tell about everything appended to `topics` while the block runs; nothing is missed once it has begun."""
    expected = sum([len(await log.partitions(topic)) for topic in topics])
    watcher = Watcher(log, told, expected)
    subscription = log.subscribe(f"terminal-{os.getpid()}", topics, watcher)
    running = asyncio.create_task(subscription.run(), name="terminal")
    try:
        async with asyncio.timeout(PATIENCE):
            await watcher.ready.wait()
        yield
    finally:
        subscription.stop()
        with suppress(asyncio.CancelledError):
            await running
