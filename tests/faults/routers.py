"""Router processes alone on Kafka and PostgreSQL: three that are killed, and what makes their groups rebalance."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from playcaller.servers.ports import answers, free_ports
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.kafka import KafkaLog
from runtime.log import Message
from runtime.settings import LogEngine, Settings
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK, TOPICS
from services.router.service import BEHAVIOUR_GROUP, URGENT_GROUP
from tests.faults.evidence import taken
from tests.faults.fleet import Service
from tests.faults.stream import KEY, Arrival

NAMES = ("router-1", "router-2", "router-3")
FAILPOINTS = ("router.committed", "router.offered")
_GROUPS = {EVENTS_URGENT: URGENT_GROUP, FEEDBACK: URGENT_GROUP, EVENTS_BEHAVIOUR: BEHAVIOUR_GROUP}
_PARTITIONS = 4
_JOINS = 30.0
"""Seconds: longer than a group waits for a dead member."""


@dataclass(frozen=True, slots=True)
class House:
    """One log and one database, and whichever routers work on them."""

    settings: Settings
    log: KafkaLog
    database: Database

    @property
    def key(self) -> bytes:
        """What keys the hashes on the log."""
        return KEY

    @property
    def environment(self) -> Mapping[str, str]:
        """The same, as a process is told."""
        url = self.settings.database_url
        return {
            "PLAYCALLER_DATA": str(self.settings.data),
            "PLAYCALLER_KEY_SECRET": KEY.decode(),
            "PLAYCALLER_LOG_ENGINE": "kafka",
            "PLAYCALLER_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "PLAYCALLER_DATABASE_URL": url.get_secret_value() if url else "",
            "PLAYCALLER_TOPIC_PREFIX": self.settings.topic_prefix,
            "PLAYCALLER_PARTITIONS": str(_PARTITIONS),
            "PLAYCALLER_LOG_LEVEL": "WARNING",
        }

    async def take(self, arrivals: Sequence[Arrival]) -> None:
        """Append these, in their order."""
        topics: dict[str, list[Message]] = {}
        for one in arrivals:
            topics.setdefault(one.topic, []).append(one.message)
        await asyncio.gather(*[self.log.append(topic, messages) for topic, messages in topics.items()])


@contextlib.asynccontextmanager
async def a_house(folder: Path, bootstrap: str, database: str) -> AsyncIterator[House]:
    """A log on which nothing stands yet, over an empty, migrated database."""
    settings = Settings(
        data=folder,
        key_secret=KEY.decode(),
        log_engine=LogEngine.KAFKA,
        kafka_bootstrap=bootstrap,
        database_url=database,
        topic_prefix=f"routers{uuid4().hex[:10]}.",
        partitions=_PARTITIONS,
        append_timeout=20.0,
    )
    opened = Database(database)
    try:
        async with KafkaLog(settings, clock=SystemClock()) as log:
            await log.ensure_topics([topic.name for topic in TOPICS])
            yield House(settings, log, opened)
    finally:
        await opened.close()


@dataclass(frozen=True, slots=True)
class Fleet:
    """Three routers, and what is done to them."""

    house: House
    routers: Sequence[Service]
    told: Mapping[str, str]
    kills: list[str] = field(default_factory=list)
    """Who was killed, in order."""
    guests: list[str] = field(default_factory=list)
    """Who joined a group and left it again."""

    async def kill(self, chance: random.Random, *, armed: bool) -> None:
        """One of them, at once; with `armed` its next life ends at a fail-point."""
        service = chance.choice(self.routers)
        place = f"{chance.choice(FAILPOINTS)}:{chance.randint(1, 9)}" if armed else ""
        self.kills.append(f"{service.name} {place}".strip())
        await service.kill(arm=place)

    async def visited(self, chance: random.Random) -> None:
        """Somebody joins one of the groups, reads nothing of what they are given, and leaves."""
        topic, group = chance.choice(list(_GROUPS.items()))
        prefix = self.house.settings.topic_prefix
        guest = AIOKafkaConsumer(
            prefix + topic.name,
            bootstrap_servers=self.house.settings.kafka_bootstrap,
            group_id=f"{prefix}{group}.{topic.name}",
            enable_auto_commit=False,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1000,
        )
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(_JOINS):
                await guest.start()
                self.guests.append(topic.name)
                await asyncio.sleep(chance.uniform(0.1, 0.8))  # how long they stay
        await guest.stop()

    async def joined(self, name: str, folder: Path) -> None:
        """A fourth router comes, takes its part, and goes as a rolling upgrade would have it."""
        (port,) = free_ports(1)
        own = {"PLAYCALLER_INSTANCE": "", "PLAYCALLER_HEALTH_PORT": str(port)}
        fourth = Service(name, ("router",), {**self.told, **own}, folder / f"{name}.log")
        await fourth.start()
        assert await answers(port, within=_JOINS, alive=lambda: not fourth.deaths), fourth.last_words()
        before, deadline = await takeovers(self.house), time.monotonic() + _JOINS
        while await takeovers(self.house) == before:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.2)  # between two looks at the condition
        assert await fourth.stop() == 0, fourth.last_words()
        self.guests.append(name)

    def last_words(self) -> str:
        """The end of what each of them has printed."""
        return "\n".join(service.last_words(12) for service in self.routers)


@contextlib.asynccontextmanager
async def a_fleet(house: House, playbook: Path, folder: Path, *, named: int = 3) -> AsyncIterator[Fleet]:
    """Three routers, each partition taken. So many keep their names over their deaths, as in a StatefulSet.

    For one that does not, its group waits ten seconds after each death.
    """
    told = {**house.environment, "PLAYCALLER_PLAYBOOK": str(playbook)}
    fleet = Fleet(house, list(_services(told, folder, named)), told)
    started: list[Service] = []
    try:
        for service in fleet.routers:
            started.append(service)
            await service.start()
        await _reading(fleet)
        yield fleet
    finally:
        await asyncio.gather(*[service.stop() for service in started])


def _services(told: Mapping[str, str], folder: Path, named: int) -> Iterator[Service]:
    for place, name in enumerate(NAMES):
        instance = name if place < named else ""
        yield Service(name, ("router",), {**told, "PLAYCALLER_INSTANCE": instance}, folder / f"{name}.log")


async def _reading(fleet: Fleet, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while len(await taken(fleet.house.database)) < len(_GROUPS) * _PARTITIONS:
        if time.monotonic() > deadline:
            raise AssertionError(f"the routers did not come up within {within:.0f} s:\n{fleet.last_words()}")
        await asyncio.sleep(0.1)  # between two looks at the condition


async def takeovers(house: House) -> int:
    """How often a partition was taken over so far: each time its epoch is one higher."""
    return sum((await taken(house.database)).values())
