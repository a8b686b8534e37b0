"""The work on one assigned partition: take it over, hand over what is buffered, again until somebody else has it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from runtime import metrics
from runtime.clock import Clock
from runtime.log import Batch, FencedError, Handler, OffsetLostError, Partition, Position, Progress, Record

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class Feed(Protocol):
    """One partition of a log, read in order."""

    async def seek(self, offset: int) -> None:
        """Go on at `offset`; 0 means the first record still held. Raises `OffsetLostError`, `LogError`."""
        ...

    async def take(self, limit: int) -> Sequence[Record]:
        """What is buffered, at most `limit`; waits a moment if there is nothing. Raises as `seek` does."""
        ...

    def end(self) -> int:
        """The log's end, as last heard."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts: doubled each time, with full jitter, so that replicas do not knock in step."""

    first: float = 0.1
    longest: float = 10.0

    def delay(self, attempt: int) -> float:
        """How long to wait after the `attempt`-th failure (from 1)."""
        ceiling = min(self.longest, self.first * 2 ** min(attempt - 1, 30))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311  (spreads load, guards nothing)


DEFAULT_BACKOFF = Backoff()


class Worker:
    """One task for one partition. It ends when retired, fenced, or when its next record is lost."""

    def __init__(
        self,
        group: str,
        partition: Partition,
        feed: Feed,
        handler: Handler,
        *,
        limit: int,
        linger: float,
        clock: Clock,
        backoff: Backoff,
    ) -> None:
        self._group, self._partition, self._feed, self._handler = group, partition, feed, handler
        self._limit, self._linger, self._clock, self._backoff = limit, linger, clock, backoff
        self._position = Position(next=0, epoch=0)
        self._trouble = "taking over"
        self._turned = clock.monotonic()
        self._retired = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.fenced = False
        self.lost = False

    async def run(self, after: "asyncio.Task[None] | None" = None) -> None:
        """Work until retired, once `after` (whoever worked on this partition here before) is done."""
        if after is not None:
            await asyncio.wait([after])
        try:
            await self._work()
        except FencedError as fault:
            self.fenced, self._trouble = True, "fenced: another owner has it"
            metrics.FENCED.labels(self._group, self._partition.topic).inc()
            _log.warning("partition given up", group=self._group, why=str(fault))
        except OffsetLostError as fault:
            self.lost, self._trouble = True, f"lost: {fault}"
            metrics.LOST.labels(self._group, self._partition.topic).inc()
            _log.critical("records were deleted before they were read", group=self._group, mend=str(fault))
        finally:
            await self._feed.close()
            try:
                await self._handler.revoked(self._partition)
            except Exception:  # noqa: BLE001  (the partition has gone whatever its handler makes of that)
                _log.exception("dropping a partition's cache failed", group=self._group)

    def retire(self) -> None:
        """Finish the transaction under way and end; what is read but not handled is left to the next owner."""
        self._retired.set()

    async def idle(self) -> None:
        """Wait until the handler is not at work."""
        await self._idle.wait()

    @property
    def committed(self) -> Position:
        """Where the handler stands."""
        return self._position

    def progress(self) -> Progress:
        """How far it is. A partition whose records are lost does not count as stuck: a restart would not mend it."""
        turned = self._clock.monotonic() if self.lost else self._turned
        return Progress(self._position.next, self._feed.end(), turned, self._trouble)

    async def _work(self) -> None:
        position = await self._persist(self._take_over)
        while position is not None and not self._retired.is_set():
            self._position, self._trouble = position, ""
            records = await self._persist(lambda: self._feed.take(self._limit))
            self._turned = self._clock.monotonic()
            lag = self._feed.end() - position.next
            metrics.LAG.labels(self._group, self._partition.topic, self._partition.number).set(max(0, lag))
            if records and not self._retired.is_set():
                began = self._clock.monotonic()
                position = await self._hand_over(records, position)
                if self._linger and len(records) < self._limit:
                    await self._pause(began + self._linger - self._clock.monotonic())

    async def _take_over(self) -> Position:
        async with self._busy():
            position = await self._handler.assigned(self._partition)
        if not self._retired.is_set():
            await self._feed.seek(position.next)
        return position

    async def _hand_over(self, records: Sequence[Record], position: Position) -> Position | None:
        batch = Batch(self._partition, position.next, records[-1].offset + 1, position.epoch, records)

        async def handle() -> Position:
            async with self._busy():
                with metrics.BATCH_SECONDS.labels(self._group).time():
                    await self._handler.handle(batch)
            metrics.CONSUMED.labels(self._group, self._partition.topic).inc(len(records))
            return Position(next=batch.next, epoch=batch.epoch)

        return await self._persist(handle)

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """Try until it succeeds or the worker is retired (None). Fences and losses are not retried."""
        failures = 0
        while not self._retired.is_set():
            self._turned = self._clock.monotonic()
            try:
                return await attempt()
            except (FencedError, OffsetLostError):
                raise
            except Exception as fault:  # noqa: BLE001  (whatever a handler raises, its records are handed over again)
                failures += 1
                self._trouble = f"retrying after {type(fault).__name__}"
                metrics.RETRIED.labels(self._group, self._partition.topic).inc()
                where = f"{self._partition.topic}/{self._partition.number}"
                trace = fault if failures == 1 else None  # once; after that the line says enough
                _log.warning(
                    "trying again",
                    group=self._group,
                    partition=where,
                    failures=failures,
                    fault=str(fault),
                    exc_info=trace,
                )
                await self._pause(self._backoff.delay(failures))
        return None

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._retired.wait()

    @contextlib.asynccontextmanager
    async def _busy(self) -> AsyncIterator[None]:
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()
