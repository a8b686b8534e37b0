"""The log on Apache Kafka: idempotent, acknowledged by all in-sync replicas, and honest when that takes too long."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from runtime import metrics
from runtime.clock import Clock, SystemClock
from runtime.consumer import Consuming
from runtime.kafka_append import Appender
from runtime.kafka_connection import Topics, compression, connection_options
from runtime.kafka_group import KafkaSubscription
from runtime.kafka_read import Reader
from runtime.log import Handler, LogUnavailableError, Message, Partition, Record, RecordTooLargeError, Subscription
from runtime.partitioning import partition_of, refuse_too_large
from runtime.settings import Settings
from runtime.worker import DEFAULT_BACKOFF, Backoff


class KafkaLog:
    """A `runtime.log.Log` on a Kafka cluster. Entering it never waits for the broker: `ready` says when it is there."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, backoff: Backoff = DEFAULT_BACKOFF) -> None:
        """Raises `LogError` where the settings do not hold together or the compression is not to be had."""
        self._settings, self._clock = settings, clock or SystemClock()
        self._backoff = backoff
        self._options = connection_options(settings)
        self._topics = Topics(settings, self._options)
        self._appender = Appender(self._options, codec=compression(settings), timeout=settings.append_timeout)
        self._reader = Reader(self._options, settings.topic_prefix)

    async def __aenter__(self) -> Self:
        self._appender.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._appender.close()
        await self._reader.close()

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        """As `Log.append` promises, batched with every other append under way."""
        try:
            refuse_too_large(messages)
            name = self._settings.topic_prefix + topic
            count = self._topics.known(name) or await self._count(name)
            if len(messages) == 1:
                await self._appender.put(name, partition_of(messages[0].key, count), messages)
                return
            by_partition: dict[int, list[Message]] = {}
            for message in messages:
                by_partition.setdefault(partition_of(message.key, count), []).append(message)
            await asyncio.gather(*[self._appender.put(name, *part) for part in by_partition.items()])
        except RecordTooLargeError:
            metrics.APPEND_FAILED.labels("too_large").inc()
            raise
        except LogUnavailableError:
            metrics.APPEND_FAILED.labels("unavailable").inc()
            raise

    def subscribe(
        self, group: str, topics: Sequence[str], handler: Handler, *, batch: int = 1000, linger: float = 0.0
    ) -> Subscription:
        """A member of `group`: in Kafka, of one group a topic, named `<prefix><group>.<topic>`."""
        consuming = Consuming(group, handler, batch, self._clock, self._backoff, self._settings.grace, linger)
        return KafkaSubscription(self, self._settings, self._options, topics, consuming)

    async def read(self, partition: Partition, offset: int, limit: int = 1000) -> Sequence[Record]:
        """What stands at `offset` and after. Raises `OffsetLostError`, `LogUnavailableError`."""
        await self.partitions(partition.topic)
        return await self._reader.read(partition, offset, limit)

    async def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of a topic, by number; a missing topic is made."""
        name = self._settings.topic_prefix + topic
        count = self._topics.known(name) or await self._count(name)
        return [Partition(topic, number) for number in range(count)]

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """(the first offset still held, the offset the next record will get)."""
        await self.partitions(partition.topic)
        return await self._reader.bounds(partition)

    async def ready(self) -> bool:
        """Could an append succeed now?"""
        return await self._appender.ready()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Make those that are missing, with the settings' partitions, replication and retention."""
        await self._topics.ensure([self._settings.topic_prefix + topic for topic in topics])

    async def _count(self, name: str) -> int:
        try:
            async with asyncio.timeout(self._settings.append_timeout):
                await self._topics.ensure([name])
        except TimeoutError:
            where = self._settings.kafka_bootstrap
            raise LogUnavailableError(f"Kafka at {where} did not answer within the append timeout") from None
        return self._topics.known(name)
