"""Lets urgent facts overtake: behaviour is worked on in smaller pieces and gives way while urgent ones are in hand."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from runtime.clock import Clock
from runtime.log import Batch
from schemas.topics import EVENTS_BEHAVIOUR

_RECENT = 2.0
"""Seconds for which an urgent fact keeps the behaviour lane's pieces small."""
_PATIENCE = 0.1
"""Seconds for which a piece of behaviour waits at most, so that it is slowed down but never starved."""
_SMALLER = 5
"""Into how many pieces a whole one is cut while there are urgent facts."""
_SMALLER_ALONE = 2
"""The same where one writer at a time holds the database: each transaction there is a wait for the disk by itself."""


class Lanes:
    """Who goes first. One a process."""

    def __init__(self, clock: Clock, *, batch: int, at_once: int) -> None:
        self._shared = at_once > 1
        self._clock, self._batch = clock, batch
        self._urgent = 0
        self._clear = asyncio.Event()
        self._clear.set()
        self._last = float("-inf")
        self._behaviour = asyncio.Semaphore(at_once)

    def pieces(self, batch: Batch) -> Iterator[Batch]:
        """The batch in pieces, each for a transaction of its own; their size is chosen when its turn comes."""
        if not batch.records:  # retention or compaction left a gap: the offset moves all the same
            yield batch
            return
        first, start = batch.first, 0
        while start < len(batch.records):
            end = min(start + self._size(batch), len(batch.records))
            following = batch.next if end == len(batch.records) else batch.records[end].offset
            yield Batch(batch.partition, first, following, batch.epoch, batch.records[start:end])
            first, start = following, end

    def _size(self, batch: Batch) -> int:
        if not is_behaviour(batch) or self._clock.monotonic() - self._last > _RECENT:
            return self._batch
        return max(1, self._batch // (_SMALLER if self._shared else _SMALLER_ALONE))

    @asynccontextmanager
    async def turn(self, batch: Batch) -> AsyncIterator[None]:
        """Hold this while a piece is decided."""
        if is_behaviour(batch):
            async with self._behaviour:
                await self.give_way()
                yield
        else:
            with self.urgent():
                yield

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """While this is held, behaviour gives way."""
        self._urgent += 1
        self._last = self._clock.monotonic()
        self._clear.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._clear.set()

    async def give_way(self) -> None:
        """Wait until nothing urgent is in hand, but not for long."""
        if self._urgent:
            try:
                await asyncio.wait_for(self._clear.wait(), _PATIENCE)
            except TimeoutError:
                return

    async def breathe(self, batch: Batch) -> None:
        """Between two stretches of work on a piece of behaviour: let what is urgent through.

        Not where one writer at a time holds the database: there it would only keep the lock for longer.
        """
        if self._shared and is_behaviour(batch):
            await self.give_way()


def is_behaviour(batch: Batch) -> bool:
    """Is this a batch of the lane that may wait?"""
    return batch.partition.topic == EVENTS_BEHAVIOUR.name
