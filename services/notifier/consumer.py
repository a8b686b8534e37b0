"""Reads `plays`: what a command means goes into the tables in the transaction that moves the offset."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import assert_never
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.clock import Clock
from runtime.database import Database
from runtime.log import Batch, LogError, Message, Partition, Position, Record
from runtime.outbox import Outbox
from runtime.positions import Positions
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.enrolment import ChangeEnrolment
from schemas.fact import MalformedFactError, NewerFactError, decode, encode
from schemas.play import DECODER, DeliverPlay, ErasePlay, PlayCommand
from schemas.topics import DEAD_LETTERS
from services.notifier import enrolments
from services.notifier.channel import Capabilities
from services.notifier.debut import Debut
from services.notifier.delivery import NAMESPACE
from services.notifier.express import Carrier, Express
from services.notifier.intake import WAITING, Intake, all_new
from services.notifier.tables import DELIVERIES, POSITIONS

_Read = tuple[Record, PlayCommand | DeadLetter]
GROUP = "notifier"
SOURCE = "notifier"
"""What stands as the source of a command's dead letter: no sender of webhooks is to blame."""


class PlaysHandler:
    """The runtime's handler for `plays`. Nothing is sent here: the courier is told that something is due."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        *,
        on: Mapping[str, Capabilities],
        wake: Callable[[], None],
        carrier: Carrier | None = None,
    ) -> None:
        self._database, self._outbox, self._clock, self._wake = database, outbox, clock, wake
        self._carrier = carrier
        self._intake, self._positions = Intake(on), Positions(POSITIONS)
        self._debut = Debut(database, self._positions) if database.dialect == "postgresql" else None

    async def assigned(self, partition: Partition) -> Position:
        """Take the partition over."""
        async with self._database.transaction() as connection:
            return await self._positions.take(connection, partition)

    async def handle(self, batch: Batch) -> None:
        """Take the commands in, in order; what cannot be decoded becomes a dead letter."""
        now = self._clock.now()
        read = [(record, _decoded(record, now)) for record in batch.records]
        dead = [said for _, said in read if isinstance(said, DeadLetter)]
        express = Express(self._carrier)
        try:
            if not await self._committed(batch, read, now, express):
                await self._commit(batch, read, dead, now, express)
        except BaseException:
            express.drop()
            raise
        if express.send() != len(batch.records):
            self._wake()  # something waits for its turn
        if dead:
            with contextlib.suppress(LogError):  # they stand in the outbox, and are swept when the log is back
                await self._outbox.flush()

    async def _committed(self, batch: Batch, read: Sequence[_Read], now: datetime, express: Express) -> bool:
        """Commit first cards in one statement, where the database can and there is nothing else; was it done?"""
        first = [(said, record.value) for record, said in read if isinstance(said, DeliverPlay)]
        plays = [play for play, _ in first]
        if self._debut is None or len(first) < len(read) or not all_new(plays):
            return False
        rows = self._intake.first(first, now, express)
        new, _ = await asyncio.gather(self._debut.commit(batch, rows), express.drawn())
        if new is None:
            express.drop()
            return False
        for row in rows[DELIVERIES]:
            if row["key"] not in new:
                express.unclaim(row["key"])
        self._intake.met(plays)
        return True

    async def _commit(
        self, batch: Batch, read: Sequence[_Read], dead: Sequence[DeadLetter], now: datetime, express: Express
    ) -> None:
        plays = [said for _, said in read if isinstance(said, DeliverPlay)]
        about = Counter(_subject(said) for _, said in read if not isinstance(said, DeadLetter))
        async with self._positions.claimed(self._database, batch) as connection:
            await self._intake.meet(connection, plays)
            for record, command in read:
                if not isinstance(command, DeadLetter):
                    alone = about[_subject(command)] == 1  # of several the last one says what is true
                    await self._take(connection, command, record, now, express if alone else WAITING)
            letters = [(DEAD_LETTERS.name, Message(SOURCE.encode(), encode(letter))) for letter in dead]
            await self._outbox.put(connection, letters)
        self._intake.met(plays)

    async def revoked(self, partition: Partition) -> None:
        """Nothing is cached of a partition."""

    async def _take(
        self, connection: AsyncConnection, command: PlayCommand, record: Record, now: datetime, express: Express
    ) -> None:
        match command:
            case DeliverPlay():
                await self._intake.take(connection, command, record.value, now, express)
            case ErasePlay():
                if not await enrolments.forget(connection, command.handoff, command.at, now):
                    await self._intake.erase(connection, command, now)
            case ChangeEnrolment():
                await enrolments.take(connection, command, record.value, now)
            case _:
                assert_never(command)


def _subject(command: PlayCommand) -> UUID:
    return command.enrolment if isinstance(command, ChangeEnrolment) else command.handoff


def _decoded(record: Record, now: datetime) -> PlayCommand | DeadLetter:
    try:
        return decode(record.value, DECODER)
    except NewerFactError as fault:
        return _letter(record, DeadLetterReason.NEWER, str(fault), now)
    except MalformedFactError as fault:
        return _letter(record, DeadLetterReason.MALFORMED, str(fault), now)


def _letter(record: Record, reason: DeadLetterReason, detail: str, now: datetime) -> DeadLetter:
    partition = record.partition
    return DeadLetter(
        id=uuid5(NAMESPACE, f"{partition.topic}/{partition.number}/{record.offset}"),
        reason=reason,
        detail=detail,
        at=now,
        source=SOURCE,
        topic=partition.topic,
        partition=partition.number,
        offset=record.offset,
        key=record.key,
        value=record.value,
    )
