"""Who deserves a salesperson now: one event, its lead and what stands around it become one verdict with reasons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.event import Event, IdentifierKind, Mark
from schemas.fact import replace
from schemas.verdict import Outcome, Reason, Rule, Ternary
from services.router.domain import floods, nurturing, opening, passing, reasons, rules
from services.router.domain.case import Case, Conclusion, concluded
from services.router.domain.counts import with_event
from services.router.domain.decision import Decision, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.identity import keys_of
from services.router.domain.lead import IdentifierKey, Lead, Standing
from services.router.domain.matching import signals_of
from services.router.domain.moments import day_at, day_of, milliseconds
from services.router.domain.playbook import Playbook
from services.router.domain.prepared import Prepared, prepared
from services.router.domain.suppressing import suppression_of
from services.router.domain.world import SAID, Counted

_NOTHING: Mapping[str, Any] = {}
_KINDS = {kind: kind.value for kind in IdentifierKind}


def route(
    event: Event,
    lead: Lead,
    around: Surroundings,
    playbook: Playbook,
    now: datetime,
    *,
    notes: tuple[Reason, ...] = (),
    extra: Mapping[str, Any] = _NOTHING,
    full: bool = False,
) -> Decision:
    """What this event leads to. `lead` is as it was before it, `now` the door's time (for a held click: its due time).

    `notes` and `extra` are what happened on the way here (a merge, a correction). `full` leaves a receipt whatever
    happens. Never raises for what a stranger may have typed.
    """
    ready = prepared(playbook)
    after, counted = (lead, ()) if event.marks else counted_in(event, lead, ready, now)
    facts = LeadFacts(event, after, playbook, now)
    return decide(facts, around, ready, counted, notes=notes, extra=extra, full=full)


def decide(
    facts: LeadFacts,
    around: Surroundings,
    ready: Prepared,
    counted: Counted,
    *,
    notes: tuple[Reason, ...] = (),
    extra: Mapping[str, Any] = _NOTHING,
    full: bool = False,
) -> Decision:
    """As `route`, for an event that is counted in `facts.lead` already. Raises `ValueError` for facts without event."""
    case = case_of(facts, around, ready, counted, notes=notes, extra=extra, full=full)
    return concluded(case, _machine(case) if case.event.marks else _human(case))


def case_of(
    facts: LeadFacts,
    around: Surroundings,
    ready: Prepared,
    counted: Counted,
    *,
    notes: tuple[Reason, ...] = (),
    extra: Mapping[str, Any] = _NOTHING,
    full: bool = False,
) -> Case:
    """What the decision is made from. Raises `ValueError` for facts without event."""
    event, playbook = facts.event, ready.playbook
    if event is None:
        raise ValueError("a verdict is about an event: these facts have none")
    return Case(
        event=event,
        lead=facts.lead,
        around=around,
        playbook=playbook,
        now=facts.now,
        facts=facts,
        findings=rules.Findings(event, facts, ready),
        counted=counted,
        late=event.historical or event.received_at - event.occurred_at > playbook.historical_after,
        suppression=suppression_of(facts.profile, ready),
        flooded=floods.flooded(around.flood, playbook) if around.flood else (),
        extra=extra,
        notes=notes,
        full=full,
    )


def counted_in(event: Event, lead: Lead, ready: Prepared, now: datetime) -> tuple[Lead, Counted]:
    """The lead with this event counted on its first identifier that is the lead's, and how it was counted."""
    key = counting_key(event, lead)
    at = milliseconds(event.occurred_at)
    day = day_at(at)
    signals = signals_of(event, ready)
    oldest = day_of(now) - ready.playbook.scoring.horizon_days
    dossiers = dict(lead.dossiers)
    dossiers[key] = with_event(dossiers[key], event, signals, day=day, oldest=oldest, at=at)
    after = Lead(lead.id, lead.known, dossiers, lead.standing, lead.erased)
    if not signals and (event.claims or len(event.identifiers) > 1):
        return after, ((_KINDS[key.kind], key.value, SAID, day),)
    kind, value = _KINDS[key.kind], key.value
    return after, tuple([(kind, value, name, day) for name in signals])


def counting_key(event: Event, lead: Lead) -> IdentifierKey:
    """Where the event counts: email before cookie before phone, as far as they are this lead's."""
    if len(lead.dossiers) == 1 and len(event.identifiers) == 1:
        return next(iter(lead.dossiers))
    keys = keys_of(event)
    return keys[0] if keys[0] in lead.dossiers else next(key for key in keys if key in lead.dossiers)


def _machine(case: Case) -> Conclusion:
    """Machine traffic counts nothing and fires nothing; only spam that asks for a call is shown to a person (E8)."""
    marks = sorted(case.event.marks)
    said = tuple(reasons.marked(mark) for mark in marks)
    silenced = [rule.value for rule in case.findings.fired]
    extra = {"silenced": silenced} if silenced else _NOTHING
    asks = case.findings.value(Rule.CONSULTATION) is Ternary.TRUE
    if asks and Mark.HONEYPOT in marks:
        return replace(passing.triaged(case, (), (reasons.SPAM_REQUEST, *said), opening.SPAM), extra=extra)
    return Conclusion(Outcome.IGNORE, said, case.lead.standing, extra=extra)


def _human(case: Case) -> Conclusion:
    """The rules first: only explicit suppressions, floods and, but for rule 1, age stand in their way."""
    fired = case.findings.fired
    if case.late:
        fired = tuple(rule for rule in fired if rule is Rule.CONSULTATION)
    if fired and case.suppression is not None:
        if case.lead.standing.disqualified and Rule.CONSULTATION not in fired:
            said = (reasons.suppressed(case.suppression), reasons.DISQUALIFIED)
            return Conclusion(Outcome.IGNORE, said, case.lead.standing, fired=fired)
        return passing.triaged(case, fired, (reasons.suppressed(case.suppression),), case.suppression.value)
    if fired and case.flooded:
        return passing.triaged(case, fired, (reasons.FLOOD,), "flood")
    if fired:
        return passing.passed(case, fired)
    return _quiet(case)


def _quiet(case: Case) -> Conclusion:
    """Nothing fired."""
    standing = case.lead.standing
    if case.late:
        kept = tuple(reasons.blocked(rule) for rule in case.findings.fired)
        extra = {"blocked": [rule.value for rule in case.findings.fired]} if kept else _NOTHING
        return Conclusion(Outcome.NURTURE, (reasons.LATE, *kept), standing, extra=extra)
    if case.around.handoff is not None:
        return Conclusion(Outcome.UPDATE, (reasons.WITH_SALES,), standing, handoff=case.around.handoff.id)
    if case.around.triage is not None:
        return Conclusion(Outcome.TRIAGE, (reasons.IN_TRIAGE,), standing)
    if not case.lead.known:
        said = reasons.ANONYMOUS if any(each[2] != SAID for each in case.counted) else reasons.UNCOUNTED
        return Conclusion(Outcome.NURTURE, (said,), standing)
    if case.suppression is not None:
        return Conclusion(Outcome.IGNORE, (reasons.suppressed(case.suppression),), standing)
    return _by_readiness(case, standing)


def _by_readiness(case: Case, standing: Standing) -> Conclusion:
    """R6: false is nurture with the reason; unknown is triage if there is interest enough to ask, else nurture."""
    if standing.disqualified:
        return Conclusion(Outcome.NURTURE, (reasons.DISQUALIFIED,), standing)
    if case.findings.readiness is Ternary.TRUE:
        return Conclusion(Outcome.NURTURE, (reasons.READY_BEFORE,), standing)
    if case.findings.readiness is Ternary.FALSE:
        said = reasons.not_ready(case.findings, case.playbook.sql) or (reasons.NOTHING_AGREED,)
        return _nurtured(case, standing, said)
    if case.findings.interested:
        return passing.triaged(case, (), reasons.not_known(case.findings, case.playbook.sql, "ask"), "unknown")
    return _nurtured(case, standing, reasons.not_known(case.findings, case.playbook.sql, "wait"))


def _nurtured(case: Case, standing: Standing, said: tuple[Reason, ...]) -> Conclusion:
    """Enrolled in the first track that fits, with the unknown it should resolve; told once, not at every page."""
    track = nurturing.way_in(standing, case.facts)
    if not track:
        return Conclusion(Outcome.NURTURE, said, standing)
    cause = nurturing.judged(case.event, case.now, said)
    after, commands = nurturing.entered(standing, case.facts, cause, track, case.findings.questions)
    return Conclusion(Outcome.NURTURE, said, after, commands)
