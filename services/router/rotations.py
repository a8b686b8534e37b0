"""What changes the teams' rotations beside a draw: a turn that comes back, a rep who is away."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.fact import replace
from services.router.adapters import codec, tables
from services.router.desk import Desk
from services.router.domain.absences import declared
from services.router.domain.assignment import Rotation, given_back
from services.router.domain.decision import ReturnTurn, SetAbsence
from services.router.domain.playbook import Playbook


async def rotated(
    desk: Desk, connection: AsyncConnection, turns: Sequence[ReturnTurn | SetAbsence], playbook: Playbook
) -> None:
    """Rare: a merge or a bad lead gives a rep's turn back, or a rep is away: every team is told, whichever asks them.

    Teams are locked after all that was there before.
    """
    teams = {turn.team for turn in turns if isinstance(turn, ReturnTurn)}
    if any(isinstance(turn, SetAbsence) for turn in turns):
        teams |= set(playbook.teams)
        fresh = codec.ROTATION.encode(Rotation())
        await desk.state.add(connection, tables.ROTATION, [(team, fresh) for team in sorted(playbook.teams)])
    rows = await desk.state.lock(connection, tables.ROTATION, [(team,) for team in sorted(teams)])
    rotations = {team: codec.ROTATION.decode(blob) for team, blob in rows}
    for turn in turns:
        if isinstance(turn, SetAbsence):
            rotations = {team: replace(one, away=declared(one.away, turn)) for team, one in rotations.items()}
        elif turn.team in rotations:
            rotations[turn.team] = given_back(rotations[turn.team], turn.rep)
    kept = [(team, codec.ROTATION.encode(rotation)) for team, rotation in sorted(rotations.items())]
    await desk.state.put(connection, tables.ROTATION, kept)
