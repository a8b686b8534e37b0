"""What a run has left behind: on the log, in the router's tables, in the messenger's ledger. Read, never written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, Table, select

from runtime.database import Database
from runtime.log import Log, Partition, Record
from schemas import dead_letter, feedback
from schemas import event as event_schema
from schemas.dead_letter import DeadLetter
from schemas.event import Event, IdentifierKind
from schemas.fact import decode
from schemas.feedback import Feedback
from schemas.handoff import HandoffState
from schemas.play import CardKind
from schemas.topics import DEAD_LETTERS, EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK, PLAYS, Topic
from services.notifier import tables as messenger
from services.notifier.delivery import State
from services.router.adapters import codec, tables
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Dossier, IdentifierKey

F = TypeVar("F")
_READ = {tables.POSITIONS: (EVENTS_URGENT, EVENTS_BEHAVIOUR, FEEDBACK), messenger.POSITIONS: (PLAYS,)}
"""Whose offsets these are, and the topics they read."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row of the verdicts."""

    event: UUID
    lead: UUID
    seq: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An offer by mail that may or may not have left: SMTP lets nobody ask, so it is never sent again (N2)."""

    handoff: UUID
    round: int
    created: float
    settled: float
    """POSIX timestamps: the messenger must have died in between."""


@dataclass(slots=True)
class Evidence:
    """Everything that the invariants look at."""

    events: Sequence[Event] = ()
    """All records of both lanes, redeliveries included, lane by lane and partition by partition in order."""
    acts: Sequence[Feedback] = ()
    letters: Sequence[DeadLetter] = ()
    seen: frozenset[UUID] = frozenset()
    rulings: Sequence[Ruling] = ()
    dossiers: dict[IdentifierKey, Dossier] = field(default_factory=dict)
    handoffs: Sequence[Handoff] = ()
    items: Sequence[TriageItem] = ()
    undelivered: Sequence[tuple[UUID, str, int, str, str]] = ()
    """(handoff, kind, sequence, channel, state) of ledger rows that have not come to an end."""
    uncertain: Sequence[Uncertain] = ()
    reminders: frozenset[tuple[UUID, int]] = frozenset()
    """(handoff, round) of offers whose rep will be reminded."""
    deaths: Sequence[float] = ()
    """When the messenger was killed, as a POSIX timestamp."""
    ledger: dict[str, tuple[UUID, str, int]] = field(default_factory=dict)
    """A message's key, as it travels with the message → (handoff, kind, sequence)."""

    def distinct(self) -> dict[UUID, Event]:
        """The first record of each event, by its de-duplication key."""
        found: dict[UUID, Event] = {}
        for event in self.events:
            found.setdefault(key_of(event), event)
        return found


def key_of(event: Event) -> UUID:
    """The half of an event's hash by which the state knows it."""
    return UUID(hex=event.dedup_key[:32])


async def gathered(log: Log, database: Database) -> Evidence:
    """Read it all."""
    found = Evidence(
        events=[
            *await _facts(log, EVENTS_URGENT, event_schema.DECODER),
            *await _facts(log, EVENTS_BEHAVIOUR, event_schema.DECODER),
        ],
        acts=await _facts(log, FEEDBACK, feedback.DECODER),
        letters=await _facts(log, DEAD_LETTERS, dead_letter.DECODER),
    )
    found.seen = frozenset(row.key for row in await _rows(database, tables.SEEN))
    found.rulings = [Ruling(row.event, row.lead, row.seq, row.outcome) for row in await _rows(database, tables.VERDICT)]
    found.dossiers = {
        IdentifierKey(IdentifierKind(row.kind), row.value): codec.DOSSIER.decode(row.dossier)
        for row in await _rows(database, tables.IDENTIFIER)
    }
    found.items = [codec.TRIAGE.decode(row.item) for row in await _rows(database, tables.TRIAGE)]
    rows = await _rows(database, messenger.DELIVERIES)
    found.ledger, found.handoffs = await evidence_of_handoffs(database)
    found.uncertain = [
        Uncertain(row.handoff, row.sequence, row.created_at / 1000, row.settled_at / 1000)
        for row in rows
        if (row.kind, row.state, row.channel) == (CardKind.OFFER, State.UNKNOWN, "email")
    ]
    found.reminders = frozenset(
        (row.subject, row.round)
        for row in await _rows(database, tables.TIMER)
        if row.kind == feedback.TimerKind.ACCEPT_REMINDER
    )
    found.undelivered = [
        (row.handoff, row.kind, row.sequence, row.channel, row.state) for row in rows if row.settled_at is None
    ]
    return found


async def evidence_of_handoffs(database: Database) -> tuple[dict[str, tuple[UUID, str, int]], list[Handoff]]:
    """The messenger's ledger by the messages' keys, and the router's handoffs."""
    rows = await _rows(database, messenger.DELIVERIES)
    ledger = {row.key: (row.handoff, row.kind, row.sequence) for row in rows}
    return ledger, [codec.HANDOFF.decode(row.handoff) for row in await _rows(database, tables.HANDOFF)]


async def _facts(log: Log, topic: Topic, decoder: "msgspec.json.Decoder[F]") -> list[F]:
    found: list[F] = []
    for partition in await log.partitions(topic.name):
        found += [decode(record.value, decoder) for record in await records(log, partition)]
    return found


async def records(log: Log, partition: Partition) -> list[Record]:
    """Everything one partition holds."""
    first, end = await log.bounds(partition)
    found: list[Record] = []
    while first < end:
        some = await log.read(partition, first)
        if not some:
            break
        found += some
        first = some[-1].offset + 1
    return found


async def _rows(database: Database, table: Table, *where: ColumnElement[bool]) -> Sequence[Row[tuple[object, ...]]]:
    async with database.reading() as connection:
        return (await connection.execute(select(table).where(*where))).all()


async def untaken(log: Log, database: Database) -> Sequence[str]:
    """Partitions that nobody reads yet, in words: as long as there are any, a service has not come up."""
    waiting = []
    for positions, topics in _READ.items():
        taken = {(row.topic, row.number) for row in await _rows(database, positions)}
        partitions = [partition for topic in topics for partition in await log.partitions(topic.name)]
        waiting += [f"{positions.name} {one}" for one in partitions if (one.topic, one.number) not in taken]
    return waiting


async def taken(database: Database) -> Mapping[tuple[str, int], int]:
    """The epoch of each partition that a router has ever taken: it grows with each that takes it over."""
    return {(row.topic, row.number): row.epoch for row in await _rows(database, tables.POSITIONS)}


async def unsettled(log: Log, database: Database) -> Sequence[str]:
    """What is still under way, in words; empty once everything that was sent has come to its end.

    Looked for twice: what goes on to a place that was looked at before can be missed once, but not without a trace.
    """
    return await _twice(_whole_ring, log, database)


async def undecided(log: Log, database: Database) -> Sequence[str]:
    """As `unsettled`, of the routers alone."""
    return await _twice(_routers, log, database)


async def _twice(
    look: Callable[[Log, Database], Awaitable[Sequence[str]]], log: Log, database: Database
) -> Sequence[str]:
    before = await _ends(log)
    waiting = await look(log, database) or await look(log, database)
    return waiting or (["something was appended meanwhile"] if await _ends(log) != before else [])


async def _ends(log: Log) -> Mapping[Partition, int]:
    topics = [topic.name for topics in _READ.values() for topic in topics]
    return {one: (await log.bounds(one))[1] for topic in topics for one in await log.partitions(topic)}


async def _whole_ring(log: Log, database: Database) -> Sequence[str]:
    waiting = [*await _routers(log, database), *await _unread(log, database, messenger.POSITIONS)]
    if rows := await _rows(database, messenger.OUTBOX):
        waiting.append(f"{messenger.OUTBOX.name}: {len(rows)} to publish")
    if open_rows := await _rows(database, messenger.DELIVERIES, messenger.DELIVERIES.c.settled_at.is_(None)):
        waiting.append(f"{len(open_rows)} cards to deliver")
    return waiting


async def _routers(log: Log, database: Database) -> Sequence[str]:
    waiting = [*await _unread(log, database, tables.POSITIONS)]
    if rows := await _rows(database, tables.OUTBOX):
        waiting.append(f"{tables.OUTBOX.name}: {len(rows)} to publish")
    if held := await _rows(database, tables.TIMER, tables.TIMER.c.kind == feedback.TimerKind.HOLD_ELAPSED):
        waiting.append(f"{len(held)} held clicks")
    if queued := await _rows(database, tables.HANDOFF, tables.HANDOFF.c.state == HandoffState.QUEUED):
        waiting.append(f"{len(queued)} handoffs to offer")
    return waiting


async def _unread(log: Log, database: Database, positions: Table) -> Sequence[str]:
    reached = {(row.topic, row.number): row.next for row in await _rows(database, positions)}
    waiting = []
    for topic in _READ[positions]:
        for partition in await log.partitions(topic.name):
            _, end = await log.bounds(partition)
            if (left := end - reached.get((topic.name, partition.number), 0)) > 0:
                waiting.append(f"{positions.name} {topic.name}/{partition.number}: {left} to go")
    return waiting
