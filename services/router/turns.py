"""Every team's turns, from who was really drawn."""

from collections.abc import Mapping

from sqlalchemy import select

from runtime.database import Database
from services.router.adapters import codec, tables
from services.router.domain.decision import Draw
from services.router.domain.fairness import Share, fairness
from services.router.domain.playbook import Playbook


async def turns(recorded: Database, playbook: Playbook) -> Mapping[str, Mapping[str, Share]]:
    """team → rep → their part of its rotation, for the teams and weights of this playbook. Only reads."""
    drawn: dict[str, list[Draw]] = {}
    table = tables.ASSIGNMENT
    async with recorded.reading() as connection:
        for row in await connection.execute(
            select(table.c.team, table.c.draw).order_by(table.c.batch, table.c.handoff)
        ):
            drawn.setdefault(row.team, []).append(codec.DRAW.decode(row.draw))
    weights = {
        name: {rep: playbook.reps[rep].weight for rep in team.reps if rep in playbook.reps}
        for name, team in playbook.teams.items()
    }
    return {name: fairness(drawn.get(name, ()), reps) for name, reps in weights.items() if reps}
