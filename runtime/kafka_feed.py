"""One assigned Kafka partition, read in order through a connection of its own.

aiokafka keeps one fetch a broker on its way for each consumer, and a partition that was emptied after that fetch left
is not in it: on a consumer with several partitions an event would wait until the others' long poll ends. Alone, a
partition's fetch is answered as soon as it has something.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from runtime.kafka_read import record_of
from runtime.log import LogUnavailableError, OffsetLostError, Partition, Record, lost

_MOMENT = 250
"""Milliseconds that `take` waits for records before its caller may look whether it was retired."""
_FAREWELL = 2.0
"""Seconds that a goodbye to a broker may take, which may not be there any more."""


class KafkaFeed:
    """A `runtime.worker.Feed`. It connects when it is first sought, and anew after a fault."""

    def __init__(self, options: Mapping[str, Any], place: TopicPartition, partition: Partition) -> None:
        self._options, self._place, self._partition = options, place, partition
        self._consumer: AIOKafkaConsumer | None = None
        self._next = self._end = 0

    async def seek(self, offset: int) -> None:
        """Go on at `offset`; 0 means the first record still held. Raises `OffsetLostError`, `LogUnavailableError`."""
        first, end = await self._bounds()
        self._end = end
        if not first <= (offset or first) <= end:
            raise lost(self._partition, offset, first, end)
        self._next = offset or first
        consumer = await self._connected()
        consumer.assign([self._place])  # the moment before its place: with none, aiokafka would look for one itself
        consumer.seek(self._place, self._next)

    async def take(self, limit: int) -> Sequence[Record]:
        """What is there, at most `limit`. Raises `OffsetLostError`, `LogUnavailableError`."""
        if self._consumer is None:
            await self.seek(self._next)
        consumer = await self._connected()
        try:
            found = await consumer.getmany(self._place, timeout_ms=_MOMENT, max_records=limit)
            self._end = max(self._end, consumer.highwater(self._place) or 0)
        except OffsetOutOfRangeError as fault:
            raise await self._lost() from fault
        except (KafkaError, OSError) as fault:
            await self.close()
            raise LogUnavailableError(f"Kafka stopped answering: {type(fault).__name__}") from fault
        records = [record_of(self._partition, one) for one in found.get(self._place, ())]
        if records:
            self._next = records[-1].offset + 1
        return records

    def end(self) -> int:
        """The log's end, as last heard."""
        return self._end

    async def close(self) -> None:
        """Disconnect; the next call connects again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await consumer.stop()

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._options, enable_auto_commit=False, auto_offset_reset="none")
            try:
                await consumer.start()
            except (KafkaError, OSError) as fault:
                await consumer.stop()
                raise LogUnavailableError(f"Kafka cannot be reached: {type(fault).__name__}") from fault
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _bounds(self) -> tuple[int, int]:
        consumer = await self._connected()
        try:
            first = await consumer.beginning_offsets([self._place])
            end = await consumer.end_offsets([self._place])
        except (KafkaError, OSError) as fault:
            await self.close()
            raise LogUnavailableError(f"Kafka did not say what it holds: {type(fault).__name__}") from fault
        return int(first[self._place]), int(end[self._place])

    async def _lost(self) -> OffsetLostError:
        first, end = await self._bounds()
        return lost(self._partition, self._next, first, end)
