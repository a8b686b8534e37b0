"""Reading Kafka without a group: for replay, for tools, for tests."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from runtime.log import LogUnavailableError, Partition, Record, lost

_PATIENCE = 10.0


def record_of(partition: Partition, found: ConsumerRecord) -> Record:
    """A record in our words."""
    at = datetime.fromtimestamp(found.timestamp / 1000, UTC)
    return Record(partition, found.offset, at, found.key or b"", found.value or b"", dict(found.headers))


class Reader:
    """One consumer without a group, used by one caller at a time; it connects when first asked."""

    def __init__(self, options: Mapping[str, Any], prefix: str) -> None:
        self._options, self._prefix = options, prefix
        self._consumer: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """(the first offset still held, the offset the next record will get). Raises `LogUnavailableError`."""
        place = self._place(partition)
        async with self._turn:
            try:
                consumer = await self._connected()
                first = await consumer.beginning_offsets([place])
                end = await consumer.end_offsets([place])
            except (KafkaError, OSError) as fault:
                raise await self._unavailable(fault) from fault
        return int(first[place]), int(end[place])

    async def read(self, partition: Partition, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on. Raises `OffsetLostError`, `LogUnavailableError`."""
        first, end = await self.bounds(partition)
        if offset < first:
            raise lost(partition, offset, first, end)
        if offset >= end:
            return []
        place = self._place(partition)
        found: list[Record] = []
        async with self._turn:
            try:
                consumer = await self._connected()
                if consumer.assignment() != {place}:
                    consumer.assign([place])
                consumer.seek(place, offset)
                wanted = min(limit, end - offset)
                async with asyncio.timeout(_PATIENCE):
                    while len(found) < wanted and (not found or found[-1].offset < end - 1):
                        some = await consumer.getmany(place, timeout_ms=500, max_records=wanted - len(found))
                        found += [record_of(partition, one) for one in some.get(place, ())]
            except OffsetOutOfRangeError as fault:
                raise lost(partition, offset, first, end) from fault
            except (KafkaError, OSError, TimeoutError) as fault:
                raise await self._unavailable(fault) from fault
        return found

    async def close(self) -> None:
        """Disconnect."""
        if self._consumer:
            await self._consumer.stop()
            self._consumer = None

    def _place(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._prefix + partition.topic, partition.number)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._options, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=50
            )
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _unavailable(self, fault: Exception) -> LogUnavailableError:
        """Begin with a new connection next time: whatever this one was waiting for may never come."""
        await self.close()
        return LogUnavailableError(f"Kafka did not answer a reader: {type(fault).__name__}")
