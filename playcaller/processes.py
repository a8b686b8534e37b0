"""The ring as it is deployed: real Kafka and PostgreSQL on loopback, and one process for each service."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playcaller.audience import Audience
from playcaller.generated import lasting
from playcaller.narration import Listening, Routed, heard
from playcaller.preparing import prepare
from playcaller.ring import Addresses, Ring, RingError
from playcaller.roles import NARRATE, ROLES
from playcaller.servers import leash
from playcaller.servers.kafka import Kafka, kafka
from playcaller.servers.postgres import Postgres, postgres
from playcaller.stopping import stops
from playcaller.terminal import Terminal
from runtime.opening import open_carriage
from runtime.settings import Settings

GRACE = 25.0
"""Seconds a service gets to finish what is under way."""


class ServiceEndedError(RingError):
    """A service ended although nobody had asked it to. The message says where its last words are."""


@asynccontextmanager
async def processes(settings: Settings, audience: Audience, terminal: Terminal) -> AsyncIterator[Ring]:
    """Run servers and services while the block runs. Where a service ends by itself, `ServiceEndedError` is raised."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(postgres(settings.data / "postgres", terminal.say))
        broker = await stack.enter_async_context(kafka(settings.data / "kafka", terminal.say))
        os.environ.update(_environment(settings.data, broker, database))
        carriage = await stack.enter_async_context(open_carriage(Settings.load()))
        await prepare(carriage)
        stack.enter_context(stops(carriage.stop))
        addresses = Addresses()
        children = await stack.enter_async_context(asyncio.TaskGroup())
        for role in ROLES:
            log = settings.data / f"{role}.log"
            children.create_task(_service(role, log, carriage.stop, audience, addresses), name=role)
        await addresses.complete.wait()
        facts = {
            "runs on": f"Apache Kafka {broker.version} and PostgreSQL {database.version}, one process a service",
            "data": str(settings.data),
        }
        try:
            yield Ring(addresses, carriage.log, carriage.stop, facts)
        finally:
            carriage.stop.set()


def _environment(data: Path, broker: Kafka, database: Postgres) -> Mapping[str, str]:
    return {
        "PLAYCALLER_KEY_SECRET": os.environ.get("PLAYCALLER_KEY_SECRET") or lasting(data, "key"),
        "PLAYCALLER_LINK_SECRET": os.environ.get("PLAYCALLER_LINK_SECRET") or lasting(data, "link"),
        "PLAYCALLER_LOG_ENGINE": "kafka",
        "PLAYCALLER_KAFKA_BOOTSTRAP": broker.bootstrap,
        "PLAYCALLER_DATABASE_URL": database.url,
    }


async def _service(role: str, log: Path, stop: asyncio.Event, audience: Audience, addresses: Addresses) -> None:
    """One child, from its start to its end; its news goes to the terminal, its log to a file."""
    with log.open("ab") as sink:
        child = await asyncio.create_subprocess_exec(
            *_leashed(role),
            env={**os.environ, NARRATE: "1", "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=sink,
            start_new_session=True,
        )
    ending = asyncio.create_task(_end(child, stop))
    try:
        await _relay(child, audience, addresses)
        code = await child.wait()
        if not stop.is_set():
            raise ServiceEndedError(f"{role} ended by itself (exit {code}): its last words are in {log}")
    finally:
        stop.set()
        await ending


def _leashed(role: str) -> list[str]:
    return [
        *(sys.executable, "-I", str(Path(leash.__file__)), str(int(signal.SIGTERM)), str(os.getpid()), ""),
        *(sys.executable, "-m", "playcaller", role),
    ]


async def _relay(child: asyncio.subprocess.Process, audience: Audience, addresses: Addresses) -> None:
    if child.stdout is None:
        raise ValueError("the child was started without a pipe")
    async for line in child.stdout:
        match heard(line):
            case Listening(role=role, url=url):
                addresses.announce(role, url)
            case Routed(narration=narration):
                audience.hear(narration)
            case None:
                continue


async def _end(child: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    """Ask the child to end once the ring stops; kill it if it takes longer than its grace."""
    await stop.wait()
    if child.returncode is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()
