"""One partition's queue of appends, and what of it went into one batch."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from aiokafka.producer.message_accumulator import BatchBuilder

from runtime import metrics
from runtime.log import Message

Kept = asyncio.Future[None]
"""Done once an append is durable, or refused."""

_FORGOTTEN_AT_ONCE = 2


class Load:
    """What one batch carries: the appends that are durable with it, and one that only begins in it."""

    __slots__ = ("begun", "lane", "whole")

    def __init__(self, lane: "Lane") -> None:
        self.lane = lane
        self.whole: list[Kept] = []
        self.begun: Kept | None = None

    def keep(self, count: int) -> None:
        """All `count` records of it are durable."""
        self.lane.appended.inc(count)
        for kept in self.whole:
            if not kept.done():
                kept.set_result(None)

    def fail(self, refusal: Exception) -> None:
        """None of it is."""
        for kept in self.owed():
            kept.set_exception(refusal)

    def owed(self) -> list[Kept]:
        """Those who still wait."""
        return [kept for kept in (*self.whole, self.begun) if kept is not None and not kept.done()]


class Lane:
    """One partition's queue: while a batch is on its way, the next one fills."""

    __slots__ = ("_queue", "appended", "busy", "number", "topic")

    def __init__(self, topic: str, number: int) -> None:
        self.topic, self.number = topic, number
        self.appended = metrics.APPENDED.labels(topic)
        self.busy = False
        """Has it a batch on its way? Then the next one waits, so that records keep their order."""
        self._queue: deque[tuple[Sequence[Message], Kept]] = deque()

    def put(self, messages: Sequence[Message], kept: Kept) -> None:
        """Let these wait for the next batch; what was refused while it waited is forgotten, a little at a time."""
        queue = self._queue
        for _ in range(_FORGOTTEN_AT_ONCE):
            if queue and queue[0][1].done():
                queue.popleft()
        queue.append((messages, kept))

    def waits(self) -> bool:
        """Is there something for a next batch?"""
        return bool(self._queue)

    def owed(self) -> list[Kept]:
        """Those who wait in the queue."""
        return [kept for _, kept in self._queue if not kept.done()]

    def fill(self, builder: BatchBuilder) -> Load:
        """Move into the batch what fits, in order."""
        load, queue, append = Load(self), self._queue, builder.append
        headers: Mapping[str, bytes] | None = None
        while queue:
            messages, kept = queue.popleft()
            if kept.done():  # it was refused meanwhile: it must not turn up after all
                continue
            for index, message in enumerate(messages):
                if message.headers is not headers:  # many messages share theirs
                    headers = message.headers
                    listed = list(headers.items())
                if append(timestamp=None, key=message.key, value=message.value, headers=listed) is None:
                    queue.appendleft((messages[index:], kept))
                    load.begun = kept if index else None
                    return load
            load.whole.append(kept)
        return load
