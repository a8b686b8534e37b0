"""What is published at once overtakes nothing that was left behind, on SQLite and on a really running PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, select

from runtime.clock import ManualClock
from runtime.database import Database, DatabaseAwayError
from runtime.log import LogUnavailableError, Message
from runtime.outbox import Outbox, Said, outbox_table
from runtime.sqlite_log import SqliteLog

METADATA = MetaData()
OUTBOX = outbox_table(METADATA, "outbox")
CLOCK = ManualClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


@dataclass
class Broker:
    """The real log, until `away` is set: then it promises nothing."""

    log: SqliteLog
    away: bool = False

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        if self.away:
            raise LogUnavailableError("the test took it away")
        await self.log.append(topic, messages)


@dataclass
class Desk:
    """One process's outbox, on a database and a log that outlive it."""

    database: Database
    broker: Broker
    outbox: Outbox

    async def says(self, word: bytes) -> Said:
        async with self.database.transaction() as connection:
            return await self.outbox.put(connection, [("plays", Message(b"acme", word))])

    async def told(self) -> list[bytes]:
        log = self.broker.log
        return [one.value for part in await log.partitions("plays") for one in await log.read(part, 0)]

    async def waiting(self) -> int:
        async with self.database.reading() as connection:
            return int((await connection.execute(select(func.count()).select_from(OUTBOX))).scalar_one())

    def another_life(self) -> "Desk":
        return Desk(self.database, self.broker, an_outbox(self.database, self.broker))


def an_outbox(database: Database, broker: Broker) -> Outbox:
    return Outbox(database, OUTBOX, broker, CLOCK)  # type: ignore[arg-type]  # only `append` is ever called


def _gone(*_: object) -> None:
    raise DatabaseAwayError("it was there a moment ago")


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
    async with SqliteLog(tmp_path / "log.db", partitions=1, clock=CLOCK) as log:
        broker = Broker(log)
        yield Desk(database, broker, an_outbox(database, broker))


async def test_what_is_published_at_once_is_said_once_and_forgotten(desk: Desk) -> None:
    for word in (b"an offer", b"a change"):
        await desk.outbox.publish(await desk.says(word))

    await desk.outbox.forget()

    assert await desk.told() == [b"an offer", b"a change"]
    assert await desk.waiting() == 0


async def test_what_was_published_and_not_forgotten_yet_is_not_said_again(desk: Desk) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    await desk.outbox.publish(await desk.says(b"an offer"))

    assert await desk.outbox.flush() == 0
    assert await desk.told() == [b"good morning", b"an offer"]


async def test_what_cannot_be_forgotten_now_is_forgotten_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    await desk.outbox.publish(await desk.says(b"an offer"))
    with monkeypatch.context() as outage:
        for way in ("alone", "transaction"):
            outage.setattr(desk.database, way, _gone)
        with pytest.raises(DatabaseAwayError):
            await desk.outbox.forget()
    await desk.outbox.publish(await desk.says(b"a change"))
    await desk.outbox.forget()

    assert await desk.told() == [b"good morning", b"an offer", b"a change"]
    assert await desk.waiting() == 0


async def test_who_sweeps_forgets_what_was_published(desk: Desk) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    await desk.outbox.publish(await desk.says(b"an offer"))
    stop, forgetting = asyncio.Event(), desk.outbox.forget

    async def forget() -> None:
        await forgetting()
        stop.set()

    desk.outbox.forget = forget  # type: ignore[method-assign]  # the sweep ends when it has been there
    async with asyncio.timeout(30):
        await desk.outbox.sweep(stop, every=0.01)

    assert await desk.told() == [b"good morning", b"an offer"]
    assert await desk.waiting() == 0


async def test_what_an_outage_left_behind_is_not_overtaken(desk: Desk) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    desk.broker.away = True
    with pytest.raises(LogUnavailableError):
        await desk.outbox.publish(await desk.says(b"an offer"))
    desk.broker.away = False
    await desk.outbox.publish(await desk.says(b"a change"))
    await desk.outbox.publish(await desk.says(b"another change"))
    await desk.outbox.forget()

    assert await desk.told() == [b"good morning", b"an offer", b"a change", b"another change"]
    assert await desk.waiting() == 0


async def test_as_long_as_the_outage_lasts_nothing_is_forgotten(desk: Desk) -> None:
    desk.broker.away = True
    for word in (b"an offer", b"a change"):
        with pytest.raises(LogUnavailableError):
            await desk.outbox.publish(await desk.says(word))
    desk.broker.away = False
    await desk.outbox.publish(await desk.says(b"another change"))

    assert await desk.told() == [b"an offer", b"a change", b"another change"]


async def test_what_a_former_life_left_behind_is_not_overtaken(desk: Desk) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    await desk.outbox.forget()
    await desk.says(b"an offer")  # killed after the commit
    after = desk.another_life()
    await after.outbox.publish(await after.says(b"a change"))
    await after.outbox.forget()

    assert await desk.told() == [b"good morning", b"an offer", b"a change"]
    assert await desk.waiting() == 0


async def test_what_may_have_been_left_behind_goes_first_whenever_the_doubt_arises(desk: Desk) -> None:
    await desk.outbox.publish(await desk.says(b"good morning"))
    await desk.says(b"an offer")  # its commit was never answered
    desk.outbox.doubt()
    await desk.outbox.publish(await desk.says(b"a change"))
    last = await desk.says(b"another change")
    append = desk.broker.append

    async def doubted(topic: str, messages: Sequence[Message]) -> None:
        await append(topic, messages)
        await desk.says(b"a reminder")
        desk.outbox.doubt()

    desk.broker.append = doubted  # type: ignore[method-assign]  # the doubt arises while something is published
    await desk.outbox.publish(last)
    desk.broker.append = append  # type: ignore[method-assign]  # as it was
    await desk.outbox.publish(await desk.says(b"a rating"))
    await desk.outbox.forget()

    told = [b"good morning", b"an offer", b"a change", b"another change", b"a reminder", b"a rating"]
    assert await desk.told() == told
    assert await desk.waiting() == 0
