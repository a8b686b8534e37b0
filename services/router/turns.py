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
    drawn: dict[tuple[str, bool], list[Draw]] = {}
    table, handoff = tables.ASSIGNMENT, tables.HANDOFF
    joined = table.outerjoin(handoff, handoff.c.id == table.c.handoff)
    asked = select(table.c.team, table.c.rep, table.c.draw, handoff.c.handoff.label("of")).select_from(joined)
    async with recorded.reading() as connection:
        for row in await connection.execute(asked.order_by(table.c.batch, table.c.handoff)):
            returned = row.of is not None and row.rep in codec.HANDOFF.decode(row.of).returned
            drawn.setdefault((row.team, returned), []).append(codec.DRAW.decode(row.draw))
    weights = {
        name: {rep: playbook.reps[rep].weight for rep in team.reps if rep in playbook.reps}
        for name, team in playbook.teams.items()
    }
    return {
        name: fairness(drawn.get((name, False), ()), reps, drawn.get((name, True), ()))
        for name, reps in weights.items()
        if reps
    }
