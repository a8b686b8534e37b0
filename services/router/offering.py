"""Draws a rep for what waits: a second short transaction, one writer a team; replay applies what it recorded."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.failpoints import reach
from schemas.handoff import HandoffState
from schemas.play import CardKind
from schemas.topics import HANDOFFS, PLAYS
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant, milliseconds
from services.router.adapters.saving import handoff_row, timer_row
from services.router.adapters.state import CrossedError, Row
from services.router.cards import Showing, change, handoff_card
from services.router.desk import ASSIGNMENT_LANE, Desk, numbered
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw, SaveHandoff, SetTimer
from services.router.domain.handoff import Handoff
from services.router.domain.lead import Dossier
from services.router.domain.offers import offer
from services.router.faults import Meaning, meaning_of
from services.router.metrics import OFFER_SECONDS, OFFERED, QUEUED
from services.router.narration import Narration, of_offer
from services.router.telling import Told, already_read, rendered

_LOADED = (HandoffState.OFFERED.value, HandoffState.ACCEPTED.value, HandoffState.WORKING.value)
_ATTEMPTS = 20
_SWEPT = 200
_PATIENCE = 0.1
"""Seconds for which a batch waits for the draws that it led to."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Round:
    """One transaction of draws."""

    number: int
    now: datetime
    told: Told = field(default_factory=Told)
    handoffs: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    timers: dict[UUID, Row] = field(default_factory=dict)
    offered: list[tuple[Handoff, Draw]] = field(default_factory=list)


class Offering:
    """Offers queued handoffs, right after they were decided and whenever some were left behind."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: set[UUID] = set()
        self._drawing: asyncio.Task[None] | None = None

    async def soon(self, handoffs: Iterable[UUID]) -> None:
        """Have these offered and told, and wait for it, but not for long.

        A team for which somebody else draws just now holds up nobody's verdicts: until it is drawn, its queue is the
        accountable owner. What fails is left to the sweeper.
        """
        self._waiting.update(handoffs)
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw(), name="drawing")
        await asyncio.wait({self._drawing}, timeout=_PATIENCE)

    async def idle(self) -> None:
        """Wait until nothing is being drawn any more, no longer than a goodbye may take."""
        if self._drawing is not None:
            await asyncio.wait({self._drawing}, timeout=self._desk.settings.grace)

    async def _draw(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, set()
            try:
                await self.offer(taken)
                await self._desk.outbox.flush()
            except Exception as fault:  # noqa: BLE001  (nothing that fails after the commit may undo or repeat the commit)
                _log.warning("offers are left to the sweeper", exc_info=fault)

    async def offer(self, handoffs: Iterable[UUID]) -> list[Handoff]:
        """Draw and offer, for those of the handoffs that still wait; gives those that were offered.

        What there is to tell stands in the outbox then: flush it.
        """
        wanted = sorted(set(handoffs))
        if not wanted:
            return []
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                done = await self._transaction(wanted)
                break
            except Exception as fault:
                if meaning_of(fault) is not Meaning.AGAIN or attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(0.003 * attempt)
        if done is None:
            return []
        reach("router.offered")
        self._desk.narrate([_narrated(one, drawn, done.now) for one, drawn in done.offered])
        for handoff, _ in done.offered:
            OFFERED.labels(handoff.team).inc()
            OFFER_SECONDS.observe(max(0.0, (done.now - handoff.received_at).total_seconds()))
        return [handoff for handoff, _ in done.offered]

    async def sweep(self) -> int:
        """Offer what a crash or an outage left in the queue; how many were."""
        handoff = tables.HANDOFF
        waiting = select(handoff.c.id).where(handoff.c.state == HandoffState.QUEUED.value)
        async with self._desk.carriage.database.reading() as connection:
            rows = await connection.execute(waiting.order_by(handoff.c.received_at, handoff.c.id).limit(_SWEPT))
            left = [row.id for row in rows]
        QUEUED.set(len(left))
        offered = await self.offer(left)
        if offered:
            await self._desk.outbox.flush()
        return len(offered)

    async def _transaction(self, wanted: Sequence[UUID]) -> _Round | None:
        desk = self._desk
        async with desk.carriage.database.transaction() as connection:
            seqs = await self._leads(connection, wanted)
            rows = await desk.state.lock(connection, tables.HANDOFF, [(one,) for one in wanted])
            waiting = [codec.HANDOFF.decode(row[9]) for row in rows]
            waiting = [one for one in waiting if one.state is HandoffState.QUEUED]
            if not waiting:
                return None
            if any(one.lead not in seqs for one in waiting):
                raise CrossedError("a handoff's lead was merged while it was being drawn for")
            rotations = await self._teams(connection, {one.team for one in waiting})
            playbook, now = desk.shelf.current, instant(milliseconds(desk.now()))  # as it is recorded, so replayed
            number = await numbered(desk, connection, (ASSIGNMENT_LANE, -1, 0, 0), playbook=playbook, at=now)
            work = _Round(number, now)
            load = await _open_load(connection)
            read = await self._read(connection, {one.lead for one in waiting})
            for handoff in sorted(waiting, key=lambda one: (one.priority, one.received_at, one.id)):
                drawn, rotation = draw(handoff, playbook, rotations[handoff.team], load, now)
                rotations[handoff.team] = rotation
                load[drawn.rep] = load.get(drawn.rep, 0) + 1
                self._offer(work, handoff, drawn, read[handoff.lead], seqs[handoff.lead])
            await self._save(connection, work, rotations)
            return work

    async def _leads(self, connection: AsyncConnection, wanted: Sequence[UUID]) -> dict[UUID, int]:
        """Lock the leads first, as every batch does; their counters say after which fact the draw stands."""
        handoff = tables.HANDOFF
        rows = await connection.execute(select(handoff.c.lead).where(handoff.c.id.in_(wanted)))
        leads = sorted({row.lead for row in rows})
        locked = await self._desk.state.lock(connection, tables.STANDING, [(lead,) for lead in leads])
        return {row[0]: row[1] for row in locked}

    async def _teams(self, connection: AsyncConnection, teams: set[str]) -> dict[str, Rotation]:
        state = self._desk.state
        fresh = codec.ROTATION.encode(Rotation())
        await state.add(connection, tables.ROTATION, [(team, fresh) for team in sorted(teams)])
        rows = await state.lock(connection, tables.ROTATION, [(team,) for team in sorted(teams)])
        return {team: codec.ROTATION.decode(blob) for team, blob in rows}

    async def _read(self, connection: AsyncConnection, leads: set[UUID]) -> dict[UUID, frozenset[str]]:
        """What each of the leads has already read: no play sends it again."""
        asked = [(lead,) for lead in sorted(leads)]
        rows = await self._desk.state.fetch(
            connection, tables.IDENTIFIER, ("lead",), asked, ("lead", "dossier"), only=tables.CROWDED
        )
        dossiers: dict[UUID, list[Dossier]] = {lead: [] for lead in leads}
        for lead, blob in rows:
            dossiers[lead].append(codec.DOSSIER.decode(blob))
        return {lead: already_read(known) for lead, known in dossiers.items()}

    def _offer(self, work: _Round, waiting: Handoff, drawn: Draw, read: frozenset[str], seq: int) -> None:
        shelf, now = self._desk.shelf, work.now
        handoff, commands = offer(waiting, drawn, shelf.current, now)
        text = rendered(handoff, shelf, read)
        work.handoffs.append(handoff_row(handoff, codec.PLAY_TEXT.encode(text)))
        work.assignments.append(_assignment_row(handoff, drawn, seq, work, shelf.current.version))
        work.offered.append((handoff, drawn))
        told = ""
        for command in commands:
            if isinstance(command, SetTimer):
                row = timer_row(command)
                work.timers[row[0]] = row
            elif isinstance(command, SaveHandoff):
                told = command.tell
        work.told.say(HANDOFFS.name, handoff.id, change(handoff, "", now, told))
        showing = Showing(CardKind.OFFER, handoff.round, (handoff.assignee,), told)
        work.told.say(PLAYS.name, handoff.id, handoff_card(handoff, text, showing, shelf.current, now))

    async def _save(self, connection: AsyncConnection, work: _Round, rotations: dict[str, Rotation]) -> None:
        state = self._desk.state
        await state.put(connection, tables.HANDOFF, work.handoffs)
        await state.put(connection, tables.ASSIGNMENT, work.assignments)
        kept = [(team, codec.ROTATION.encode(rotation)) for team, rotation in sorted(rotations.items())]
        await state.put(connection, tables.ROTATION, kept)
        await state.add(connection, tables.TIMER, [work.timers[one] for one in sorted(work.timers)])
        await self._desk.outbox.put(connection, work.told.messages)


async def _open_load(connection: AsyncConnection) -> dict[str, int]:
    handoff = tables.HANDOFF
    counted = select(handoff.c.assignee, func.count().label("open")).where(handoff.c.state.in_(_LOADED))
    rows = await connection.execute(counted.group_by(handoff.c.assignee))
    return {row.assignee: row.open for row in rows}


def _assignment_row(handoff: Handoff, drawn: Draw, seq: int, work: _Round, version: str) -> Row:
    at = milliseconds(handoff.offered_at or work.now)
    return (
        *(handoff.lead, handoff.id, handoff.round, seq, work.number, drawn.rep, drawn.team),
        *(at, version, codec.DRAW.encode(drawn)),
    )


def _narrated(handoff: Handoff, drawn: Draw, now: datetime) -> Narration:
    return of_offer(handoff, now, next((one.reason for one in drawn.candidates if one.chosen), ""))
