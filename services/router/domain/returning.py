"""A lead that a rep wants to see again: until when it is given back, and how it then comes to sales anew (H3)."""

from datetime import datetime, time, timedelta
from uuid import UUID

from schemas.enrolment import EnrolmentStep
from schemas.fact import replace
from schemas.feedback import LONGEST_RETURN, HandoffRejected, OutcomeReported, TimerFired, TimerKind, TriageChoice
from schemas.verdict import Rule
from services.router.domain import business_time, deadlines, nurturing, opening
from services.router.domain.decision import Decision, SaveHandoff, SaveTriage, SetTimer, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff
from services.router.domain.identity import made_by
from services.router.domain.lead import Lead, Return
from services.router.domain.moments import instant, milliseconds
from services.router.domain.nurturing import Cause
from services.router.domain.opening import Destination
from services.router.domain.playbook import Playbook
from services.router.domain.suppressing import suppression_of

_CLOCK = "clock"
_SAID = 300
"""Characters of a rep's note that are kept until then."""


def given_back(
    fact: HandoffRejected | OutcomeReported, handoff: Handoff, lead: Lead, playbook: Playbook
) -> tuple[Lead, tuple[SetTimer, ...]]:
    """The recycled lead, to come back when its rep begins to work on the day that was asked for, and what wakes it.

    As it was where nobody asked. A day that is over, or is more than `LONGEST_RETURN` ahead, is none: no door lets it
    through.
    """
    hours = deadlines.hours_of(handoff, playbook)
    today = fact.at.astimezone(hours.zone).date()
    if fact.again_on is None or not today < fact.again_on <= today + LONGEST_RETURN:
        return lead, ()
    at = business_time.add(hours, datetime.combine(fact.again_on, time(), hours.zone), timedelta())
    rep = handoff.assignee or fact.actor
    promise = Return(milliseconds(at), handoff.id, rep, handoff.rules, handoff.priority, fact.note[:_SAID])
    return replace(lead, standing=replace(lead.standing, returns=promise)), (wake(lead.id, promise),)


def wake(lead: UUID, promise: Return) -> SetTimer:
    """What wakes this lead when it comes back."""
    return SetTimer(TimerKind.SNOOZE_ENDED, lead, instant(promise.at), promise.handoff)


def came(fact: TimerFired, facts: LeadFacts, around: Surroundings) -> Decision:
    """The lead comes back to who asked for it, as a new play, unless sales has it by then, or nobody may.

    A person's word passes it, as one in triage does. Of a day that was changed meanwhile nothing comes.
    """
    lead, promise = facts.lead, facts.lead.standing.returns
    if promise is None or promise.at != milliseconds(fact.due_at):
        return Decision(lead, None)
    free = replace(lead.standing, returns=None)
    done = free.disqualified or free.lifecycle in nurturing.SALES_OWN
    if around.handoff is not None or done or suppression_of(facts.profile, facts.ready) is not None:
        return Decision(replace(lead, standing=free), None)
    handoff = _again(fact, promise, facts, around)
    cause = Cause(fact.id, facts.now, handoff.brief.why_now[0])
    passed = replace(free, handoff=handoff.id, triage=None)
    standing, leaves = nurturing.left(passed, facts, cause, EnrolmentStep.GRADUATED)
    item = around.triage
    closed = (SaveTriage(opening.settled(item, TriageChoice.PASS.value), _CLOCK),) if item is not None else ()
    commands = (SaveHandoff(handoff, _CLOCK), *closed, *leaves)
    return Decision(replace(lead, standing=standing), None, commands)


def _again(fact: TimerFired, promise: Return, facts: LeadFacts, around: Surroundings) -> Handoff:
    rules = tuple(rule for rule in promise.rules if rule is not Rule.TARGET_RESPONDS or around.account_handoff is None)
    return opening.opened(
        made_by(fact.id, "handoff"),
        facts,
        rules,
        promise.priority,
        to=_to(promise, facts, around),
        play=opening.play_for(facts, rules)[0],
        received_at=facts.now,
        why_now=(_why(promise, facts.playbook),),
        contacts=around.contacts,
    )


def _to(promise: Return, facts: LeadFacts, around: Surroundings) -> Destination:
    """Back to who asked for it; whoever has left is followed by whom it would go to otherwise."""
    if promise.rep not in facts.playbook.reps:
        return opening.destination(facts, around)
    why = f"{promise.rep} asked to see them again"
    return Destination(opening.team_for(facts, promise.rep)[0], promise.rep, why)


def _why(promise: Return, playbook: Playbook) -> str:
    rep = playbook.reps.get(promise.rep)
    who = rep.name if rep is not None else promise.rep
    return f"{who} asked to see them again today{f': {promise.said}' if promise.said else '.'}"
