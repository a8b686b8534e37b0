"""How timely every rule's handoffs were, from when they were really offered."""

from collections.abc import Mapping

from sqlalchemy import and_, select

from runtime.database import Database
from schemas.verdict import Rule
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.domain.playbook import Playbook
from services.router.domain.timeliness import Timeliness, timeliness

_FIRST = 1
"""The round in which somebody hears of it for the first time."""


async def timely(recorded: Database, playbook: Playbook) -> Mapping[Rule, Timeliness]:
    """rule → how timely its handoffs were, by the windows of this playbook. Only reads."""
    handoff, offer = tables.HANDOFF, tables.ASSIGNMENT
    first = and_(offer.c.lead == handoff.c.lead, offer.c.handoff == handoff.c.id, offer.c.round == _FIRST)
    wanted = select(handoff.c.handoff, offer.c.at).join(offer, first).order_by(handoff.c.id)
    async with recorded.reading() as connection:
        rows = list(await connection.execute(wanted))
    return timeliness(((codec.HANDOFF.decode(row.handoff), instant(row.at)) for row in rows), playbook)
