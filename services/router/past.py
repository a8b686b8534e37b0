"""The log as it was decided: batch by batch, read ahead, partition by partition."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Row, select

from runtime.database import Database
from runtime.log import Batch, Log, Partition, Record
from schemas.event import Event
from schemas.feedback import Feedback
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from services.router.reading import read
from services.router.uncounted import awaited, driven_again, events_in

_FETCHED = 1000


class ReplayError(Exception):
    """The past cannot be decided again with what is at hand. The message says what is missing."""


Books = Callable[[str, str], Playbook]
"""(version, lists version) that decided then → the playbook to decide by now."""


def as_then(books: Mapping[tuple[str, str], Playbook]) -> Books:
    """Each batch by the playbook that decided it. What it gives raises `ReplayError` where that is not among these."""

    def book(version: str, lists: str) -> Playbook:
        found = books.get((version, lists))
        if found is None:
            raise ReplayError(f"playbook {version} (lists {lists}) decided then, and is not here: name the store of it")
        return found

    return book


def begins_at_the_beginning(rows: Iterable[Row[Any]], reached: Mapping[Partition, int]) -> bool:
    """Whether these rows of `router_batch`, in their order, hold the first batch of every partition.

    `reached` says where each partition stands: one that stands anywhere and has no batch has none left.
    """
    first: dict[tuple[str, int], int] = {}
    for row in rows:
        first.setdefault((row.lane, row.partition), row.first)
    left = any(following and (one.topic, one.number) not in first for one, following in reached.items())
    return not left and not any(first.values())


def refuse_half_a_past() -> NoReturn:
    """Raises `ReplayError`: without the first batches nobody knows what people were by then."""
    raise ReplayError(
        "the first batches are forgotten (PLAYCALLER_BATCH_DAYS), with them what people were by then, and there is no "
        "snapshot to begin with: the router makes one every PLAYCALLER_SNAPSHOT_DAYS, `playcaller snapshot` one now"
    )


async def recorded_floods(recorded: Database, after: int = 0) -> Mapping[UUID, Mapping[str, int]]:
    """event → the flood counters by which it was decided, in batches with a number over `after`.

    They are read without a lock, so that a popular form makes nobody wait: of two batches side by side neither may have
    seen what the other counted. What each of them saw is recorded with its verdicts, as draws are.
    """
    table, found = tables.VERDICT, dict[UUID, Mapping[str, int]]()
    kept = select(table.c.event, table.c.surroundings).where(table.c.batch > after, table.c.surroundings != codec.EMPTY)
    async with recorded.reading() as connection:
        for row in await connection.execute(kept):
            flood = codec.SURROUNDINGS.decode(row.surroundings).flood
            if flood:
                found[row.event] = flood
    return found


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
