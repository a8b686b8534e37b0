"""Brings people's acts, deadlines and erasures into the world."""

from datetime import datetime
from uuid import UUID

from schemas.fact import replace
from schemas.feedback import (
    AbsenceDeclared,
    Act,
    Feedback,
    IdentifiersErased,
    LeadErased,
    PlaybookPublished,
    TimerFired,
    TimerKind,
    TriageDecided,
)
from services.router.domain import absences, erasing, holding, returning
from services.router.domain.applying import apply
from services.router.domain.changes import Changes, Effect
from services.router.domain.decision import Decision, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Lead
from services.router.domain.prepared import Prepared
from services.router.domain.reactions import react
from services.router.domain.surroundings import around


def answer(
    fact: Feedback, changes: Changes, ready: Prepared, now: datetime, awaited: frozenset[UUID], *, full: bool = False
) -> Effect:
    """What one act, timer or act of control comes to. What it names may be gone: then nothing happens."""
    match fact:
        case PlaybookPublished() | IdentifiersErased():
            return Effect()
        case AbsenceDeclared():
            return Effect(commands=[absences.asked(fact, ready.playbook)])
        case LeadErased():
            leads, commands = erasing.erased(fact, changes)
            return Effect(commands=list(commands), erased_leads=set(leads))
        case TimerFired(kind=TimerKind.HOLD_ELAPSED):
            return holding.release(fact, changes, ready, awaited=fact.about in awaited, full=full)
        case TimerFired(kind=TimerKind.SNOOZE_ENDED, about=UUID()):
            return _returned(fact, changes, ready, now)
        case _:
            return _reacted(fact, changes, ready, now)


def _reacted(fact: Act | TimerFired, changes: Changes, ready: Prepared, now: datetime) -> Effect:
    world = changes.world
    subject = fact.subject if isinstance(fact, TimerFired) else fact.handoff
    on_item = isinstance(fact, TriageDecided) or (
        isinstance(fact, TimerFired) and fact.kind is TimerKind.TRIAGE_DEADLINE
    )
    item = world.triage.get(subject) if on_item else None
    handoff = world.handoffs.get(subject) if not on_item else None
    named = item or handoff
    if named is None:
        return Effect()
    lead = changes.lead(named.lead)
    decision = react(fact, lead, _around(item, handoff, lead, changes, ready=ready, now=now), ready.playbook, now)
    if not decision.commands and decision.lead is lead:
        return Effect()
    if not world.members.get(named.lead):
        apply(replace(decision, lead=lead), changes)
        return Effect(commands=list(decision.commands))
    return _numbered(fact, decision, changes)


def _numbered(fact: Act | TimerFired, decision: Decision, changes: Changes) -> Effect:
    lead = decision.lead
    seq = lead.standing.seq + 1
    apply(replace(decision, lead=replace(lead, standing=replace(lead.standing, seq=seq))), changes)
    return Effect(commands=list(decision.commands), acts=[(fact.id, lead.id, seq)])


def _returned(fact: TimerFired, changes: Changes, ready: Prepared, now: datetime) -> Effect:
    """The lead that a rep gave back until now; nothing where it is gone, or another one's."""
    if changes.standing(fact.subject).returns is None or not changes.world.members.get(fact.subject):
        return Effect()
    facts = LeadFacts(None, changes.lead(fact.subject), ready.playbook, now)
    decision = returning.came(fact, facts, around(facts, changes, {}))
    return Effect() if decision.lead is facts.lead else _numbered(fact, decision, changes)


def _of_account(handoff: Handoff | None, changes: Changes, ready: Prepared) -> tuple[int, ...]:
    """When anybody of the handoff's account was contacted, where that is capped."""
    if handoff is None or not handoff.account or ready.playbook.contact.account is None:
        return ()
    account = changes.account_if_loaded(handoff.account)
    return account.contacts if account is not None else ()


def _around(
    item: TriageItem | None, handoff: Handoff | None, lead: Lead, changes: Changes, *, ready: Prepared, now: datetime
) -> Surroundings:
    """The handoff or item the act names; beside an item, what is open with sales already."""
    if item is None:
        return Surroundings(handoff=handoff, contacts=_of_account(handoff, changes, ready))
    return replace(around(LeadFacts(None, lead, ready.playbook, now), changes, {}), triage=item)
