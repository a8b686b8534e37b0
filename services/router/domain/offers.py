"""Offers a queued handoff to the rep who was drawn: deadlines run from the real time of the offer, not of the event."""

from datetime import datetime

from schemas.fact import replace
from services.router.domain import deadlines
from services.router.domain.decision import Command, Draw
from services.router.domain.fairness import in_turn
from services.router.domain.handoff import Handoff
from services.router.domain.handoffs import Move, moved
from services.router.domain.playbook import Playbook


def offer(handoff: Handoff, draw: Draw, playbook: Playbook, now: datetime) -> tuple[Handoff, tuple[Command, ...]]:
    """The handoff offered to `draw.rep` at `now` (UTC), one round further, and its timers.

    Raises `IllegalMoveError` for a handoff that does not wait in a queue.
    """
    offered = moved(
        handoff,
        Move.OFFER,
        round=handoff.round + 1,
        team=draw.team or handoff.team,
        assignee=draw.rep,
        offered_at=now,
        reminders=0,
        turn=draw.rep if in_turn(draw) else "",
    )
    within = deadlines.level_of(offered, playbook).accept_within
    due, timers = deadlines.timers(deadlines.ACCEPT, offered, playbook, now, within)
    return replace(offered, accept_by=due), timers
