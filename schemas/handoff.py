"""A handoff: one passing of one lead to sales, with a state, a brief, a play, an assignee and deadlines."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.fact import Fact
from schemas.lead import Priority
from schemas.verdict import Rule


class HandoffState(StrEnum):
    """H1. The open ones have one accountable owner and a deadline."""

    QUEUED = "queued"
    """Decided; the team's queue is the accountable owner until a rep is drawn."""
    OFFERED = "offered"
    ACCEPTED = "accepted"
    WORKING = "working"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    REJECTED = "rejected"
    RECYCLED = "recycled"
    DISQUALIFIED = "disqualified"
    EXPIRED = "expired"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({HandoffState.QUEUED, HandoffState.OFFERED, HandoffState.ACCEPTED, HandoffState.WORKING})


class HandoffChanged(Fact, frozen=True, kw_only=True, tag="handoff_changed"):
    """A handoff came into a state. For CRMs and warehouses; `version` grows by one with each change."""

    handoff: UUID
    version: int
    state: HandoffState
    lead: UUID
    at: datetime
    actor: str
    rules: tuple[Rule, ...] = ()
    priority: Priority = Priority.D
    play: str = ""
    team: str = ""
    assignee: str = ""
    accept_by: datetime | None = None
    reason: str = ""
