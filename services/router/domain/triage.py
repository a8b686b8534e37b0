"""What a person's decision about a triage item leads to: to sales after all, back to nurture, or nobody for sales."""

from datetime import datetime

from schemas.enrolment import EnrolmentStep
from schemas.fact import replace
from schemas.feedback import TriageChoice, TriageDecided
from schemas.lead import LifecycleStage
from schemas.verdict import Rule
from services.router.domain import handoffs, lifecycle, nurturing, opening, reasons, window
from services.router.domain.decision import Decision, SaveHandoff, SaveTriage, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import TriageItem
from services.router.domain.identity import made_by
from services.router.domain.lead import Lead
from services.router.domain.nurturing import Cause
from services.router.domain.playbook import Playbook

_SENT_BACK = "A person looked at it: not ready for sales yet."
_NOBODY = "A person looked at it: nobody for sales."
_PASSED = "A person looked at it and passed it."


def may_settle(actor: str, item: TriageItem, playbook: Playbook) -> bool:
    """Whoever is shown the item: the team that triages, its manager, and the person of last resort."""
    team = playbook.teams.get(item.team) or playbook.teams.get(playbook.triage_team)
    return actor == playbook.last_resort or (team is not None and actor in (*team.reps, team.manager))


def decided(
    fact: TriageDecided, item: TriageItem, lead: Lead, around: Surroundings, *, playbook: Playbook, now: datetime
) -> Decision:
    """Close the item and do what the person chose."""
    close = SaveTriage(opening.settled(item, fact.choice.value), fact.actor)
    free = replace(lead, standing=replace(lead.standing, triage=None))
    match fact.choice:
        case TriageChoice.PASS:
            facts = LeadFacts(None, free, playbook, now)
            return _passed(fact, item, facts, around, close)
        case TriageChoice.NURTURE:
            handoff = free.standing.handoff
            back, enrols = lifecycle.recycled(free, playbook, Cause(fact.id, now, _SENT_BACK))
            kept = replace(back, standing=replace(back.standing, handoff=handoff))
            return Decision(kept, None, (close, *enrols))
        case TriageChoice.DISQUALIFY:
            handoff = free.standing.handoff
            gone, leaves = lifecycle.disqualified(free, playbook, Cause(fact.id, now, _NOBODY))
            kept = replace(gone, standing=replace(gone.standing, handoff=handoff))
            return Decision(kept, None, (close, *leaves))


def _passed(
    fact: TriageDecided,
    item: TriageItem,
    facts: LeadFacts,
    around: Surroundings,
    close: SaveTriage,
) -> Decision:
    """A person's word passes the lead like a rule. One that is with sales already needs no second handoff.

    Where no rule held there, or the account's owner has a play by the only one that did, the play answers what brought
    the lead to that person; of the rules' precision, patience and stamps that handoff has none.
    """
    own, lead = around.handoff, facts.lead
    if own is not None and handoffs.is_open(own):
        return Decision(lead, None, (close,))
    rules = tuple(rule for rule in item.rules if rule is not Rule.TARGET_RESPONDS or around.account_handoff is None)
    trigger = None if rules else opening.trigger_of(facts, item.rules, item.why)
    left = window.left(rules, facts.playbook, item.opened_at, facts.now)
    fading = (reasons.fading(left).text,) if left is not None and left.late else ()
    handoff = opening.opened(
        made_by(fact.id, "handoff"),
        facts,
        rules,
        window.lowered(item.priority, left.letters if left else 0),
        to=opening.destination(facts, around),
        play=opening.play_for(facts, rules if trigger is None else (trigger,))[0],
        received_at=item.opened_at,
        why_now=(*item.brief.why_now, _PASSED, *fading),
        opened_at=left.opened_at if left else None,
        contacts=around.contacts,
        trigger=trigger,
    )
    standing = replace(lead.standing, handoff=handoff.id, disqualified=False)
    if Rule.SQL_CRITERIA in rules:
        standing = replace(standing, lifecycle=lifecycle.at_least(standing.lifecycle, LifecycleStage.SQL))
    cause = Cause(fact.id, facts.now, _PASSED)
    after, leaves = nurturing.left(standing, facts, cause, EnrolmentStep.GRADUATED)
    return Decision(replace(lead, standing=after), None, (close, SaveHandoff(handoff, fact.actor), *leaves))
