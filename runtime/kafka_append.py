"""Appending to Kafka in waves: while one is on its way the next one gathers, and an acknowledgement is fanned out.

A wave is one batch for each partition that has something waiting. The next one leaves when a batch comes back, so
that batches grow with the load by themselves; for a partition without a leader the others wait no longer than a blink.

The producer is idempotent and waits for all in-sync replicas. aiokafka retries an idempotent batch for as long as it
takes, so the patience is ours: an append that is not acknowledged in time is refused, and what of it was not sent yet
never will be.
"""

import asyncio
import functools
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from runtime import metrics
from runtime.deadlines import Deadlines
from runtime.kafka_codec import compress_fast
from runtime.kafka_lane import Kept, Lane, Load
from runtime.log import LogUnavailableError, Message, RecordTooLargeError
from runtime.worker import Backoff

_log = structlog.get_logger(__name__)
_BATCH_BYTES = 1_000_000
_BLINK = 0.05
"""Seconds that a wave waits at most for one that is on its way."""
_QUIET, _TURNS = 4, 32
"""A wave leaves once so many turns of the loop brought it nobody, or after so many turns: microseconds when idle."""


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
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._waiting: dict[Lane, None] = {}
        self._under_way: set[Load] = set()
        self._departure: asyncio.Handle | None = None
        self._at_once = self._joined = False
        self._loop: asyncio.AbstractEventLoop
        self._connected: asyncio.Future[AIOKafkaProducer] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        compress_fast()
        self._loop = asyncio.get_running_loop()
        self._connected = self._loop.create_future()
        self.spawn(self._connect(self._connected))

    def put(self, topic: str, number: int, messages: Sequence[Message]) -> Kept:
        """Send one partition its messages; done once they are acknowledged, or failed by `LogUnavailableError`."""
        lane = self._lanes.get((topic, number))
        if lane is None:
            lane = self._lanes[topic, number] = Lane(topic, number)
        kept = self._deadlines.promise()
        lane.put(messages, kept)
        if not lane.busy:
            self._joined = True
            self._waiting[lane] = None
            if self._departure is None:
                self._summon(at_once=not self._under_way)
        return kept

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
        owed = [kept for lane in self._lanes.values() for kept in lane.owed()]
        owed += [kept for load in self._under_way for kept in load.owed()]
        if owed:
            await asyncio.wait(owed, timeout=self._timeout)
        if self._departure:
            self._departure.cancel()
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

    def _summon(self, *, at_once: bool) -> None:
        """Let a wave leave with what the next turns of the loop bring; else after a blink."""
        if self._departure:
            if self._at_once or not at_once:
                return
            self._departure.cancel()
        loop = self._loop
        self._at_once = at_once
        self._departure = (
            loop.call_soon(self._board, _QUIET, _TURNS) if at_once else loop.call_later(_BLINK, self._depart)
        )

    def _board(self, quiet: int, turns: int) -> None:
        if self._joined:
            self._joined, quiet = False, _QUIET
        if quiet and turns:
            self._departure = self._loop.call_soon(self._board, quiet - 1, turns - 1)
        else:
            self._depart()

    def _depart(self) -> None:
        lanes, self._waiting, self._departure = tuple(self._waiting), {}, None
        for lane in lanes:
            lane.busy = True
        self.spawn(self._send(lanes))

    async def _send(self, lanes: Sequence[Lane]) -> None:
        """One batch a lane, filled as late as possible."""
        producer = await self.producer()
        for lane in lanes:
            builder = producer.create_batch()
            load = lane.fill(builder)
            if not builder.record_count():
                lane.busy = False
                continue
            self._under_way.add(load)
            landed = functools.partial(self._landed, producer, load, builder.record_count(), time.perf_counter())
            try:
                delivery = await producer.send_batch(builder, lane.topic, partition=lane.number)
            except (KafkaError, OSError) as fault:
                landed(_failed(fault))
            else:
                delivery.add_done_callback(landed)

    def _landed(
        self, producer: AIOKafkaProducer, load: Load, count: int, began: float, delivery: "asyncio.Future[Any]"
    ) -> None:
        """A batch came back: tell those who wait, and let the next wave leave."""
        metrics.APPEND_SECONDS.observe(time.perf_counter() - began)
        fault = None if delivery.cancelled() else delivery.exception()
        if fault is None and not delivery.cancelled():
            load.keep(count)
        else:
            if not getattr(fault, "retriable", False):
                self.distrust(producer)
            load.fail(_refusal(fault))
        self._under_way.discard(load)
        load.lane.busy = False
        if load.lane.waits():
            self._waiting[load.lane] = None
        if self._waiting:
            self._summon(at_once=True)


def _failed(fault: Exception) -> "asyncio.Future[Any]":
    delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    delivery.set_exception(fault)
    return delivery


def _refusal(fault: BaseException | None) -> Exception:
    if isinstance(fault, MessageSizeTooLargeError):
        return RecordTooLargeError("the broker's message.max.bytes is below 1 048 588: raise it")
    return LogUnavailableError(f"Kafka refused a batch: {type(fault).__name__}")


async def _dismiss(producer: AIOKafkaProducer) -> None:
    """Stop a producer for good: what it could not deliver fails, instead of keeping `stop` waiting for ever.

    aiokafka knows no giving up, so two of its private parts are used. Its sender trips over a batch that failed here
    while it was on its way (`KeyError`), and then over the transactions that this producer does not have: both only
    mean that it is down, which is what was wanted.
    """
    sender = producer._sender  # noqa: SLF001  (no public way to give up)
    if sender is not None and sender.sender_task is not None:
        sender.sender_task.remove_done_callback(sender._fail_all)  # noqa: SLF001  (it expects transactions)
    producer._message_accumulator.fail_all(KafkaError("the producer was stopped"))  # noqa: SLF001  (as above)
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError, KeyError):
        await producer.client.close()
