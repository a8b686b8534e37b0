"""A router without its loops: a real log, a real database, and a hand that feeds it one batch after the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, select

from runtime.carriage import Carriage
from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, Log, Message, Partition, Position, Record
from runtime.sqlite_log import SqliteLog
from schemas import dead_letter, play
from schemas.event import URGENT, Event
from schemas.fact import Fact, encode
from schemas.topics import DEAD_LETTERS, EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK, PLAYS
from services.router.adapters import codec, tables
from services.router.adapters.playbook_files import load
from services.router.consumer import Consumer
from services.router.desk import a_desk
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.playbook import Playbook
from services.router.narration import Narration
from services.router.offering import Offering
from services.router.settings import RouterSettings
from services.router.timers import TimerPump
from tests.router.shell.building import NOON

PLAYBOOK = Path(__file__).parents[3] / "playbook"
SECRET = b"a secret of the tests"


def the_playbook() -> Playbook:
    return load(PLAYBOOK)


class Hand:
    """One router process, fed by hand."""

    def __init__(self, database: Database, log: Log, clock: ManualClock, playbook: Playbook, **settings: Any) -> None:
        self.log, self.clock, self.database = log, clock, database
        self.told: list[Narration] = []
        carriage = Carriage(log, database, clock, asyncio.Event(), SECRET)
        self.desk = a_desk(carriage, RouterSettings(**settings), playbook, self.told.append)
        self.offering = Offering(self.desk)
        self.consumer = Consumer(self.desk, self.offering)
        self.pump = TimerPump(self.desk)
        self.positions: dict[Partition, Position] = {}

    async def take(self, partition: Partition) -> Position:
        """Become the owner of the partition."""
        self.positions[partition] = await self.consumer.assigned(partition)
        return self.positions[partition]

    async def append(self, *facts: Fact, key: bytes = b"k") -> None:
        """Put facts on the log, each on its lane."""
        for fact in facts:
            await self.log.append(lane_of(fact), [Message(key, encode(fact))])

    async def batch(self, partition: Partition, limit: int = 1000) -> Batch | None:
        """What stands on the log behind this process's position."""
        position = self.positions.get(partition) or await self.take(partition)
        records = await self.log.read(partition, position.next, limit)
        if not records:
            return None
        return Batch(partition, position.next, records[-1].offset + 1, position.epoch, records)

    async def handle(self, batch: Batch) -> None:
        await self.consumer.handle(batch)
        await self.consumer.idle()
        self.positions[batch.partition] = Position(batch.next, batch.epoch)

    async def drain(self, *topics: str) -> None:
        """Work everything off that stands on the lanes, feedback last."""
        for topic in topics or (EVENTS_URGENT.name, EVENTS_BEHAVIOUR.name, FEEDBACK.name):
            for partition in await self.log.partitions(topic):
                while (batch := await self.batch(partition)) is not None:
                    await self.handle(batch)

    async def feed(self, *facts: Fact) -> None:
        """Append and work off."""
        await self.append(*facts)
        await self.drain()

    async def rows(self, table: Table) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await connection.execute(select(table).order_by(*table.primary_key.columns)))

    async def handoffs(self) -> list[Handoff]:
        return [codec.HANDOFF.decode(row.handoff) for row in await self.rows(tables.HANDOFF)]

    async def said(self, topic: str) -> list[Record]:
        found: list[Record] = []
        for partition in await self.log.partitions(topic):
            found += await self.log.read(partition, 0, 100_000)
        return sorted(found, key=lambda record: record.at)

    async def items(self) -> list[TriageItem]:
        return [codec.TRIAGE.decode(row.item) for row in await self.rows(tables.TRIAGE)]

    async def cards(self) -> list[play.PlayCommand]:
        return [play.DECODER.decode(record.value) for record in await self.said(PLAYS.name)]

    async def dead(self) -> list[dead_letter.DeadLetter]:
        return [dead_letter.DECODER.decode(record.value) for record in await self.said(DEAD_LETTERS.name)]

    async def outcomes(self) -> dict[UUID, str]:
        """event → outcome, of everything told so far."""
        return {one.event: one.outcome for one in self.told if one.kind == "verdict" and one.event}


def lane_of(fact: Fact) -> str:
    if isinstance(fact, Event):
        return EVENTS_URGENT.name if fact.type in URGENT else EVENTS_BEHAVIOUR.name
    return FEEDBACK.name


def records_of(partition: Partition, first: int, facts: Sequence[Fact | bytes]) -> list[Record]:
    """Facts as they would stand on the log, for batches that need no log."""
    return [
        Record(partition, first + place, NOON, b"k", one if isinstance(one, bytes) else encode(one), {})
        for place, one in enumerate(facts)
    ]


@asynccontextmanager
async def a_log(folder: Path, clock: ManualClock, partitions: int = 1) -> AsyncIterator[Log]:
    async with SqliteLog(folder / "log.db", partitions=partitions, clock=clock) as log:
        yield log


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
