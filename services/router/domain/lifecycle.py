"""How a lead's standing changes when sales takes it, closes it, or sends it back."""

from datetime import datetime

from schemas.fact import replace
from schemas.lead import LifecycleStage
from schemas.verdict import Ternary
from services.router.domain.decision import Enrol
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Lead, Standing
from services.router.domain.moments import milliseconds
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


def recycled(lead: Lead, playbook: Playbook, now: datetime) -> tuple[Lead, tuple[Enrol, ...]]:
    """Back to nurture: rules 2 and 3 are armed again after the cool-down, and interest alone asks nobody before it."""
    later = milliseconds(now + playbook.scoring.cool_down)
    standing = replace(
        lead.standing,
        handoff=None,
        armed=True,
        armed_from=later,
        sql=False,
        triage_from=later,
        lifecycle=LifecycleStage.LEAD if lead.standing.lifecycle in _WITH_SALES else lead.standing.lifecycle,
    )
    return enrolled(_with(lead, standing), playbook, now)


def track_for(facts: LeadFacts) -> str:
    """The name of the first nurture track that fits; empty for none."""
    for track, fits in facts.tracks:
        if fits or track.when.test(facts) is Ternary.TRUE:
            return track.name
    return ""


def enrolled(lead: Lead, playbook: Playbook, now: datetime) -> tuple[Lead, tuple[Enrol, ...]]:
    """In the first nurture track that fits, with the unknown it should resolve; only who has an address can be."""
    facts = LeadFacts(None, lead, playbook, now)
    track = track_for(facts)
    if not track or not facts.profile.emails:
        return lead, ()
    questions = facts.sql.questions
    enrol = Enrol(lead.id, track, questions[0] if questions else "")
    return _with(lead, replace(lead.standing, nurture=track)), (enrol,)


def disqualified(lead: Lead) -> Lead:
    """Nobody for sales: only a consultation request or a target's response starts anew."""
    return _with(lead, replace(lead.standing, handoff=None, disqualified=True, armed=False))


def _with(lead: Lead, standing: Standing) -> Lead:
    return replace(lead, standing=standing)
