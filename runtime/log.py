"""The one door between services: an append-only, partitioned, durable log.

Two implementations stand under one contract suite: `runtime.kafka.KafkaLog` and `runtime.sqlite_log.SqliteLog`.

    LogError
    ├── LogUnavailableError    nothing was promised: answer 503, or try again later
    ├── RecordTooLargeError    the record will never fit: answer 413
    └── OffsetLostError        retention has deleted what was to be read: page a human, never reset silently
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import msgspec


class LogError(Exception):
    """Something about the log."""


class LogUnavailableError(LogError):
    """The log could not promise durability within its deadline."""


class RecordTooLargeError(LogError):
    """The record is larger than the log accepts (`limit` bytes)."""


class OffsetLostError(LogError):
    """The stored offset lies before what the log still holds."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition of one topic. Topic names are the plain ones; the prefix is the log's own business."""

    topic: str
    number: int


class Message(msgspec.Struct, frozen=True, gc=False):
    """What is to be appended: bytes with a key (which chooses the partition) and headers."""

    key: bytes
    value: bytes
    headers: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Record:
    """What stands on the log. `at` is the UTC instant of the append."""

    partition: Partition
    offset: int
    at: datetime
    key: bytes
    value: bytes
    headers: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was buffered of one partition: records at offsets in [first, next). `epoch` fences an older owner."""

    partition: Partition
    first: int
    next: int
    epoch: int
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a consumer's own database says it stands: the next offset to read, under this epoch."""

    next: int
    epoch: int


class FencedError(Exception):
    """Another owner moved the offset: roll back, give the partition up, rejoin."""


class Handler(Protocol):
    """What a consumer does with its partitions. Offsets are kept by the handler, in its own transaction."""

    async def assigned(self, partition: Partition) -> Position:
        """Take the partition over: bump its epoch in the database and say where to go on (0 for a new partition)."""
        ...

    async def handle(self, batch: Batch) -> None:
        """Make the batch's effect and move the offset (compare-and-set on `first` and `epoch`) in one transaction.

        Raises `FencedError` when the compare-and-set loses. Any other exception leaves the batch uncommitted: the
        loop backs off and hands over the same records again.
        """
        ...

    async def revoked(self, partition: Partition) -> None:
        """The partition has gone to somebody else; drop what is cached of it."""
        ...


class Subscription(Protocol):
    """Membership in a consumer group, reading until stopped."""

    async def run(self) -> None:
        """Read and hand over until `stop`; then finish the transactions under way and leave the group."""
        ...

    def stop(self) -> None:
        """Ask `run` to end."""
        ...

    def progress(self) -> Mapping[Partition, "Progress"]:
        """How far each assigned partition is, for liveness, readiness and metrics."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """One assigned partition: the next offset, the log's end, and when (monotonic seconds) its loop last turned."""

    next: int
    end: int
    turned: float
    trouble: str = ""
    """Why it stands still, for a person: taking over, retrying, fenced, lost. Empty while it works."""


def lost(partition: Partition, offset: int, first: int, end: int) -> OffsetLostError:
    """The error for a reader at an `offset` that the log, which holds [first, end), no longer or not yet has."""
    where = f"{partition.topic}/{partition.number}"
    if offset < first:
        return OffsetLostError(
            f"{where}: offset {offset} is gone, the log begins at {first}: records were deleted before they were read. "
            f"Find out why the reader fell behind; to accept the loss, store {first} as its next offset and restart it"
        )
    return OffsetLostError(
        f"{where}: offset {offset} lies beyond the log's end, {end}: the log was replaced or restored from a backup. "
        f"Restore the database that belongs to it; to read what it holds, store {first} as the next offset and restart"
    )


class Log(Protocol):
    """A partitioned durable log. Use as an async context manager: entering connects, leaving flushes and closes."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        """Durable once it returns, all of them; in order for equal keys.

        Raises `RecordTooLargeError` before anything is appended, `LogUnavailableError` when durability was not
        reached within the append timeout (some of the messages may stand on the log all the same).
        """
        ...

    def subscribe(
        self, group: str, topics: Sequence[str], handler: Handler, *, batch: int = 1000, linger: float = 0.0
    ) -> Subscription:
        """A member of `group` that hands each assigned partition's records to `handler`, at most `batch` at a time.

        Batches of one partition that are not full begin at least `linger` seconds apart, so that they fill.

        Partitions are worked on side by side, each strictly in order. Two members never share a partition for long:
        what overlaps during a rebalance is fenced by the handler's compare-and-set.
        """
        ...

    async def read(self, partition: Partition, offset: int, limit: int = 1000) -> Sequence[Record]:
        """What stands at `offset` and after, without any group: for replay, tools and tests. Empty at the end."""
        ...

    async def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of a topic, by number."""
        ...

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """(the first offset still held, the offset the next record will get)."""
        ...

    async def ready(self) -> bool:
        """Could an append succeed now?"""
        ...
