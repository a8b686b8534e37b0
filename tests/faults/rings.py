"""A whole ring in processes of its own, on either engine: started, killed, looked at and stopped by a test."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from playcaller.preparing import prepare
from playcaller.servers.ports import LOOPBACK, answers, free_ports
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import Log
from runtime.opening import database_url, make_log, open_carriage
from runtime.settings import Settings
from schemas.topics import TOPICS
from tests.faults.evidence import untaken
from tests.faults.fleet import Service
from tests.faults.webhooks import PUBLIC_URL, SECRETS

SIGNING_SECRET = "a signing secret of the fake Slack"
_KEY = "a key for the log of this test, which everybody shares"


@dataclass(frozen=True, slots=True)
class Providers:
    """Where the messenger's providers stand in for the real ones."""

    slack_url: str
    smtp_port: int


@dataclass(frozen=True, slots=True)
class Ring:
    """A running ring. `services` maps each role to its process: all three to one, when embedded."""

    services: Mapping[str, Service]
    door: int
    settings: Settings

    @property
    def url(self) -> str:
        """Where webhooks are posted."""
        return f"http://{LOOPBACK}:{self.door}"

    @property
    def processes(self) -> list[Service]:
        """Each process once."""
        return list({id(service): service for service in self.services.values()}.values())

    @contextlib.asynccontextmanager
    async def looking(self) -> AsyncIterator[tuple[Log, Database]]:
        """The log and the database, to look at beside the running ring."""
        database = Database(database_url(self.settings))
        try:
            async with make_log(self.settings, SystemClock()) as log:
                yield log, database
        finally:
            await database.close()


def environment(
    providers: Providers, folder: Path, door: int, notifier: int, playbook: Path | None = None
) -> dict[str, str]:
    """What every process of a ring is told, whatever it runs on."""
    secrets = {f"PLAYCALLER_SOURCE_{name.upper()}_SECRETS": secret for name, secret in SECRETS.items()}
    return {
        **secrets,
        "PLAYCALLER_DATA": str(folder),
        "PLAYCALLER_KEY_SECRET": _KEY,
        "PLAYCALLER_LINK_SECRET": "a link secret of this test, long enough to sign with",
        "PLAYCALLER_INGEST_PORT": str(door),
        "PLAYCALLER_INGEST_PUBLIC_URL": PUBLIC_URL,
        "PLAYCALLER_NOTIFIER_PORT": str(notifier),
        "PLAYCALLER_SLACK_TOKEN": "xoxb-of-the-fake-slack",
        "PLAYCALLER_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PLAYCALLER_SLACK_BASE_URL": providers.slack_url,
        "PLAYCALLER_SMTP_HOST": LOOPBACK,
        "PLAYCALLER_SMTP_PORT": str(providers.smtp_port),
        "PLAYCALLER_SMTP_TLS": "none",
        "PLAYCALLER_LOG_LEVEL": "WARNING",
        **({"PLAYCALLER_PLAYBOOK": str(playbook)} if playbook else {}),
    }


@contextlib.asynccontextmanager
async def embedded_ring(folder: Path, providers: Providers, *, playbook: Path | None = None) -> AsyncIterator[Ring]:
    """The whole ring in one process on two SQLite files, by this playbook or the project's own."""
    door, notifier = free_ports(2)
    told = environment(providers, folder, door, notifier, playbook)
    service = Service("ring", ("up", "--story", "never", "--data", str(folder)), told, folder / "ring.log")
    settings = Settings(data=folder, key_secret=_KEY)
    ring = Ring(dict.fromkeys(("ingest", "router", "notifier"), service), door, settings)
    async with _running(ring):
        yield ring


@contextlib.asynccontextmanager
async def clustered_ring(
    folder: Path, providers: Providers, bootstrap: str, database: str, *, routers: int = 1, playbook: Path | None = None
) -> AsyncIterator[Ring]:
    """Ingest, router and notifier as processes on Apache Kafka and PostgreSQL; further routers as `router2`, …"""
    door, notifier = free_ports(2)
    prefix = f"faults{uuid4().hex[:10]}."
    told = environment(providers, folder, door, notifier, playbook) | {
        "PLAYCALLER_LOG_ENGINE": "kafka",
        "PLAYCALLER_KAFKA_BOOTSTRAP": bootstrap,
        "PLAYCALLER_DATABASE_URL": database,
        "PLAYCALLER_TOPIC_PREFIX": prefix,
        "PLAYCALLER_PARTITIONS": "4",
    }
    settings = Settings(
        data=folder,
        key_secret=_KEY,
        log_engine="kafka",
        kafka_bootstrap=bootstrap,
        database_url=database,
        topic_prefix=prefix,
        partitions=4,
    )
    async with open_carriage(settings, topics=[topic.name for topic in TOPICS]) as carriage:
        await prepare(carriage)
    roles = ["ingest", "router", "notifier", *(f"router{number}" for number in range(2, routers + 1))]
    services = {role: Service(role, (role.rstrip("0123456789"),), told, folder / f"{role}.log") for role in roles}
    ring = Ring(services, door, settings)
    async with _running(ring):
        await _reading(ring)
        yield ring


async def _reading(ring: Ring, within: float = 60.0) -> None:
    """Wait until every partition is read: the door answers long before a router on a busy machine has come up."""
    deadline = time.monotonic() + within
    async with ring.looking() as (log, database):
        while waiting := await untaken(log, database):
            if time.monotonic() > deadline:
                words = "\n".join(service.last_words() for service in ring.processes)
                raise AssertionError(f"not read after {within:.0f} s: {'; '.join(waiting)}\n{words}")
            await asyncio.sleep(0.1)  # between two looks at the condition


@contextlib.asynccontextmanager
async def _running(ring: Ring) -> AsyncIterator[None]:
    started: list[Service] = []
    try:
        for service in ring.processes:
            started.append(service)
            await service.start()
        if not await answers(ring.door, within=60, alive=lambda: not ring.services["ingest"].crashes()):
            words = "\n".join(service.last_words() for service in ring.processes)
            raise AssertionError(f"the ring did not come up:\n{words}")
        yield
    finally:
        for service in started:
            await service.stop()
