"""One assigned Kafka partition, read in order, whatever aiokafka's buffers hold after a rebalance."""

from collections.abc import Callable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from runtime.kafka_read import record_of
from runtime.log import LogUnavailableError, OffsetLostError, Partition, Record, lost

_log = structlog.get_logger(__name__)
_MOMENT = 250
"""Milliseconds that `take` waits for records before its caller may look whether it was retired."""


class KafkaFeed:
    """A `runtime.worker.Feed`. Its partition stays paused until the first `seek`."""

    def __init__(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, partition: Partition, broken: Callable[[], None]
    ) -> None:
        self._consumer, self._place, self._partition, self._broken = consumer, place, partition, broken
        self._next = self._end = 0
        self._doubted = -1

    async def seek(self, offset: int) -> None:
        """Go on at `offset`; 0 means the first record still held. Raises `OffsetLostError`, `LogUnavailableError`."""
        first, end = await self._bounds()
        self._end = end
        if not first <= (offset or first) <= end:
            raise lost(self._partition, offset, first, end)
        self._next = offset or first
        self._resume()

    async def take(self, limit: int) -> Sequence[Record]:
        """What is buffered. Raises `OffsetLostError`, `LogUnavailableError`."""
        try:
            found = await self._consumer.getmany(self._place, timeout_ms=_MOMENT, max_records=limit)
            self._end = max(self._end, self._consumer.highwater(self._place) or 0)
        except NoOffsetForPartitionError:  # left over from before the seek
            self._resume()
            return ()
        except OffsetOutOfRangeError as fault:
            raise await self._lost() from fault
        except IllegalStateError:  # it was taken away meanwhile
            return ()
        except KafkaError as fault:
            self._broken()
            raise LogUnavailableError(f"Kafka gave the membership up: {type(fault).__name__}") from fault
        records = [record_of(self._partition, one) for one in found.get(self._place, ())]
        return self._checked(records)

    def end(self) -> int:
        """The log's end, as last heard."""
        return self._end

    def _checked(self, records: Sequence[Record]) -> Sequence[Record]:
        if not records:
            return ()
        if records[0].offset != self._next and self._doubted != self._next:
            self._doubted = self._next  # a leftover of another position, or a hole in the log: read again to know
            self._resume()
            return ()
        self._next = records[-1].offset + 1
        return records

    def _resume(self) -> None:
        try:
            self._consumer.seek(self._place, self._next)
            self._consumer.resume(self._place)
        except IllegalStateError:
            _log.info("taken away before it was begun", partition=self._partition.number)

    async def _bounds(self) -> tuple[int, int]:
        try:
            first = await self._consumer.beginning_offsets([self._place])
            end = await self._consumer.end_offsets([self._place])
        except (KafkaError, OSError) as fault:
            raise LogUnavailableError(f"Kafka did not say what it holds: {type(fault).__name__}") from fault
        return int(first[self._place]), int(end[self._place])

    async def _lost(self) -> OffsetLostError:
        self._consumer.pause(self._place)
        first, end = await self._bounds()
        return lost(self._partition, self._next, first, end)
