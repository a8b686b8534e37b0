"""A notifier without its process: real tables, a real log, the real handler and courier, a clock that tests move."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import select

from runtime.carriage import Carriage
from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, Log, LogUnavailableError, Message, Partition, Record
from runtime.outbox import Outbox
from runtime.sqlite_log import SqliteLog
from schemas import delivery, feedback
from schemas.fact import encode
from schemas.play import PlayCommand
from schemas.topics import DELIVERIES, FEEDBACK, PLAYS
from services.notifier import tables
from services.notifier.actions import make_app
from services.notifier.card import Card
from services.notifier.channel import Absent, Capabilities, Delivered, Means, OpenChannel, Outcome, Sighting, Unknown
from services.notifier.consumer import PlaysHandler
from services.notifier.courier import Courier
from services.notifier.desk import Desk
from services.notifier.intake import Intake
from services.notifier.links import Links
from services.notifier.service import MIGRATIONS, make_courier, opened
from services.notifier.settings import NotifierSettings
from services.notifier.tables import OUTBOX
from tests.migrated import copied
from tests.notifier.builders import NOON

PARTITION = Partition(PLAYS.name, 0)


class AwayableLog:
    """The real log, until `away` is set: then it promises nothing."""

    def __init__(self, log: Log) -> None:
        self._log, self.away = log, False

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        if self.away:
            raise LogUnavailableError("the test took it away")
        await self._log.append(topic, messages)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class Died(BaseException):
    """The process is gone: nothing after this line ran."""


class Lost(BaseException):
    """The process died before anything left it."""


@dataclass
class Scripted:
    """A channel whose provider is a list: what it shows is known, what it answers is scripted."""

    can: Capabilities
    script: list[Outcome | type[BaseException]] = field(default_factory=list)
    """What is answered next; when it is empty, Delivered. `Died` shows the card and dies before the ledger hears."""
    shown: list[tuple[str, str, Card]] = field(default_factory=list)
    """(key, address, card), each time somebody was really shown something."""
    updated: list[tuple[str, Card]] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:
        answer = self.script.pop(0) if self.script else Delivered(f"handle of {key}")
        if isinstance(answer, type):
            if answer is Died:
                self._show(card, address, key)
            raise answer
        if isinstance(answer, (Delivered, Unknown)):
            self._show(card, address, key)
            self.threads.append(thread)
        return answer

    def _show(self, card: Card, address: str, key: str) -> None:
        if not (self.can.idempotent and any(one[0] == key for one in self.shown)):
            self.shown.append((key, address, card))

    async def update(self, handle: str, card: Card) -> Outcome:
        self.updated.append((handle, card))
        return Delivered(handle)

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:
        if not self.can.reconciles:
            return Unknown("cannot be asked")
        return Delivered(f"handle of {key}") if any(one[0] == key for one in self.shown) else Absent()

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Rig:
    """One notifier on one database. `courier` can be replaced by another life of it."""

    carriage: Carriage
    settings: NotifierSettings
    clock: ManualClock
    log: AwayableLog
    channels: dict[str, OpenChannel]
    links: Links
    outbox: Outbox
    handler: PlaysHandler
    courier: Courier
    client: httpx.AsyncClient
    _offsets: "itertools.count[int]" = field(default_factory=itertools.count)
    _epoch: int = 0

    async def take(self, *commands: PlayCommand | bytes) -> None:
        """Hand these commands over, as the log would, in one batch."""
        if not self._epoch:
            self._epoch = (await self.handler.assigned(PARTITION)).epoch
        records = [
            Record(PARTITION, next(self._offsets), self.clock.now(), b"key", value, {})
            for value in (one if isinstance(one, bytes) else encode(one) for one in commands)
        ]
        first = records[0].offset
        await self.handler.handle(Batch(PARTITION, first, first + len(records), self._epoch, records))

    async def work(self) -> None:
        """Carry until nothing is due at this moment."""
        while await self.courier.turn():
            await self.courier.settle_down()

    async def later(self, **by: float) -> None:
        """Let time pass, and work whenever something falls due."""
        end = self.clock.now() + timedelta(**by)
        while self.clock.now() < end:
            due = await self.courier._ledger.next_due() or end
            held = max((one.wait() for one in self.courier._breakers.values()), default=0.0)
            step = max(due - self.clock.now(), timedelta(seconds=max(held, 1.0)))
            self.clock.advance(min(step, end - self.clock.now()))
            await self.work()

    async def die(self) -> None:
        """The process is killed; another one starts, and finds what it left."""
        self.courier = _courier(self.carriage, self.settings, self.links, self.channels, self.outbox)
        self.clock.advance(timedelta(seconds=self.settings.delivery_lease + 1))
        await self.courier._ledger.recover()

    async def deliveries(self) -> list[Any]:
        """The ledger."""
        return await self.rows(tables.DELIVERIES)

    async def rows(self, table: Any) -> list[Any]:
        async with self.carriage.database.reading() as connection:
            return list((await connection.execute(select(table))).all())

    async def states(self) -> dict[tuple[str, str, str], str]:
        """(kind, person, channel) → state."""
        return {(row.kind, row.person, row.channel): row.state for row in await self.deliveries()}

    async def said(self, topic: str, decoder: "msgspec.json.Decoder[Any]") -> list[Any]:
        """The facts on a topic."""
        found = []
        for partition in await self.log.partitions(topic):
            found += [decoder.decode(record.value) for record in await self.log.read(partition, 0)]
        return found

    async def feedback(self) -> list[Any]:
        return await self.said(FEEDBACK.name, feedback.DECODER)

    async def recorded(self) -> list[Any]:
        return await self.said(DELIVERIES.name, delivery.DECODER)


async def migrated(database: Database) -> None:
    """The notifier's tables: a fixture's database has them, a file of a test's own becomes a copy of migrated ones."""
    if database.dialect == "sqlite" and not (file := Path(str(database.engine.url.database))).exists():
        await copied(MIGRATIONS, file)


def _courier(
    carriage: Carriage, settings: NotifierSettings, links: Links, channels: dict[str, OpenChannel], outbox: Outbox
) -> Courier:
    return make_courier(carriage, settings, links, channels, outbox)


@asynccontextmanager
async def a_rig(
    database: Database, folder: Path, scripted: dict[str, Scripted] | None = None, **given: Any
) -> AsyncIterator[Rig]:
    """A rig with the real channels that the settings switch on; `scripted` ones take the place of all of them."""
    clock = ManualClock(NOON)
    settings = NotifierSettings.load(data=folder, link_secret="a secret of this test", **given)
    await migrated(database)
    async with SqliteLog(folder / "log.db", partitions=2, clock=clock) as real:
        log = AwayableLog(real)
        carriage = Carriage(log, database, clock, asyncio.Event(), b"a key")  # type: ignore[arg-type]  # it is the real log
        links = Links("a secret of this test", "http://127.0.0.1:8090", 72)
        async with opened(Means(settings, database, clock)) as found:
            channels = found
            if scripted is not None:
                channels = {name: OpenChannel(name, one.can, one) for name, one in scripted.items()}
            on = {name: one.capabilities for name, one in channels.items()}
            outbox = Outbox(database, OUTBOX, log, clock)  # type: ignore[arg-type]  # it is the real log
            courier = _courier(carriage, settings, links, channels, outbox)
            handler = PlaysHandler(database, outbox, clock, on=on, wake=lambda: None)
            desk = Desk(log, database, clock, Intake(on), courier)  # type: ignore[arg-type]  # it is the real log
            door = cache(lambda: make_app(carriage, settings, links, desk))  # half of the tests never knock

            async def app(*call: Any) -> None:
                await door()(*call)

            transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
                yield Rig(carriage, settings, clock, log, channels, links, outbox, handler, courier, client)
