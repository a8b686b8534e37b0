"""A handoff for the pictures: somebody's, of a team, with a priority."""

from datetime import UTC, datetime
from uuid import UUID

from schemas.brief import Brief
from schemas.handoff import HandoffState
from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.domain.handoff import Handoff


def a_handoff(team: str, priority: Priority, assignee: str = "") -> Handoff:
    """It waits in the team's queue, or is this rep's."""
    return Handoff(
        id=UUID(int=1),
        lead=UUID(int=2),
        version=1,
        state=HandoffState.OFFERED if assignee else HandoffState.QUEUED,
        rules=(Rule.SCORE_THRESHOLD,),
        priority=priority,
        play="threshold",
        playbook="",
        brief=Brief(name="Ada Okonkwo"),
        received_at=datetime(2026, 9, 15, 12, tzinfo=UTC),
        team=team,
        assignee=assignee,
    )
