"""How a lead's standing changes when sales takes it, closes it, or sends it back."""

from schemas.enrolment import EnrolmentStep
from schemas.fact import replace
from schemas.lead import LifecycleStage
from services.router.domain import nurturing
from services.router.domain.decision import ChangeTrack
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Lead, Standing
from services.router.domain.moments import milliseconds
from services.router.domain.nurturing import Cause
from services.router.domain.playbook import Playbook

_STAGES = tuple(LifecycleStage)
_WITH_SALES = frozenset({LifecycleStage.MQL, LifecycleStage.SAL, LifecycleStage.SQL})


def at_least(stage: LifecycleStage, reached: LifecycleStage) -> LifecycleStage:
    """The further of two stages: nobody moves backwards by this."""
    return max(stage, reached, key=_STAGES.index)


def taken(lead: Lead, rep: str) -> Lead:
    """A rep's acceptance makes it a SAL, and the rep its owner."""
    standing = lead.standing
    stage = at_least(standing.lifecycle, LifecycleStage.SAL)
    return _with(lead, replace(standing, lifecycle=stage, owner=rep, disqualified=False))


def closed(lead: Lead, reached: LifecycleStage | None = None) -> Lead:
    """No handoff is open any more; the lead may have come further by it."""
    standing = replace(lead.standing, handoff=None)
    if reached is not None:
        standing = replace(standing, lifecycle=at_least(standing.lifecycle, reached))
    return _with(lead, standing)


def recycled(lead: Lead, playbook: Playbook, cause: Cause) -> tuple[Lead, tuple[ChangeTrack, ...]]:
    """Back to nurture: rules 2 and 3 are armed again after the cool-down, and interest alone asks nobody before it."""
    later = milliseconds(cause.at + playbook.scoring.cool_down)
    standing = replace(
        lead.standing,
        handoff=None,
        armed=True,
        armed_from=later,
        sql=False,
        triage_from=later,
        lifecycle=LifecycleStage.LEAD if lead.standing.lifecycle in _WITH_SALES else lead.standing.lifecycle,
    )
    free = _with(lead, standing)
    facts = LeadFacts(None, free, playbook, cause.at)
    track = nurturing.way_in(standing, facts)
    if not track:
        return free, ()
    after, changes = nurturing.entered(standing, facts, cause, track, facts.sql.questions)
    return _with(lead, after), changes


def disqualified(lead: Lead, playbook: Playbook, cause: Cause) -> tuple[Lead, tuple[ChangeTrack, ...]]:
    """Nobody for sales: only a consultation request or a target's response starts anew. Nor for nurture."""
    standing = replace(lead.standing, handoff=None, disqualified=True, armed=False, returns=None)
    if not standing.nurture:
        return _with(lead, standing), ()
    facts = LeadFacts(None, lead, playbook, cause.at)
    after, changes = nurturing.left(standing, facts, cause, EnrolmentStep.WITHDRAWN)
    return _with(lead, after), changes


def _with(lead: Lead, standing: Standing) -> Lead:
    return replace(lead, standing=standing)
