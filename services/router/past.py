"""The log as it was decided: batch by batch, read ahead, partition by partition."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from runtime.log import Batch, Log, Partition, Record
from schemas.event import Event
from schemas.feedback import Feedback
from services.router.adapters import codec
from services.router.reading import read
from services.router.uncounted import awaited, driven_again, events_in

_FETCHED = 1000


class ReplayError(Exception):
    """The past cannot be decided again with what is at hand. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one batch decided."""

    facts: list[Event | Feedback]
    dead: AbstractSet[UUID]
    """Its events that became dead letters."""
    alive: AbstractSet[UUID]
    """Its facts that had been some, and were driven again."""


class Past:
    """The facts of batches, asked for in the order in which they were numbered."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._ahead: dict[Partition, list[Record]] = {}

    async def piece(self, row: Row[Any]) -> Piece:
        """The facts that this row of `router_batch` decided, but for those that had no effect.

        Raises `ReplayError` where one cannot be read, `OffsetLostError` as the log does.
        """
        partition = Partition(row.lane, row.partition)
        dropped = dict(codec.DROPPED.decode(row.dropped)) if row.dropped else {}
        held = await self._records(partition, row.first, row.next)
        records = [one for one in held if one.offset not in dropped]
        dead = events_in(one for one in held if awaited(dropped.get(one.offset, "")))
        incoming = read(Batch(partition, row.first, row.next, 0, records), {})
        if incoming.deaths:
            why = incoming.deaths[0].detail
            raise ReplayError(f"{row.lane}/{row.partition}: {why}: replay with the version that wrote it")
        facts = [entry.fact for entry in incoming.entries]
        return Piece(facts, dead, driven_again(incoming, incoming.entries))

    async def _records(self, partition: Partition, first: int, following: int) -> list[Record]:
        """Those from the first to before the following offset; more is read at once, and kept for the next batches."""
        ahead = [one for one in self._ahead.get(partition, ()) if one.offset >= first]
        offset = ahead[-1].offset + 1 if ahead else first
        while offset < following:
            some = await self._log.read(partition, offset, _FETCHED)
            ahead += some
            if not some:
                break
            offset = some[-1].offset + 1
        self._ahead[partition] = [one for one in ahead if one.offset >= following]
        return [one for one in ahead if one.offset < following]
