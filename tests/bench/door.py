"""B1: signed HubSpot webhooks until they are durable in Kafka, per processor second, beside bare ASGI. B2: the tail."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

import uvloop

from playcaller.servers import leash
from playcaller.servers.ports import answers, free_ports
from runtime.clock import SystemClock
from runtime.opening import make_log
from runtime.settings import Settings
from schemas.topics import TOPICS
from services.ingest.sources.hubspot import SOURCE
from services.ingest.webhook import Site, Webhook
from tests.bench.http_load import Load, drive
from tests.bench.measure import Note, Pair
from tests.bench.process import TESTED, WORLD, cpu_seconds, move, stay
from tests.bench.program import Bench, run

ROOT = Path(__file__).parents[2]
SECRET, PUBLIC = "a-client-secret-of-the-bench", "https://hooks.acme.example"
REQUESTS, WARM_UP, CONNECTIONS = 30_000, 5_000, 64
_numbers = count()


def webhook(number: int) -> bytes:
    """What a HubSpot workflow posts about one contact who filled in a form: about 670 bytes."""
    at = int(datetime.now(UTC).timestamp() * 1000)

    def typed(value: str) -> dict[str, object]:
        return {"value": value, "versions": [{"value": value, "source-type": "FORM"}]}

    contact = {
        "vid": number,
        "portal-id": 62515,
        "properties": {
            "email": typed(f"ada.{number}@company{number % 5000}.example"),
            "firstname": typed("Ada"),
            "jobtitle": typed("Marketing Manager"),
            "company": typed(f"Company {number % 5000}"),
        },
        "form-submissions": [
            {
                "conversion-id": f"conversion-{number}",
                "timestamp": at,
                "form-id": f"form-{number % 40}",
                "page-url": "https://www.acme.example/whitepaper",
                "title": "Whitepaper",
            }
        ],
    }
    return json.dumps(contact, separators=(",", ":")).encode()


def requests(amount: int) -> Sequence[bytes]:
    """So many distinct webhooks, signed now, as they stand on the wire."""
    return [_signed(webhook(next(_numbers))) for _ in range(amount)]


def _signed(body: bytes) -> bytes:
    path, now = "/webhooks/hubspot", datetime.now(UTC)
    known = Webhook(received_at=now, body=body, path=path, site=Site(public_url=PUBLIC))
    headers = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "user-agent": "HubSpot Connect 2.0",
        "content-length": str(len(body)),
        **SOURCE.verification.sign(known, SECRET.encode()),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


@asynccontextmanager
async def door(command: Sequence[str], port: int, told: dict[str, str]) -> AsyncIterator[int]:
    """Run a server on the tested core while the block runs; gives its process id."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", leash.__file__, str(int(signal.SIGKILL)), str(os.getpid()), ""),
        *(sys.executable, "-m", *command),
        cwd=ROOT,
        env={**os.environ, **told},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )
    move(running.pid, TESTED)
    try:
        if not await answers(port, within=30, alive=lambda: running.returncode is None):
            raise RuntimeError(f"{command[0]} did not start: see its words above")
        move(running.pid, TESTED)
        yield running.pid
    finally:
        running.terminate()
        await running.wait()


async def per_cpu_second(pid: int, port: int, sent: Sequence[bytes], expected: int) -> tuple[float, Load]:
    """Requests answered for each second of processor time the process used. Raises where one was refused."""
    before = cpu_seconds(pid)
    load = await drive(port, sent, CONNECTIONS)
    if load.statuses != {expected: len(sent)}:
        raise RuntimeError(f"expected {len(sent)} answers of {expected}, got {load.statuses}")
    return len(sent) / (cpu_seconds(pid) - before), load


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """Both doors stay up; each round loads one right after the other."""
    stay(WORLD)
    bootstrap = await bench.kafka()
    ours, bare = free_ports(2)
    settings = Settings(
        data=bench.folder, log_engine="kafka", kafka_bootstrap=bootstrap, topic_prefix=f"bench{uuid4().hex[:8]}."
    )
    async with make_log(settings, SystemClock()) as log:
        for topic in TOPICS:
            await log.partitions(topic.name)
    told = {
        "PLAYCALLER_DATA": str(bench.folder),
        "PLAYCALLER_LOG_ENGINE": "kafka",
        "PLAYCALLER_KAFKA_BOOTSTRAP": bootstrap,
        "PLAYCALLER_TOPIC_PREFIX": settings.topic_prefix,
        "PLAYCALLER_KEY_SECRET": "a key of the bench",
        "PLAYCALLER_SOURCE_HUBSPOT_SECRETS": SECRET,
        "PLAYCALLER_INGEST_PUBLIC_URL": PUBLIC,
        "PLAYCALLER_INGEST_PORT": str(ours),
        "PLAYCALLER_INGEST_RATE_FACTOR": "0",
        "PLAYCALLER_LOG_LEVEL": "WARNING",
    }
    limit = ["uvicorn", "tests.bench.bare_door:door", "--port", str(bare), "--lifespan", "off", "--no-access-log"]
    limit += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
    async with door(["playcaller", "ingest"], ours, told) as pid, door(limit, bare, {}) as bare_pid:
        await per_cpu_second(pid, ours, requests(WARM_UP), 200)
        await per_cpu_second(bare_pid, bare, requests(WARM_UP), 200)
        for _ in range(bench.rounds):
            sent = requests(REQUESTS)
            highest, _load = await per_cpu_second(bare_pid, bare, sent, 200)
            reached, load = await per_cpu_second(pid, ours, sent, 200)
            yield Pair(measure="B1", ours=reached, limit=highest)
            yield Pair(measure="B2", ours=load.quantile(0.99) * 1000, limit=load.quantile(0.5) * 1000)
            yield Note(text=f"{len(sent) / load.took:,.0f} req/s at {CONNECTIONS} connections")


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)  # the client has to outrun the door
