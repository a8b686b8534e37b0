"""One running ring for many tests: real servers below, a clock that can be moved on, and eyes at every edge."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import httpx
import pytest

from playcaller.audience import TOPICS
from playcaller.embedded import embedded
from playcaller.generated import as_environment, source_secrets
from playcaller.ring import Ring
from playcaller.story.posting import ORIGIN
from playcaller.watching import watching
from runtime.database import Database
from runtime.log import Partition
from runtime.opening import database_url, key_secret
from runtime.settings import Settings
from schemas import event as event_schema
from schemas.event import Event
from schemas.fact import decode
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.ingest.forms import URLENCODED
from services.ingest.reading import sources
from services.ingest.sample import signed
from services.ingest.webhook import Site
from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook
from services.router.narration import Narration
from tests.faults.evidence import records, unsettled
from tests.flow.senders import Post
from tests.flow.witness import RingClock, Witness

PLAYBOOK = Path(__file__).parents[2] / "playbook"
PATIENCE = 90.0
TOKEN = "what only dana knows"
LANES = (EVENTS_URGENT, EVENTS_BEHAVIOUR)


@dataclass
class Founding:
    """A running ring, and whoever stands around it."""

    settings: Settings
    ring: Ring
    witness: Witness
    clock: RingClock
    database: Database
    url: str
    secrets: dict[str, str]
    secret: bytes
    playbook: Path
    books: dict[tuple[str, str], Playbook] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    """The keys of the events that were sent before: of a redelivery no verdict comes."""

    @property
    def engine(self) -> str:
        return self.database.dialect

    async def post(self, client: httpx.AsyncClient, post: Post) -> httpx.Response:
        """Send one webhook, signed at this moment as its vendor signs."""
        as_form = post.source == "html_form"
        media_type = URLENCODED if as_form else "application/json"
        body = urlencode(post.payload).encode() if as_form else json.dumps(post.payload).encode()
        door = self.ring.addresses.door
        site = Site(public_url=door, origins=frozenset({ORIGIN}))
        headers, content = signed(
            post.source,
            body,
            self.secrets[post.source],
            self.clock.now(),
            path=post.door,
            media_type=media_type,
            site=site,
        )
        return await client.post(f"{door}{post.door or f'/webhooks/{post.source}'}", content=content, headers=headers)

    async def take(self, *posts: Post) -> list[Event]:
        """Send webhooks one after the other; the events that stand on the log for them, in order of their ids."""
        before = await self._ends()
        async with httpx.AsyncClient(trust_env=False) as client:
            for post in posts:
                answer = await self.post(client, post)
                assert answer.is_success or answer.has_redirect_location, answer.text
        return await self.events(before)

    async def say(self, *posts: Post) -> list[Narration]:
        """Send webhooks and wait until all of it is settled; the verdicts on their events, in order."""
        events = await self.take(*posts)
        return await self.judged(events)

    async def judged(self, events: list[Event]) -> list[Narration]:
        """The verdicts on these events, once all is settled; none on a redelivery."""
        fresh: list[Event] = []
        for event in events:
            if event.dedup_key not in self._known:
                self._known.add(event.dedup_key)
                fresh.append(event)
        await self.settled()
        wanted = [event.id for event in fresh]
        heard = await self.witness.until(
            lambda: all(self.witness.verdict_on(one) is not None for one in wanted), seconds=PATIENCE
        )
        assert heard, f"{[one for one in fresh if self.witness.verdict_on(one.id) is None]} not judged"
        return [one for event in wanted if (one := self.witness.verdict_on(event)) is not None]

    async def settled(self) -> None:
        """Wait until everything that was sent has come to its end."""
        await eventually(self._at_rest)

    async def _at_rest(self) -> bool:
        return not await unsettled(self.ring.log, self.database)

    async def _ends(self) -> dict[Partition, int]:
        log = self.ring.log
        return {one: (await log.bounds(one))[1] for lane in LANES for one in await log.partitions(lane.name)}

    async def events(self, after: dict[Partition, int] | None = None) -> list[Event]:
        """All events on the log, or those from these offsets on, in the order of their ids."""
        found = []
        for lane in LANES:
            for partition in await self.ring.log.partitions(lane.name):
                since = (after or {}).get(partition, 0)
                found += [one for one in await records(self.ring.log, partition) if one.offset >= since]
        return sorted((decode(one.value, event_schema.DECODER) for one in found), key=lambda one: one.id)

    async def sent(self, name: str) -> Event:
        """The first event made of a payload in which this stands."""
        events = await self.events()
        return next(one for one in events if one.raw is not None and name.encode() in one.raw.body)

    async def control(self, what: str, **body: Any) -> dict[str, Any]:
        """An operator's word, by HTTP."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{self.ring.addresses.door}/control/{what}", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
            )
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def correct(self, event: UUID, change: str, **more: Any) -> Narration:
        """Correct an event and wait for the verdict on the correction."""
        said = await self.control("corrections", event=str(event), change=change, **more)
        (correction,) = [one for one in await self.events() if str(one.id) == said["id"]]
        (verdict,) = await self.judged([correction])
        return verdict

    async def press(self, handoff: UUID, person: str, action: str, choice: str = "") -> None:
        """Press a button of the rep's inbox."""
        address = f"{self.ring.addresses.inbox}/inbox/of/{person}"
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = (await client.get(address, params={"card": str(handoff)})).text
            token = re.findall(r'name="token" value="([^"]+)"', shown)[0]
            form = {"token": token, "handoff": str(handoff), "action": action, "choice": choice}
            answer = await client.post(address, data=form)
        assert answer.status_code == 303, answer.text
        await self.settled()

    async def republish(self, page: str, old: str, new: str) -> None:
        """Change one line of the playbook's files and wait until the router says that it decides."""
        file = self.playbook / page
        text = file.read_text("utf-8")
        assert old in text
        before = len(self.witness.heard)
        file.write_text(text.replace(old, new, 1), "utf-8")
        await eventually(lambda: _true(any(one.kind == "control" for one in self.witness.heard[before:])))
        book = load(self.playbook)
        self.books[book.version, book.lists_version] = book
        await self.settled()

    async def metric(self, name: str) -> float:
        """A number of the ring's own, as Prometheus reads it."""
        address = self.ring.facts["health"].partition("/ready")[0]
        async with httpx.AsyncClient(trust_env=False) as client:
            told = (await client.get(f"{address}/metrics")).text
        return float(re.findall(rf"^playcaller_{name} (\S+)$", told, re.MULTILINE)[0])

    @asynccontextmanager
    async def postgres(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A connection of somebody else's to the ring's PostgreSQL."""
        connection = await asyncpg.connect(self.url.replace("+asyncpg", ""))
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def database_held(self) -> AsyncIterator[None]:
        """While the block runs no batch can be committed: somebody else holds what every batch writes first."""
        if self.engine == "sqlite":
            held = sqlite3.connect(self.url.partition("///")[2], isolation_level=None, check_same_thread=False)
            await asyncio.to_thread(held.execute, "BEGIN IMMEDIATE")  # the ring may be writing, and has to go on
            yield
            held.execute("ROLLBACK")
            held.close()
            return
        async with self.postgres() as connection, connection.transaction():
            await connection.execute("LOCK TABLE router_positions IN EXCLUSIVE MODE")
            yield


async def administer(server: str, statement: str) -> None:
    """One statement for the server itself."""
    connection = await asyncpg.connect(server.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _true(value: bool) -> bool:
    return value


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look until it holds, and no longer than `PATIENCE` seconds."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  (what is waited for stands in a database, which tells nobody)
            await asyncio.sleep(0.03)  # between two looks at the condition


@asynccontextmanager
async def founded(engine: dict[str, str], folder: Path) -> AsyncIterator[Founding]:
    """The whole ring on this engine, its playbook in a folder of its own."""
    shutil.copytree(PLAYBOOK, folder / "playbook")
    book = load(folder / "playbook")
    clock, witness = RingClock(book), Witness()
    told = engine | {
        "DATA": str(folder),
        "PLAYBOOK": str(folder / "playbook"),
        "INGEST_PORT": "0",
        "NOTIFIER_PORT": "0",
        "INGEST_ORIGINS": ORIGIN,
        "INGEST_OPERATORS": f"dana:{TOKEN}",
        "PARTITIONS": "2",
        "TIMER_POLL": "0.1",
    }
    secrets = source_secrets(folder, sources(), {})
    variables = {f"PLAYCALLER_{name}": value for name, value in told.items()} | as_environment(secrets, {})
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        settings = Settings.load()
        async with embedded(settings, witness, clock=clock) as ring, watching(ring.log, TOPICS, witness.read):
            environment.undo()
            database = Database(database_url(settings))
            yield Founding(
                settings=settings,
                ring=ring,
                witness=witness,
                clock=clock,
                database=database,
                url=database_url(settings),
                secrets=secrets,
                secret=key_secret(settings),
                playbook=folder / "playbook",
                books={(book.version, book.lists_version): book},
            )
            await database.close()
