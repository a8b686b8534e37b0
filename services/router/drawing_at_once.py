"""Offers made in the transaction of the batch that opened the handoffs, where nobody else holds their teams' rows."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters import codec, tables
from services.router.adapters.loading import Loaded
from services.router.desk import Desk
from services.router.domain.assignment import Rotation
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.drawing import Drawn, Waiting, draw_for
from services.router.telling import Told, already_read

_TURN = 0.1
"""Seconds for which a batch waits to draw: then it is drawn for later, and no ring of waiting lasts."""


async def drawable(
    desk: Desk, connection: AsyncConnection, turn: AsyncExitStack, loaded: Loaded, told: Told
) -> tuple[list[Waiting], Mapping[str, Rotation]]:
    """What the batch queued for teams whose rows nobody holds, and those rows, held: no verdict waits for a team."""
    if not told.queued or not await _in_turn(desk, turn):
        return [], {}
    world = loaded.world
    queued = [world.handoffs[one] for one in told.queued]
    teams = sorted({one.team for one in queued})
    rows = await desk.state.lock(connection, tables.ROTATION, [(team,) for team in teams], held="skipped")
    rotations = {team: codec.ROTATION.decode(blob) for team, blob in rows}
    known = world.standings.keys() & world.members.keys()  # an account's open handoff may be another lead's
    return [_waiting(loaded, one) for one in queued if one.team in rotations and one.lead in known], rotations


async def drawn_at_once(
    desk: Desk,
    connection: AsyncConnection,
    loaded: Loaded,
    told: Told,
    waiting: Sequence[Waiting],
    *,
    rotations: Mapping[str, Rotation],
    numbers: Sequence[int],
    playbook: Playbook,
) -> Drawn | None:
    """Offer these at once, as the draw with the first of the `numbers`; None where there is nothing to offer.

    `playbook` is the one for which the number was taken.
    """
    if not waiting:
        return None
    drawn = await draw_for(desk, connection, waiting, rotations, number=numbers[0], playbook=playbook)
    told.queued = [one for one in told.queued if one not in drawn.texts]
    loaded.world.handoffs.update({handoff.id: handoff for handoff, _ in drawn.offered})
    loaded.texts.update(drawn.texts)
    return drawn


async def _in_turn(desk: Desk, turn: AsyncExitStack) -> bool:
    """Wait for this process's other draws to be committed, but not for long; `turn` ends after this batch's commit."""
    try:
        async with asyncio.timeout(_TURN):
            await desk.drawing.acquire()
    except TimeoutError:
        return False
    turn.callback(desk.drawing.release)
    return True


def _waiting(loaded: Loaded, handoff: Handoff) -> Waiting:
    world = loaded.world
    read = already_read(world.identifiers[key].dossier for key in world.members.get(handoff.lead, ()))
    return Waiting(handoff, read, world.standings[handoff.lead].seq)
