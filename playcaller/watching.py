"""Listens to the log from now on, beside the services and without a position of its own in any database."""

import asyncio
from collections.abc import Callable, Sequence

from runtime.log import Batch, Log, Partition, Position, Record


class Watcher:
    """A reader that begins at the end of each partition and remembers nothing: for terminals, never for decisions."""

    def __init__(self, log: Log, told: Callable[[Record], None]) -> None:
        self._log, self._told = log, told

    async def assigned(self, partition: Partition) -> Position:
        """Begin at the end: what was said before this terminal opened is not news."""
        _, end = await self._log.bounds(partition)
        return Position(next=end, epoch=1)

    async def handle(self, batch: Batch) -> None:
        """Pass each record on."""
        for record in batch.records:
            self._told(record)

    async def revoked(self, partition: Partition) -> None:
        """Nothing is kept."""


async def watch(log: Log, group: str, topics: Sequence[str], told: Callable[[Record], None]) -> None:
    """Tell about everything appended to `topics` from now on, until cancelled."""
    subscription = log.subscribe(group, topics, Watcher(log, told))
    try:
        await subscription.run()
    except asyncio.CancelledError:
        subscription.stop()
        raise
