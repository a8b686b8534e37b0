"""Appending to Kafka in batches: one produce a partition for everything in flight, its acknowledgement fanned out.

The producer is idempotent and waits for all in-sync replicas. aiokafka retries an idempotent batch for as long as it
takes, so the patience is ours: an append that is not acknowledged in time is refused, and what of it was not sent yet
never will be.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from runtime import metrics
from runtime.deadlines import Deadlines
from runtime.log import LogUnavailableError, Message, RecordTooLargeError
from runtime.worker import Backoff

_log = structlog.get_logger(__name__)
_BATCH_BYTES = 1_000_000


class _Awaited:
    """One `append`: kept once each of its partitions has acknowledged."""

    __slots__ = ("kept", "left")

    def __init__(self, kept: "asyncio.Future[None]", left: int) -> None:
        self.kept, self.left = kept, left

    def done(self) -> None:
        self.left -= 1
        if not self.left and not self.kept.done():
            self.kept.set_result(None)

    def fail(self, fault: Exception) -> None:
        if not self.kept.done():
            self.kept.set_exception(fault)


class Appender:
    """Owns the producer: connects in the background, replaces it when it can no longer be trusted."""

    def __init__(self, options: Mapping[str, Any], *, codec: str | None, timeout: float) -> None:
        self._options = {
            **options,
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": codec,
            "max_batch_size": _BATCH_BYTES,
            "request_timeout_ms": int(timeout * 1000),
        }
        self._timeout = timeout
        patience = f"Kafka at {options['bootstrap_servers']} did not acknowledge within {timeout} s"
        self._deadlines = Deadlines(timeout, lambda: LogUnavailableError(patience))
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._connected: asyncio.Future[AIOKafkaProducer] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._connected = asyncio.get_running_loop().create_future()
        self.spawn(self._connect(self._connected))

    async def append(self, topic: str, by_partition: Mapping[int, Sequence[Message]]) -> None:
        """Send each partition its messages; returns when all are acknowledged. Raises `LogUnavailableError`."""
        kept = self._deadlines.promise()
        awaited = _Awaited(kept, len(by_partition))
        for number, messages in by_partition.items():
            lane = self._lanes.get((topic, number))
            if lane is None:
                lane = self._lanes[topic, number] = _Lane(self, topic, number)
            lane.put(messages, awaited)
        await kept

    async def ready(self) -> bool:
        """Does the broker answer?"""
        if self._connected is None or not self._connected.done():
            return False
        try:
            async with asyncio.timeout(1.0):
                return bool(await self._connected.result().client.force_metadata_update())
        except (KafkaError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Wait for what is in flight, no longer than an append may take, then disconnect."""
        pumping = [lane.pumping for lane in self._lanes.values() if lane.pumping]
        if pumping:
            await asyncio.wait(pumping, timeout=self._timeout)
        self._deadlines.close()
        connected = self._connected
        if connected and connected.done() and not connected.cancelled():
            await _dismiss(connected.result())
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def producer(self) -> AIOKafkaProducer:
        """The connected producer; waits for it."""
        if self._connected is None:
            raise LogUnavailableError("the log is not open: enter it first")
        return await asyncio.shield(self._connected)

    def distrust(self, producer: AIOKafkaProducer) -> None:
        """A batch was refused: its sequence number is spent, so the producer is replaced (KIP-98)."""
        connected = self._connected
        if connected and connected.done() and connected.result() is producer:
            self.start()
            self.spawn(_dismiss(producer))

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task that ends with this appender at the latest."""
        task = asyncio.create_task(work, name="kafka appender")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _connect(self, connected: "asyncio.Future[AIOKafkaProducer]") -> None:
        backoff, failures = Backoff(0.1, 3.0), 0
        while True:
            producer = AIOKafkaProducer(**self._options)
            try:
                await producer.start()
            except (KafkaError, OSError) as fault:
                failures += 1
                if failures == 1:
                    _log.warning("Kafka cannot be reached, trying on", fault=type(fault).__name__)
                await _dismiss(producer)
                await asyncio.sleep(backoff.delay(failures))
            except asyncio.CancelledError:
                await _dismiss(producer)
                raise
            else:
                connected.set_result(producer)
                return


class _Lane:
    """One partition's queue: while a batch is on its way, the next one fills."""

    def __init__(self, appender: Appender, topic: str, number: int) -> None:
        self._appender, self._topic, self._number = appender, topic, number
        self._queue: deque[tuple[Sequence[Message], _Awaited]] = deque()
        self._appended = metrics.APPENDED.labels(topic)
        self.pumping: asyncio.Task[None] | None = None

    def put(self, messages: Sequence[Message], awaited: _Awaited) -> None:
        self._queue.append((messages, awaited))
        if self.pumping is None:
            self.pumping = self._appender.spawn(self._pump())

    async def _pump(self) -> None:
        try:
            while self._queue:
                producer = await self._appender.producer()
                builder = producer.create_batch()
                sent = self._fill(builder)
                if sent:
                    await self._send(producer, builder, sent)
        finally:
            self.pumping = None

    def _fill(self, builder: BatchBuilder) -> list[_Awaited]:
        sent = []
        append = builder.append
        while self._queue:
            messages, awaited = self._queue.popleft()
            if awaited.kept.done():  # it was refused meanwhile: it must not turn up after all
                continue
            for index, message in enumerate(messages):
                headers = list(message.headers.items()) if message.headers else []
                if append(timestamp=None, key=message.key, value=message.value, headers=headers) is None:
                    self._queue.appendleft((messages[index:], awaited))
                    if index:
                        awaited.left += 1
                        sent.append(awaited)
                    return sent
            sent.append(awaited)
        return sent

    async def _send(self, producer: AIOKafkaProducer, builder: BatchBuilder, sent: Sequence[_Awaited]) -> None:
        try:
            with metrics.APPEND_SECONDS.time():
                await (await producer.send_batch(builder, self._topic, partition=self._number))
        except (KafkaError, OSError) as fault:
            refusal: Exception = LogUnavailableError(f"Kafka refused a batch: {type(fault).__name__}")
            if isinstance(fault, MessageSizeTooLargeError):
                refusal = RecordTooLargeError("the broker's message.max.bytes is below 1 048 588: raise it")
            if not getattr(fault, "retriable", False):
                self._appender.distrust(producer)
            for awaited in sent:
                awaited.fail(refusal)
        else:
            self._appended.inc(builder.record_count())
            for awaited in sent:
                awaited.done()


async def _dismiss(producer: AIOKafkaProducer) -> None:
    """Stop a producer for good: what it could not deliver fails, instead of keeping `stop` waiting for ever."""
    producer._message_accumulator.fail_all(KafkaError("the producer was stopped"))  # noqa: SLF001  (there is no public way to give up)
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(5):
            await producer.stop()
