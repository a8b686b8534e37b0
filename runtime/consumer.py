"""The one consume loop, whatever the log: a worker a partition, handed out and taken back as the group decides."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from runtime import metrics
from runtime.clock import Clock, SystemClock
from runtime.log import Handler, Partition, Progress
from runtime.worker import DEFAULT_BACKOFF, Backoff, Feed, Worker

_log = structlog.get_logger(__name__)
STUCK = 120.0
"""Seconds without one turn of a partition's loop after which only a restart helps."""


def moving(progress: Mapping[Partition, Progress], now: float, *, patience: float = STUCK) -> bool:
    """For liveness: has every partition's loop turned within `patience` seconds of `now` (monotonic)?

    Waiting for a database or a broker is a turn, a handler that never returns is none.
    """
    return all(now - one.turned < patience for one in progress.values())


def settled(progress: Mapping[Partition, Progress]) -> bool:
    """For readiness: does every assigned partition work, without trouble?"""
    return not any(one.trouble for one in progress.values())


@dataclass(frozen=True, slots=True)
class Consuming:
    """What every worker of one member is made with."""

    group: str
    handler: Handler
    batch: int = 1000
    clock: Clock = field(default_factory=SystemClock)
    backoff: Backoff = DEFAULT_BACKOFF
    grace: float = 20.0
    """Seconds that transactions under way are waited for when their partitions go."""
    linger: float = 0.0
    """Seconds that lie at least between the beginnings of two batches of a partition, where the first was not full."""


class Workers:
    """The workers of one group member."""

    def __init__(self, consuming: Consuming, fenced: Callable[[Partition], None]) -> None:
        self._consuming, self._fenced = consuming, fenced
        self._workers: dict[Partition, Worker] = {}
        self._tasks: dict[Partition, asyncio.Task[None]] = {}

    def assign(self, feeds: Mapping[Partition, Feed]) -> None:
        """Begin to work on these partitions; each waits for its former worker here, if one is still at it."""
        one = self._consuming
        for partition, feed in feeds.items():
            worker = Worker(
                *(one.group, partition, feed, one.handler),
                limit=one.batch,
                linger=one.linger,
                clock=one.clock,
                backoff=one.backoff,
            )
            former = self._tasks.get(partition)
            task = asyncio.create_task(worker.run(former), name=f"{one.group} {partition.topic}/{partition.number}")
            task.add_done_callback(partial(self._done, partition, worker))
            self._workers[partition], self._tasks[partition] = worker, task
        metrics.ASSIGNED.labels(one.group).set(len(self._workers))

    def _done(self, partition: Partition, worker: Worker, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(partition) is task:
            del self._tasks[partition]
        if not task.cancelled() and (fault := task.exception()):
            _log.error("a partition's worker broke", group=self._consuming.group, exc_info=fault)
        if worker.fenced and self._workers.get(partition) is worker:
            self._fenced(partition)

    async def retire(self, partitions: Iterable[Partition], *, within: float | None = None) -> None:
        """Stop working on these partitions; returns when their transactions are over, or `within` seconds are."""
        workers = [worker for one in partitions if (worker := self._workers.pop(one, None))]
        for worker in workers:
            worker.retire()
        metrics.ASSIGNED.labels(self._consuming.group).set(len(self._workers))
        if workers:
            patience = self._consuming.grace if within is None else within
            finishing = [asyncio.ensure_future(worker.idle()) for worker in workers]
            _, late = await asyncio.wait(finishing, timeout=patience)
            for one in late:
                one.cancel()
            if late:
                _log.error("transactions outlasted the grace time", group=self._consuming.group, partitions=len(late))

    async def close(self) -> None:
        """Stop working on everything, within the grace time; what still hangs then is cancelled and rolls back."""
        await self.retire(list(self._workers))
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=1.0)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def working(self) -> Collection[Partition]:
        """The partitions assigned at this moment."""
        return self._workers.keys()

    def committed(self) -> dict[Partition, int]:
        """The offsets the handler has moved to, for lag tools; nothing for those not yet taken over."""
        return {one: worker.committed.next for one, worker in self._workers.items() if worker.committed.epoch}

    def progress(self) -> Mapping[Partition, Progress]:
        """How far each is."""
        return {partition: worker.progress() for partition, worker in self._workers.items()}
