"""Which situations really came, how often, and which play answers each today: the coverage map's gaps by volume."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from runtime.database import Database
from schemas.verdict import Rule
from services.router.adapters import codec, tables
from services.router.adapters.codec import milliseconds
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.plays import LEADING, choose, trigger_without_rule


@dataclass(frozen=True, slots=True, order=True)
class Situation:
    """Why and for whom a play was wanted, and the one that is for them. Persona and stage by label; empty: unknown."""

    trigger: Rule
    persona: str
    stage: str
    product: str
    phone: bool
    play: str


async def demand(recorded: Database, playbook: Playbook, since: datetime) -> Mapping[Situation, int]:
    """How many handoffs began in each situation since then, the most frequent first. Only reads.

    The play is the one that this playbook has for them, which need not be the one that they got.
    """
    columns = select(tables.HANDOFF.c.handoff).where(tables.HANDOFF.c.received_at >= milliseconds(since))
    async with recorded.reading() as connection:
        handoffs = [codec.HANDOFF.decode(row.handoff) for row in await connection.execute(columns)]
    return counted(handoffs, playbook)


def counted(handoffs: Iterable[Handoff], playbook: Playbook) -> Mapping[Situation, int]:
    """The situations of these, the most frequent first."""
    counts = Counter(_situation(one, playbook) for one in handoffs)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _situation(handoff: Handoff, playbook: Playbook) -> Situation:
    brief = handoff.brief
    persona = next((one.name for one in playbook.personas if one.label == brief.persona), "")
    stage = next((one.name for one in playbook.stages if one.label == brief.stage), "")
    phone = bool(brief.phone)
    triggers = handoff.triggers or (trigger_without_rule(asked=False, named=handoff.account in playbook.targets),)
    play, _ = choose(playbook, triggers, persona, stage, brief.interest, phone)
    named = {product for one in playbook.plays for product in one.products}
    product = brief.interest.casefold()
    trigger = next(rule for rule in LEADING if rule in triggers)
    return Situation(trigger, brief.persona, brief.stage, product if product in named else "", phone, play.name)
