"""Reps who read their cards from the log and answer as their lead's temper has it, whoever was drawn."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from runtime.log import Log, LogUnavailableError, Message, Partition
from schemas import play
from schemas.fact import decode, encode
from schemas.feedback import Act, HandoffAccepted, HandoffRejected, RejectReason
from schemas.play import CardKind, DeliverPlay
from schemas.topics import FEEDBACK, PLAYS
from tests.faults.crowd import Person, Temper

_REASONS = {
    Temper.DECLINE: RejectReason.NOT_A_FIT,
    Temper.BAD_DATA: RejectReason.BAD_DATA,
    Temper.LATER: RejectReason.NOT_READY,
}
_TWICE = 7
"""Every so manyeth answer is pressed twice."""


@dataclass(slots=True)
class Reps:
    """All reps of one house. They answer each offer once, however often it is told."""

    log: Log
    people: Sequence[Person]
    answered: set[tuple[UUID, int]] = field(default_factory=set)
    """(handoff, round)."""
    given: int = 0
    """Answers, those that were pressed twice counted twice."""
    _read: dict[Partition, int] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def work(self, done: asyncio.Event) -> None:
        """Look for new cards until `done`; a log that does not answer is asked again."""
        while not done.is_set():
            try:
                await self.look()
            except LogUnavailableError:
                continue
            try:
                await asyncio.wait_for(done.wait(), 0.2)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Answer what has come since. Raises `LogUnavailableError`."""
        known = {email: person for person in self.people for email in person.emails}
        async with self._looking:
            for partition in await self.log.partitions(PLAYS.name):
                for record in await self.log.read(partition, self._read.get(partition, 0)):
                    card = decode(record.value, play.DECODER)
                    if isinstance(card, DeliverPlay) and card.kind is CardKind.OFFER:
                        await self._answer(card, known.get(card.brief.email))
                    self._read[partition] = record.offset + 1

    async def _answer(self, card: DeliverPlay, person: Person | None) -> None:
        turn = (card.handoff, card.sequence)
        act = _act(card, person.temper) if person is not None and turn not in self.answered else None
        if act is not None:
            times = 2 if act.id.int % _TWICE == 0 else 1
            await self.log.append(FEEDBACK.name, [Message(act.handoff.bytes, encode(act))] * times)
            self.answered.add(turn)
            self.given += times


def _act(card: DeliverPlay, temper: Temper) -> Act | None:
    first = card.sequence == 1
    said = {"id": uuid5(card.handoff, f"{temper} {card.sequence}"), "handoff": card.handoff, "actor": card.assignee}
    now = datetime.now(UTC)
    if temper is Temper.SILENT:
        return None
    if temper is Temper.ACCEPT or (temper is Temper.PASS_ON and not first):
        return HandoffAccepted(**said, at=now, via="inbox")  # type: ignore[arg-type]  # the struct checks them
    reason = _REASONS.get(temper, RejectReason.WRONG_REP)
    return HandoffRejected(**said, at=now, via="inbox", reason=reason)  # type: ignore[arg-type]  # the struct checks them
