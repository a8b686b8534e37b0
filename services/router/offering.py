"""Draws reps for what still waits: a second short transaction, one writer a team; replay applies what it recorded.

A batch draws for the handoffs it opens as long as nobody else holds their team's row. What is left comes here.
"""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.failpoints import reach
from runtime.outbox import Said
from schemas.handoff import HandoffState
from services.router.adapters import codec, tables
from services.router.adapters.ask import Number
from services.router.adapters.saving import handoff_row
from services.router.adapters.state import CrossedError, Write
from services.router.capacity import LOOK, giving, load_of, see_that_nobody_else_gave
from services.router.desk import DRAW, Desk, numbering
from services.router.domain.assignment import Rotation
from services.router.domain.handoff import Handoff
from services.router.domain.lead import Dossier
from services.router.drawing import Drawn, Waiting, announce, draw_for, measure, records, timers
from services.router.faults import Meaning, meaning_of
from services.router.metrics import QUEUED
from services.router.telling import already_read

_ATTEMPTS = 20
_SWEPT = 200
_PATIENCE = 0.1
"""Seconds for which a batch waits for the draws that it led to."""
_log = structlog.get_logger(__name__)


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
            except Exception as fault:  # noqa: BLE001  (nothing that fails after the commit may undo or repeat the commit)
                _log.warning("offers are left to the sweeper", exc_info=fault)

    async def offer(self, handoffs: Iterable[UUID]) -> list[Handoff]:
        """Draw and offer, for those of the handoffs that still wait; gives those that were. Raises `LogError`."""
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
        announce(self._desk, done)
        measure(done)
        await self._desk.outbox.publish(done.said)
        return [handoff for handoff, _ in done.offered]

    async def sweep(self) -> int:
        """Offer what a crash or an outage left in the queue; how many were."""
        handoff = tables.HANDOFF
        waiting = select(handoff.c.id).where(handoff.c.state == HandoffState.QUEUED.value)
        async with self._desk.carriage.database.reading() as connection:
            rows = await connection.execute(waiting.order_by(handoff.c.received_at, handoff.c.id).limit(_SWEPT))
            left = [row.id for row in rows]
        QUEUED.set(len(left))
        return len(await self.offer(left))

    async def _transaction(self, wanted: Sequence[UUID]) -> Drawn | None:
        desk = self._desk
        async with desk.carriage.database.transaction() as connection:
            seqs = await self._leads(connection, wanted)
            rows = await desk.state.lock(connection, tables.HANDOFF, [(one,) for one in wanted])
            queued = [codec.HANDOFF.decode(row[9]) for row in rows]
            queued = [one for one in queued if one.state is HandoffState.QUEUED]
            if not queued:
                return None
            if any(one.lead not in seqs for one in queued):
                raise CrossedError("a handoff's lead was merged while it was being drawn for")
            rotations = await self._teams(connection, {one.team for one in queued})
            read = await self._read(connection, {one.lead for one in queued})
            waiting = [Waiting(one, read[one.lead], seqs[one.lead]) for one in queued]
            playbook, now = desk.shelf.current, desk.now()
            ((number,),), *looked = await desk.state.ask(connection, numbering(DRAW, playbook=playbook, at=now), *LOOK)
            load = load_of(*looked)
            drawn = draw_for(desk, waiting, rotations, load=load, number=number, playbook=playbook)
            handoffs = [handoff_row(one, drawn.texts[one.id]) for one, _ in drawn.offered]
            kept = Write("put", tables.HANDOFF, handoffs)
            saying = Number(tables.OUTBOX, desk.outbox.rows(drawn.told.messages))
            writes = [kept, *records(drawn), timers(drawn.told.timers)]
            given, numbers = await desk.state.write(connection, writes, giving(drawn.offered), saying)
            see_that_nobody_else_gave(drawn.offered, load, given)
            drawn.said = Said(tuple(row[0] for row in numbers), tuple(drawn.told.messages))
            return drawn

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
