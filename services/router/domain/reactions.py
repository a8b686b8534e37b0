"""What follows from what people did and from deadlines that came: the next step of a handoff or a triage item."""

from datetime import datetime, timedelta

from schemas.fact import replace
from schemas.feedback import (
    Act,
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    HandoffSnoozed,
    OutcomeReported,
    RejectReason,
    TimerFired,
    TimerKind,
    TriageDecided,
)
from schemas.handoff import HandoffState
from schemas.lead import LifecycleStage
from services.router.domain import deadlines, handoffs, lifecycle, plays, returning
from services.router.domain.assignment import turned_back
from services.router.domain.contact import remembered
from services.router.domain.decision import Command, Decision, SaveHandoff, SetTimer, Surroundings
from services.router.domain.earliest import Contacts, held_back
from services.router.domain.handoff import Handoff
from services.router.domain.handoffs import Move
from services.router.domain.lead import Lead
from services.router.domain.moments import milliseconds
from services.router.domain.nurturing import Cause
from services.router.domain.playbook import Playbook
from services.router.domain.triage import decided, may_settle

_LONGEST_SNOOZE = timedelta(days=30)
_BAD_LEAD = frozenset({RejectReason.NOT_A_FIT, RejectReason.BAD_DATA, RejectReason.COMPETITOR_OR_STUDENT})
_NURTURE = frozenset({RejectReason.NOT_READY, RejectReason.NO_ANSWER})
_NOT_THEIR_FAULT = frozenset({RejectReason.BAD_DATA, RejectReason.COMPETITOR_OR_STUDENT, RejectReason.WRONG_REP})
"""The rep gets the turn in the rotation back."""


def react(fact: Act | TimerFired, lead: Lead, around: Surroundings, playbook: Playbook, now: datetime) -> Decision:
    """The effect of an act or a timer. `around` holds the handoff or item it names, open or not; `now` is its time.

    What comes twice, too late, or from somebody whom it is not about, changes nothing. There is never a verdict: acts
    judge no event.
    """
    if isinstance(fact, TimerFired):
        return deadlines.came(fact, lead, around, playbook, now)
    if isinstance(fact, TriageDecided):
        item = around.triage
        if item is None or not item.open or not may_settle(fact.actor, item, playbook):
            return Decision(lead, None)
        return decided(fact, item, lead, around, playbook=playbook, now=now)
    handoff = around.handoff
    if handoff is None or not _theirs(fact, handoff, playbook):
        return Decision(lead, None)
    return _acted(fact, handoff, lead, around, playbook=playbook, now=now)


def _acted(
    fact: Act, handoff: Handoff, lead: Lead, around: Surroundings, *, playbook: Playbook, now: datetime
) -> Decision:
    match fact:
        case HandoffAccepted():
            return _accepted(fact, handoff, lead, around, playbook=playbook, now=now)
        case HandoffRejected():
            return _rejected(fact, handoff, lead, playbook, now)
        case AttemptLogged():
            return _attempted(fact, handoff, lead, around, playbook=playbook, now=now)
        case HandoffSnoozed():
            return _snoozed(fact, handoff, lead, now)
        case OutcomeReported():
            return _ended(fact, handoff, lead, playbook, now)
        case _:
            return Decision(lead, None)


def _theirs(fact: Act, handoff: Handoff, playbook: Playbook) -> bool:
    """The assignee and the team's manager act on a handoff; how it ended may come from the CRM as well."""
    if isinstance(fact, OutcomeReported):
        return True
    team = playbook.teams.get(handoff.team)
    return fact.actor in (handoff.assignee, team.manager if team else "", playbook.last_resort)


def _accepted(
    fact: HandoffAccepted, handoff: Handoff, lead: Lead, around: Surroundings, *, playbook: Playbook, now: datetime
) -> Decision:
    if not handoffs.may(handoff, Move.ACCEPT):
        return Decision(lead, None)
    contacts = Contacts(lead.standing.contacts, around.contacts)
    after = held_back(handoffs.moved(handoff, Move.ACCEPT, assignee=fact.actor), contacts, playbook, now)
    start = max(now, after.not_before) if after.not_before else now
    within = deadlines.level_of(after, playbook).attempt_within
    due, wakes = deadlines.timers(deadlines.ATTEMPT, after, playbook, start, within)
    save = SaveHandoff(replace(after, attempt_by=due), fact.actor)
    return Decision(lifecycle.taken(lead, fact.actor), None, (save, *wakes))


def _attempted(
    fact: AttemptLogged, handoff: Handoff, lead: Lead, around: Surroundings, *, playbook: Playbook, now: datetime
) -> Decision:
    """An attempt on an offer accepts it. Where contacts are capped it counts, and the next one waits for its turn."""
    if not handoffs.may(handoff, Move.ATTEMPT):
        return Decision(lead, None)
    moved = handoffs.moved(handoff, Move.ATTEMPT, attempts=handoff.attempts + 1, assignee=fact.actor)
    contacts = _counting(fact, Contacts(lead.standing.contacts, around.contacts), playbook, now)
    if playbook.contact.account is not None and fact.result is not AttemptResult.WRONG_NUMBER:
        moved = replace(moved, contacted=milliseconds(now))
    after, wakes = deadlines.next_attempt(held_back(moved, contacts, playbook, now), playbook, now)
    taken = lifecycle.taken(lead, fact.actor) if handoff.state is HandoffState.OFFERED else lead
    if contacts.person != lead.standing.contacts:
        taken = replace(taken, standing=replace(taken.standing, contacts=contacts.person))
    return Decision(taken, None, (SaveHandoff(after, fact.actor), *wakes))


def _counting(fact: AttemptLogged, before: Contacts, playbook: Playbook, now: datetime) -> Contacts:
    """With this contact counted where the playbook caps them; a wrong number reached nobody."""
    caps, at = playbook.contact, milliseconds(now)
    if fact.result is AttemptResult.WRONG_NUMBER:
        return before
    return Contacts(
        remembered(before.person, at) if caps.person is not None else before.person,
        remembered(before.account, at) if caps.account is not None else before.account,
    )


def _snoozed(fact: HandoffSnoozed, handoff: Handoff, lead: Lead, now: datetime) -> Decision:
    """The card comes back later; the clock goes on."""
    if not handoffs.is_open(handoff) or fact.until <= now:
        return Decision(lead, None)
    until = min(fact.until, now + _LONGEST_SNOOZE)
    timer = SetTimer(TimerKind.SNOOZE_ENDED, handoff.id, until, None, handoff.round)
    return Decision(lead, None, (SaveHandoff(handoffs.changed(handoff), fact.actor), timer))


def _rejected(fact: HandoffRejected, handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime) -> Decision:
    """The reason drives what is next: a bad lead, not now, a play that failed, or the wrong person for it (H3)."""
    if not handoffs.may(handoff, Move.REJECT):
        return Decision(lead, None)
    rejected = handoffs.moved(handoff, Move.REJECT, attempt_by=None)
    turn: tuple[Command, ...] = ()
    if fact.reason in _NOT_THEIR_FAULT:
        rejected, turn = turned_back(rejected)
    first = SaveHandoff(rejected, fact.actor, f"Rejected: {fact.reason.value.replace('_', ' ')}.")
    next_lead, then = _after_rejection(fact, rejected, lead, playbook, now)
    return Decision(next_lead, None, (first, *then, *turn))


def _after_rejection(
    fact: HandoffRejected, rejected: Handoff, lead: Lead, playbook: Playbook, now: datetime
) -> tuple[Lead, tuple[Command, ...]]:
    if fact.reason in _BAD_LEAD:
        after = handoffs.moved(rejected, Move.DISQUALIFY, rejected_for=fact.reason.value)
        gone, leaves = lifecycle.disqualified(lead, playbook, _cause(fact, now))
        return gone, (SaveHandoff(after, fact.actor), *leaves)
    tried = fact.reason is not RejectReason.NO_ANSWER or rejected.attempts > 0
    if fact.reason in _NURTURE and tried:
        after = handoffs.moved(rejected, Move.RECYCLE, rejected_for=fact.reason.value)
        back, enrols = lifecycle.recycled(lead, playbook, _cause(fact, now))
        back, wakes = returning.given_back(fact, rejected, back, playbook)
        return back, (SaveHandoff(after, fact.actor), *enrols, *wakes)
    again = handoffs.requeued(rejected, Move.REQUEUE, rejected.assignee or fact.actor)
    if fact.reason is RejectReason.PLAY_DID_NOT_FIT:
        again = replace(again, play=_other_play(again, playbook))
    return lead, (SaveHandoff(again, fact.actor),)


def _cause(fact: HandoffRejected | OutcomeReported, now: datetime) -> Cause:
    what = fact.reason if isinstance(fact, HandoffRejected) else fact.outcome
    return Cause(fact.id, now, f"Sales gave the lead back: {what.value.replace('_', ' ')}.")


def _other_play(handoff: Handoff, playbook: Playbook) -> str:
    """The written fallback answers where a play failed."""
    try:
        return plays.fallback(playbook).name
    except plays.NoFallbackError:
        return handoff.play


_OUTCOMES = {
    HandoffOutcome.QUALIFIED: (Move.QUALIFY, LifecycleStage.OPPORTUNITY),
    HandoffOutcome.CONVERTED: (Move.CONVERT, LifecycleStage.CUSTOMER),
}


def _ended(fact: OutcomeReported, handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime) -> Decision:
    move, reached = _OUTCOMES.get(fact.outcome, (_backward(fact.outcome), None))
    if not handoffs.may(handoff, move):
        return Decision(lead, None)
    save = SaveHandoff(handoffs.moved(handoff, move, attempt_by=None), fact.actor)
    if lead.standing.handoff not in (None, handoff.id):
        return Decision(lead, None, (save,))
    match move:
        case Move.DISQUALIFY:
            gone, leaves = lifecycle.disqualified(lead, playbook, _cause(fact, now))
            return Decision(gone, None, (save, *leaves))
        case Move.RECYCLE:
            back, enrols = lifecycle.recycled(lead, playbook, _cause(fact, now))
            back, wakes = returning.given_back(fact, handoff, back, playbook)
            return Decision(back, None, (save, *enrols, *wakes))
    return Decision(lifecycle.closed(lead, reached), None, (save,))


def _backward(outcome: HandoffOutcome) -> Move:
    return Move.DISQUALIFY if outcome is HandoffOutcome.DISQUALIFIED else Move.RECYCLE
