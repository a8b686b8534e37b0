"""Membership in a Kafka consumer group, with aiokafka's traps stepped around.

* The member only coordinates: what it is assigned is paused, and read by a feed of its own (`runtime.kafka_feed`) from
  the offset in the handler's database. An assignment is announced before its listener runs, so the member itself may
  begin a fetch at a wrong offset; nobody looks at what it brings.
* What a listener raises is swallowed: ours only starts tasks, and those retry.
* Kafka's stored offsets are a mirror for lag tools, written after the fact and never read back.

Each topic of a subscription has a group (`<prefix><group>.<topic>`) of its own, so that each lane is shared out alone.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError

from runtime.consumer import Consuming, Workers
from runtime.kafka_feed import KafkaFeed
from runtime.log import Log, LogUnavailableError, Partition, Progress
from runtime.settings import Settings

_log = structlog.get_logger(__name__)
_FENCE_PATIENCE = 3.0
"""Seconds in which a fenced member usually hears of a new assignment by itself; then it asks for one."""
_TICK = 1.0
_SESSION = 10_000
"""Milliseconds without a heartbeat after which the group goes on without us."""
_NEVER = 2**31 - 1
_FAREWELL = 2.0
"""Seconds that a goodbye to a broker may take, which may not be there any more."""


class KafkaSubscription:
    """A member of one group a topic."""

    def __init__(
        self,
        log: Log,
        settings: Settings,
        options: Mapping[str, Any],
        topics: Sequence[str],
        consuming: Consuming,
    ) -> None:
        self._log = log
        self._stop = asyncio.Event()
        self._members = [_Member(settings, options, topic, consuming) for topic in topics]

    async def run(self) -> None:
        """Read and hand over until `stop`; then finish the transactions under way and leave the groups."""
        for member in self._members:
            while not self._stop.is_set():
                try:
                    await self._log.partitions(member.topic)
                    break
                except LogUnavailableError as fault:
                    _log.warning("waiting for the log", topic=member.topic, fault=str(fault))
                    await _until(self._stop, _TICK)
        async with asyncio.TaskGroup() as group:
            for member in self._members:
                group.create_task(member.run(self._stop), name=f"member {member.topic}")

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    def progress(self) -> Mapping[Partition, Progress]:
        """How far each assigned partition is."""
        return {partition: one for member in self._members for partition, one in member.workers.progress().items()}


class _Member:
    """One consumer of one topic; it is made anew when aiokafka gives up."""

    def __init__(self, settings: Settings, options: Mapping[str, Any], topic: str, consuming: Consuming) -> None:
        self.topic, self._name, self._consuming = topic, settings.topic_prefix + topic, consuming
        self.workers = Workers(consuming, self._was_fenced)
        self._options = {
            **options,
            "group_id": f"{settings.topic_prefix}{consuming.group}.{topic}",
            "group_instance_id": settings.instance or None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "session_timeout_ms": _SESSION,
            "heartbeat_interval_ms": 1000,
            "rebalance_timeout_ms": int((consuming.grace + 10) * 1000),
            "max_poll_interval_ms": _NEVER,  # an outage is no reason to leave; liveness is watched by us
        }
        self._reading = dict(options)
        self._fenced: dict[Partition, float] = {}
        self._mirrored: dict[Partition, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Be a member until `stop`."""
        failures = 0
        while not stop.is_set():
            try:
                await self._session(stop)
            except (KafkaError, OSError) as fault:
                failures += 1
                _log.warning("membership lost, joining again", topic=self.topic, fault=type(fault).__name__)
                await _until(stop, self._consuming.backoff.delay(failures))
            else:
                failures = 0

    async def _session(self, stop: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(**self._options)
        listener = _Listener(consumer, self)
        try:
            await consumer.start()
            consumer.subscribe([self._name], listener=listener)
            while not stop.is_set():
                await _until(stop, _TICK)
                consumer._coordinator.check_errors()  # noqa: SLF001  (a member without partitions would never hear of them)
                self._ask_again(consumer, listener)
                await self._mirror(consumer)
        finally:
            await self.workers.close()
            await self._mirror(consumer)
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await consumer.stop()

    def begin(self, assigned: Collection[TopicPartition]) -> None:
        """Work on these: each worker reads its own."""
        self._fenced.clear()
        ours = {Partition(self.topic, place.partition): place for place in assigned}
        self.workers.assign({one: KafkaFeed(self._reading, place, one) for one, place in ours.items()})

    def _was_fenced(self, partition: Partition) -> None:
        self._fenced[partition] = self._consuming.clock.monotonic()

    def _ask_again(self, consumer: AIOKafkaConsumer, listener: "_Listener") -> None:
        """Only a new assignment allows a new epoch: subscribing again makes the group share out anew."""
        now = self._consuming.clock.monotonic()
        if any(now - since > _FENCE_PATIENCE for since in self._fenced.values()):
            self._fenced.clear()
            consumer.subscribe([self._name], listener=listener)

    async def _mirror(self, consumer: AIOKafkaConsumer) -> None:
        """Tell Kafka where the database stands, for lag tools; best effort, never read back."""
        moved = {one: at for one, at in self.workers.committed().items() if self._mirrored.get(one) != at}
        if not moved:
            return
        with contextlib.suppress(KafkaError, IllegalStateError, OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await consumer.commit({TopicPartition(self._name, one.number): at for one, at in moved.items()})
            self._mirrored.update(moved)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """What aiokafka calls when the group shares its partitions out."""

    def __init__(self, consumer: AIOKafkaConsumer, member: _Member) -> None:
        self._consumer, self._member = consumer, member

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """These are ours now. Pausing comes first, before anything that waits."""
        self._consumer.pause(*assigned)
        self._member.begin(assigned)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """All go (its rebalances are eager). The heart goes on beating while transactions end."""
        if revoked:
            await self._member.workers.retire(list(self._member.workers.working()))


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
