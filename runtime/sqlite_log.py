"""The log in one file, for the embedded default: as durable as the disk, with partitions, keys and offsets as Kafka's.

Appends of all tasks that wait at the same moment become one commit, written by a thread of its own. One process
writes (the file beside it, `<name>.lock`, says which); any other may read meanwhile.
"""

import asyncio
import contextlib
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import structlog

from runtime import metrics
from runtime.clock import Clock
from runtime.consumer import Consuming
from runtime.deadlines import Deadlines
from runtime.local_group import LocalGroup, LocalSubscription
from runtime.lockfile import HeldError, Lockfile
from runtime.log import (
    Handler,
    LogUnavailableError,
    Message,
    Partition,
    Record,
    RecordTooLargeError,
    Subscription,
    lost,
)
from runtime.partitioning import partition_of, refuse_too_large
from runtime.sqlite_store import Kept, SqliteStore
from runtime.worker import DEFAULT_BACKOFF, Backoff

_log = structlog.get_logger(__name__)
T = TypeVar("T")
_MOST_BYTES = 8_000_000
_LOOK_AGAIN = 0.2
"""Seconds after which a reader looks for what another process may have appended; its own it hears of at once."""
_HOUSEKEEPING = 60.0


class SqliteLog:
    """A `runtime.log.Log` in one SQLite file."""

    def __init__(
        self,
        path: Path,
        *,
        partitions: int,
        clock: Clock,
        prefix: str = "",
        append_timeout: float = 3.0,
        retention: timedelta | None = None,
        grace: float = 20.0,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._path, self._count, self._clock, self._prefix = path, partitions, clock, prefix
        self._retention, self._grace, self._backoff = retention, grace, backoff
        self._lock = Lockfile(path.with_name(f"{path.name}.lock"))
        self._threads = {name: ThreadPoolExecutor(1, f"log-{name}") for name in ("write", "read")}
        self._stores: dict[str, SqliteStore] = {}
        self._known: dict[str, dict[int, Kept]] = {}
        self._ends: dict[Partition, int] = {}
        self._grown: dict[Partition, asyncio.Event] = defaultdict(asyncio.Event)
        self._groups: dict[str, LocalGroup] = defaultdict(LocalGroup)
        self._waiting: deque[tuple[str, Sequence[Message], asyncio.Future[None]]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        patience = f"{path} did not become durable within {append_timeout} s: is the disk full or overloaded?"
        self._deadlines = Deadlines(append_timeout, lambda: LogUnavailableError(patience))

    async def __aenter__(self) -> Self:
        for name in self._threads:
            self._stores[name] = await self._on(name, lambda: SqliteStore(self._path))
        if self._retention:
            self._keeping = asyncio.create_task(self._keep_house(self._retention), name="log retention")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._writing:
            await asyncio.wait([self._writing])
        self._deadlines.close()
        for name, thread in self._threads.items():
            if name in self._stores:
                await self._on(name, self._stores.pop(name).close)
            thread.shutdown()
        self._lock.release()

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        """As `Log.append` promises. Raises `LogUnavailableError` too where another process is the writer."""
        try:
            refuse_too_large(messages)
        except RecordTooLargeError:
            metrics.APPEND_FAILED.labels("too_large").inc()
            raise
        if not messages:
            return
        kept = self._deadlines.promise()
        self._waiting.append((topic, messages, kept))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="log writer")
        try:
            await kept
        except LogUnavailableError:
            metrics.APPEND_FAILED.labels("unavailable").inc()
            raise

    async def _write(self) -> None:
        while self._waiting:
            group, size = [], 0
            while self._waiting and size < _MOST_BYTES:
                group.append(self._waiting.popleft())
                size += sum(len(message.value) for message in group[-1][1])
            try:
                await self._commit(group)
            except (sqlite3.Error, HeldError, OSError) as fault:
                for _, _, kept in group:
                    if not kept.done():
                        kept.set_exception(LogUnavailableError(f"{self._path}: {fault}"))
                continue
            for _, _, kept in group:
                if not kept.done():
                    kept.set_result(None)

    async def _commit(self, group: Sequence[tuple[str, Sequence[Message], object]]) -> None:
        self._lock.take()
        by_partition: dict[Partition, list[Message]] = defaultdict(list)
        for topic, messages, _ in group:
            count = len(await self._topic(topic))
            for message in messages:
                by_partition[Partition(topic, partition_of(message.key, count))].append(message)
        by_id = {self._known[one.topic][one.number].id: messages for one, messages in by_partition.items()}
        with metrics.APPEND_SECONDS.time():
            ends = await self._on("write", lambda: self._stores["write"].append(by_id, self._clock.now()))
        for partition, messages in by_partition.items():
            metrics.APPENDED.labels(partition.topic).inc(len(messages))
            self._ends[partition] = ends[self._known[partition.topic][partition.number].id]
            self._grown.pop(partition, asyncio.Event()).set()

    def subscribe(
        self, group: str, topics: Sequence[str], handler: Handler, *, batch: int = 1000, linger: float = 0.0
    ) -> Subscription:
        """A member of `group`, among those of this process."""
        consuming = Consuming(group, handler, batch, self._clock, self._backoff, self._grace, linger)
        return LocalSubscription(
            self, self._groups[group], topics, consuming, lambda partition: _SqliteFeed(self, partition)
        )

    async def read(self, partition: Partition, offset: int, limit: int = 1000) -> Sequence[Record]:
        """What stands at `offset` and after. Raises `OffsetLostError`."""
        kept = (await self._topic(partition.topic))[partition.number]
        return await self._on("read", lambda: self._stores["read"].read(kept.id, partition, offset, limit))

    async def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of a topic, by number; an unknown topic is made."""
        return [Partition(topic, number) for number in sorted(await self._topic(topic))]

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """(the first offset still held, the offset the next record will get)."""
        identifier = (await self._topic(partition.topic))[partition.number].id
        kept = await self._on("read", lambda: self._stores["read"].kept(identifier))
        return kept.first, kept.next

    async def ready(self) -> bool:
        """Could an append succeed now?"""
        try:
            self._lock.take()
            await self._on("read", lambda: self._stores["read"].partitions(""))
        except (HeldError, OSError, sqlite3.Error, KeyError, RuntimeError):
            return False
        return True

    async def trim(self, older_than: timedelta) -> int:
        """Forget what is older; how many segments. Retention does this by itself every minute."""
        self._lock.take()
        before = self._clock.now() - older_than
        return await self._on("write", lambda: self._stores["write"].trim(before))

    def end(self, partition: Partition) -> int:
        """The end of what this process has appended; 0 if it has not appended to this partition."""
        return self._ends.get(partition, 0)

    async def grown(self, partition: Partition, offset: int) -> None:
        """Wait until there may be a record at `offset`: at once if this process appended it, else a moment."""
        if self._ends.get(partition, -1) > offset:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._grown[partition].wait()

    async def _topic(self, topic: str) -> dict[int, Kept]:
        if topic not in self._known:
            name = self._prefix + topic
            found = await self._on("read", lambda: self._stores["read"].partitions(name))
            if not found:
                await self._on("write", lambda: self._stores["write"].create(name, self._count))
                found = await self._on("read", lambda: self._stores["read"].partitions(name))
            self._known[topic] = found
        return self._known[topic]

    async def _keep_house(self, retention: timedelta) -> None:
        while True:
            try:
                await self.trim(retention)
            except HeldError:
                pass  # the process that writes keeps house
            except (sqlite3.Error, OSError) as fault:
                _log.warning("retention failed, trying again in a minute", fault=str(fault))
            await asyncio.sleep(_HOUSEKEEPING)

    async def _on(self, thread: str, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads[thread], work)


class _SqliteFeed:
    """One partition of the file, read in order."""

    def __init__(self, log: SqliteLog, partition: Partition) -> None:
        self._log, self._partition = log, partition
        self._next = self._end = 0

    async def seek(self, offset: int) -> None:
        first, self._end = await self._log.bounds(self._partition)
        if not first <= (offset or first) <= self._end:
            raise lost(self._partition, offset, first, self._end)
        self._next = offset or first

    async def take(self, limit: int) -> Sequence[Record]:
        records = await self._log.read(self._partition, self._next, limit)
        if not records:
            await self._log.grown(self._partition, self._next)
            records = await self._log.read(self._partition, self._next, limit)
        if records:
            self._next = records[-1].offset + 1
            self._end = max(self._end, self._next)
        return records

    def end(self) -> int:
        return max(self._end, self._log.end(self._partition))

    async def close(self) -> None:
        """Nothing is held: the file belongs to the log."""
