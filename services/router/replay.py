"""Decides the past again, from a snapshot and the log, and compares it with what was decided, byte for byte.

Batches are folded in the order of their numbers, which were drawn after locking: two that touched the same lead are
numbered as they went, so each lead is folded in the order of its `lead_seq`, and events without rows by batch, then
offset. Recorded draws are applied where they stood; nobody is ever drawn again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from runtime.log import Log
from runtime.positions import Positions
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.adapters.saving import handoff_row
from services.router.applying import More, folded_into
from services.router.desk import ASSIGNMENT_LANE, Desk
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.world import NeedsMoreError
from services.router.past import Past, ReplayError, begins_at_the_beginning, recorded_floods, refuse_half_a_past

_COMPARED = (
    "event",
    "at",
    "outcome",
    "code",
    "handoff",
    "playbook",
    "lists",
    "digest",
    "counted",
    "surroundings",
    "receipt",
)
_ATTEMPTS = 30


@dataclass(slots=True)
class Replayed:
    """What a replay went through, and where it came to something else."""

    batches: int = 0
    draws: int = 0
    verdicts: int = 0
    differences: list[str] = field(default_factory=list)


async def replay(recorded: Database, log: Log, desk: Desk, books: Mapping[tuple[str, str], Playbook]) -> Replayed:
    """Fold everything after the snapshot that stands in `desk`'s own database (empty: from the beginning).

    `recorded` is only read. `books` holds every playbook by (version, lists version) that decided anything since.
    Raises `ReplayError` where a playbook or a part of the log is gone, `OffsetLostError` as the log does.
    """
    done, past = Replayed(), Past(log)
    async with desk.carriage.database.reading() as connection:
        start = (await connection.execute(select(func.max(tables.BATCH.c.number)))).scalar_one() or 0
    rows = await _rows(recorded, tables.BATCH, tables.BATCH.c.number > start, tables.BATCH.c.number)
    async with recorded.reading() as connection:
        reached = await Positions(tables.POSITIONS).read(connection)
    if not start and not begins_at_the_beginning(rows, reached):
        refuse_half_a_past()
    floods = await recorded_floods(recorded, start)
    for row in rows:
        book = books.get((row.playbook, row.lists))
        if book is None:
            raise ReplayError(f"batch {row.number} was decided by playbook {row.playbook} (lists {row.lists}): load it")
        if row.lane == ASSIGNMENT_LANE:
            done.draws += await _draws(recorded, desk, row, book)
        else:
            await _batch(past, desk, row, book, floods)
            done.batches += 1
    await _compare(recorded, desk.carriage.database, start, done)
    return done


async def _rows(database: Database, table: Table, where: Any, *order: Any) -> list[Row[Any]]:
    async with database.reading() as connection:
        return list(await connection.execute(select(table).where(where).order_by(*order)))


async def _batch(
    past: Past, desk: Desk, row: Row[Any], book: Playbook, floods: Mapping[UUID, Mapping[str, int]]
) -> None:
    piece = await past.piece(row)
    more = More()
    for _ in range(_ATTEMPTS):
        try:
            async with desk.carriage.database.transaction() as connection:
                await _copied(connection, row)
                await folded_into(
                    desk,
                    connection,
                    piece.facts,
                    playbook=book,
                    more=more,
                    number=row.number,
                    at=instant(row.at),
                    dead=piece.dead,
                    alive=piece.alive,
                    floods=floods,
                )
        except NeedsMoreError as missing:
            more.learn(missing)
        else:
            return
    raise ReplayError(f"batch {row.number} keeps asking for more identities")


async def _draws(recorded: Database, desk: Desk, row: Row[Any], book: Playbook) -> int:
    assignment = tables.ASSIGNMENT
    draws = await _rows(recorded, assignment, assignment.c.batch == row.number, assignment.c.handoff)
    async with desk.carriage.database.transaction() as connection:
        await _copied(connection, row)
        kept = await desk.state.lock(connection, tables.HANDOFF, [(one.handoff,) for one in draws])
        handoffs = {one[0]: codec.HANDOFF.decode(one[9]) for one in kept}
        offered = []
        for one in draws:
            if one.handoff in handoffs:
                handoff, _ = offer(handoffs[one.handoff], codec.DRAW.decode(one.draw), book, instant(one.at))
                offered.append(handoff_row(handoff, codec.EMPTY))
        await desk.state.put(connection, tables.HANDOFF, offered)
    return len(draws)


async def _copied(connection: AsyncConnection, row: Row[Any]) -> None:
    await connection.execute(insert(tables.BATCH).values(dict(row._mapping)))  # noqa: SLF001  (SQLAlchemy's documented name)


async def _compare(recorded: Database, decided: Database, start: int, done: Replayed) -> None:
    past, again = await _verdicts(recorded, start), await _verdicts(decided, start)
    done.verdicts = len(past)
    for key in sorted(past.keys() | again.keys()):
        if past.get(key) != again.get(key):
            names = [name for name in _COMPARED if past.get(key, {}).get(name) != again.get(key, {}).get(name)]
            done.differences.append(f"{key[0]} #{key[1]}: {', '.join(names)}")


async def _verdicts(database: Database, start: int) -> dict[tuple[UUID, int], dict[str, Any]]:
    verdict = tables.VERDICT
    rows = await _rows(database, verdict, verdict.c.batch > start, verdict.c.lead, verdict.c.seq)
    return {(row.lead, row.seq): {name: getattr(row, name) for name in _COMPARED} for row in rows}
