"""Visits as records, and members that take them down, for every test of a subscription."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

from runtime.log import Log, Message, Partition, Subscription
from runtime.partitioning import partition_of
from tests.runtime.ledger import Member

TOPIC = "visits"
ALL = [Partition(TOPIC, number) for number in range(4)]
HOME = Partition(TOPIC, partition_of(b"ada", 4))


def visits(count: int, start: int = 0) -> list[Message]:
    """Messages of different people, over all partitions."""
    return [Message(uuid4().bytes, str(number).encode()) for number in range(start, start + count)]


def key_of(partition: Partition) -> bytes:
    """A key that belongs to this partition."""
    return next(key for key in (b"%d" % number for number in range(1000)) if partition_of(key, 4) == partition.number)


@contextlib.asynccontextmanager
async def member_of(
    log: Log, member: Member, *, topics: Sequence[str] = (TOPIC,), batch: int = 1000, linger: float = 0.0
) -> AsyncIterator[Subscription]:
    """A running member of the group `router`."""
    subscription = log.subscribe("router", topics, member, batch=batch, linger=linger)
    running = asyncio.create_task(subscription.run())
    try:
        yield subscription
    finally:
        member.gate.set()
        member.assign_gate.set()
        subscription.stop()
        await running
