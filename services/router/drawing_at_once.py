"""Offers made in the transaction of the batch that opened the handoffs, where nobody else holds their teams' rows."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters import codec, tables
from services.router.adapters.ask import Ask, Fetch, Lock, Number, Row
from services.router.adapters.loading import Loaded
from services.router.capacity import LOOK, NOBODY, Load, load_of
from services.router.desk import Desk
from services.router.domain.assignment import Rotation
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.drawing import Drawn, Waiting, draw_for
from services.router.telling import Told, already_read

_TURN = 0.1
"""Seconds for which a batch waits to draw: then it is drawn for later, and no ring of waiting lasts."""


async def teams_in_turn(desk: Desk, turn: AsyncExitStack, loaded: Loaded, told: Told) -> list[str]:
    """The teams for which this batch may draw, if nobody else holds their rows; `turn` ends after its commit.

    None where a turn is given back in it: then teams' rows are changed before anybody is drawn.
    """
    if not told.queued or told.turns or not await _in_turn(desk, turn):
        return []
    return sorted({loaded.world.handoffs[one].team for one in told.queued})


@dataclass(frozen=True, slots=True)
class Held:
    """What a batch draws from: the rows it holds, and what the reps have in hand."""

    rotations: Mapping[str, Rotation]
    load: Load
    number: int = 0
    """The draw's own: whatever it saw has a lower one."""


def to_hold(teams: Sequence[str]) -> list[Ask]:
    """Asks for the rows of these teams that nobody else holds, and for what `holding` makes of the answers."""
    if not teams:
        return []
    keys = [(team,) for team in teams]
    return [
        Lock(tables.ROTATION, keys, held="skipped"),
        Fetch(tables.ROTATION, ("team",), keys, ("team", "rotation")),
        *LOOK,
    ]


async def holding(
    desk: Desk, connection: AsyncConnection, answers: Sequence[Sequence[Row]], numbers: Sequence[int], *, again: Number
) -> Held:
    """What the answers come to, with the first of the `numbers` for the draw.

    Where somebody has drawn between our look and our lock, the reps are looked at `again`, under another number.
    """
    if not answers:
        return Held({}, NOBODY)
    locked, stood, *looked = answers
    rotations = {team: codec.ROTATION.decode(blob) for team, blob in locked}
    if not {tuple(row) for row in locked} <= {tuple(row) for row in stood}:
        ((number,),), *looked = await desk.state.ask(connection, again, *LOOK)
        numbers = [number]
    return Held(rotations, load_of(*looked), numbers[0])


def _drawable(loaded: Loaded, told: Told, held: Held) -> list[Waiting]:
    """What the batch queued for the teams whose rows it holds: no verdict waits for a team."""
    if not held.rotations:
        return []
    world = loaded.world
    queued = [world.handoffs[one] for one in told.queued]
    known = world.standings.keys() & world.members.keys()  # an account's open handoff may be another lead's
    return [_waiting(loaded, one) for one in queued if one.team in held.rotations and one.lead in known]


def drawn_at_once(desk: Desk, loaded: Loaded, told: Told, held: Held, *, playbook: Playbook) -> Drawn | None:
    """Offer what can be offered at once; None where that is nothing. `playbook` is that of the draw's number."""
    waiting = _drawable(loaded, told, held)
    if not waiting:
        return None
    drawn = draw_for(desk, waiting, held.rotations, load=held.load, number=held.number, playbook=playbook)
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
