"""A real door on a real log, with a clock that the test moves, and vendors who sign as theirs do."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from runtime.carriage import Carriage
from runtime.clock import ManualClock, SystemClock
from runtime.database import Database
from runtime.log import LogUnavailableError, Message, Partition, Record
from runtime.sqlite_log import SqliteLog
from schemas import dead_letter, event
from schemas.dead_letter import DeadLetter
from schemas.event import Event
from schemas.fact import decode
from schemas.topics import DEAD_LETTERS, EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK
from services.ingest.attachments import FileStore
from services.ingest.door import Door
from services.ingest.keyring import Keyring
from services.ingest.reading import sources
from services.ingest.sample import Sample, signed
from services.ingest.service import build_door, serve
from services.ingest.settings import IngestSettings, SourceSettings
from services.ingest.spool import Spool
from services.ingest.webhook import Site

NOW = datetime(2026, 1, 5, 10, 5, tzinfo=UTC)
PUBLIC = "https://hooks.acme.example"
PAGE = "https://www.acme-vendor.example"
SECRET = "whsec_" + base64.b64encode(b"loom and pattern, thirty-two long").decode()
"""Base64 for those who decode it, plain text for all others."""
RETIRED = "whsec_" + base64.b64encode(b"the secret of the year before").decode()
SECRETS = {
    "sales": (f"grace:{SECRET}", f"ada:{RETIRED}"),
    "segment": (f"write_key:{SECRET}", f"signature:{SECRET}", f"signature:{RETIRED}", f"write_key:{RETIRED}"),
}
"""Where secrets are written with a label; everybody else's are bare."""


LANES = (EVENTS_URGENT, EVENTS_BEHAVIOUR, FEEDBACK, DEAD_LETTERS)


class Mortal(SqliteLog):
    """The SQLite log, which a test may take away."""

    away = False
    appended: asyncio.Event | None = None
    """Set after the next append."""

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        if self.away:
            raise LogUnavailableError("the test took it away")
        await super().append(topic, messages)
        if self.appended:
            self.appended.set()


def secrets_of(source: str) -> tuple[str, ...]:
    return SECRETS.get(source, (SECRET, RETIRED))


def secret_for(sample: Sample, *, retired: bool = False) -> str:
    """The secret that opens the sample's door."""
    wanted = RETIRED if retired else SECRET
    fitting = [one for one in secrets_of(sample.source) if wanted in one]
    if sample.source == "segment":
        label = "signature:" if sample.path.startswith("/webhooks/") else "write_key:"
        return next(one for one in fitting if one.startswith(label))
    return fitting[0]


def configured(*, off: Sequence[str] = (), **options: str) -> dict[str, SourceSettings]:
    """Every source with its secrets, but those that are off."""
    return {
        name: SourceSettings(
            Keyring([] if name in off else [SecretStr(one) for one in secrets_of(name)]),
            frozenset(filter(None, options.get(name, "").split())),
        )
        for name in sources()
    }


@dataclass
class House:
    """The door and everything behind it."""

    door: Door
    log: Mortal
    clock: ManualClock
    client: httpx.AsyncClient
    spool: Spool
    carriage: Carriage
    files: FileStore
    seen: dict[Partition, int] = field(default_factory=dict)

    async def begin(self) -> "House":
        """A new test: what stands on the log by now is not its own."""
        self.log.away = False
        await self.spool.flush()
        self.clock.advance(timedelta(seconds=10))
        for topic in LANES:
            for partition in await self.log.partitions(topic.name):
                self.seen[partition] = (await self.log.bounds(partition))[1]
        return self

    async def send(self, sample: Sample, **changes: Any) -> httpx.Response:
        headers, body = signed_now(sample, self.clock.now(), **changes)
        return await self.client.post(sample.path, content=body, headers=headers)

    async def records(self, topic: str) -> list[Record]:
        found = []
        for partition in await self.log.partitions(topic):
            found += await self.log.read(partition, self.seen.get(partition, 0), 10_000)
        return found

    async def events(self) -> list[Event]:
        lanes = [await self.records(topic.name) for topic in (EVENTS_URGENT, EVENTS_BEHAVIOUR)]
        found = [decode(record.value, event.DECODER) for lane in lanes for record in lane]
        return sorted(found, key=lambda one: one.id)

    async def dead(self) -> list[DeadLetter]:
        return [decode(record.value, dead_letter.DECODER) for record in await self.records(DEAD_LETTERS.name)]

    async def nothing(self) -> bool:
        return not await self.events() and not await self.dead()


def signed_now(
    sample: Sample, now: datetime, *, body: bytes | None = None, secret: str = "", media_type: str = ""
) -> tuple[dict[str, str], bytes]:
    """What the vendor would send at this moment, or with another body or secret."""
    return signed(
        sample.source,
        sample.body if body is None else body,
        secret or secret_for(sample),
        now,
        path=sample.path,
        media_type=media_type or sample.media_type,
        site=Site(public_url=PUBLIC, origins=frozenset({PAGE})),
    )


@asynccontextmanager
async def house(folder: Path, own: Mapping[str, SourceSettings] | None = None, **settings: Any) -> AsyncIterator[House]:
    clock = ManualClock(NOW)
    told = IngestSettings(
        data=folder,
        **{
            "ingest_origins": PAGE,
            "ingest_redirects": f"{PAGE}/thanks,{PAGE}/offers/",
            "ingest_max_file": 2_000_000,
            **settings,
        },
    )
    async with Mortal(folder / "log.db", partitions=2, clock=clock) as log:
        carriage = Carriage(log, Database("sqlite+aiosqlite://"), clock, asyncio.Event(), b"a key for tests")
        spool = Spool(folder / "spool", log, limit=told.ingest_spool_limit)
        door = build_door(carriage, told, PUBLIC, dict(configured() if own is None else own), spool)
        transport = httpx.ASGITransport(door, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            files = FileStore(told.attachments, largest=told.ingest_max_file, budget=told.ingest_max_files)
            yield House(door, log, clock, client, spool, carriage, files)


@dataclass
class Running:
    """A real server on a real port, on a real log."""

    url: str
    log: Mortal
    carriage: Carriage
    serving: "asyncio.Task[None]"

    async def events(self) -> list[Event]:
        found = []
        for topic in (EVENTS_URGENT, EVENTS_BEHAVIOUR):
            for partition in await self.log.partitions(topic.name):
                found += [decode(one.value, event.DECODER) for one in await self.log.read(partition, 0, 10_000)]
        return found


@asynccontextmanager
async def running(folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """uvicorn, as the service runs it, until the block ends."""
    loop = asyncio.get_running_loop()
    told = IngestSettings(data=folder, ingest_port=0, ingest_origins=PAGE, grace=2, **settings)
    async with Mortal(folder / "log.db", partitions=2, clock=SystemClock()) as log:
        carriage = Carriage(log, Database("sqlite+aiosqlite://"), SystemClock(), asyncio.Event(), b"a key for tests")
        listening: asyncio.Future[str] = loop.create_future()
        serving = asyncio.create_task(serve(carriage, told, listening.set_result, configured()))
        done, _ = await asyncio.wait([serving, listening], return_when=asyncio.FIRST_COMPLETED)
        if serving in done:
            serving.result()
        try:
            yield Running(listening.result(), log, carriage, serving)
        finally:
            carriage.stop.set()
            await serving
