"""What follows when rules fire: a new handoff, a new reason for an open one, or, where a list forbids it, triage."""

from typing import Any

from schemas.enrolment import EnrolmentStep
from schemas.fact import replace
from schemas.feedback import TriageChoice
from schemas.lead import LifecycleStage, Priority
from schemas.verdict import Outcome, Reason, Rule
from services.router.domain import deadlines, handoffs, lifecycle, nurturing, opening, reasons, rules, window
from services.router.domain.briefs import with_reason
from services.router.domain.case import Case, Conclusion
from services.router.domain.decision import ChangeTrack, Command, SaveHandoff, SaveTriage
from services.router.domain.handoff import Handoff
from services.router.domain.identity import made_by
from services.router.domain.lead import Standing
from services.router.domain.window import Left

_ROUTER = "router"
_JOINING = frozenset({Rule.TARGET_RESPONDS, Rule.SCORE_THRESHOLD})
"""What joins the account's open play instead of making one more."""


def fired_reasons(case: Case, fired: tuple[Rule, ...]) -> tuple[Reason, ...]:
    """One sentence a rule, and that the request is old if it is."""
    said = tuple(reasons.fired(rule, case.findings, case.facts.account.name) for rule in fired)
    return (*said, reasons.FLAGGED_LATE) if case.late else said


def spent(standing: Standing, fired: tuple[Rule, ...]) -> Standing:
    """Rules 2 and 3 have fired and rest until they are armed again."""
    if Rule.SCORE_THRESHOLD not in fired and Rule.SQL_CRITERIA not in fired:
        return standing
    return replace(
        standing,
        armed=standing.armed and Rule.SCORE_THRESHOLD not in fired,
        sql=standing.sql or Rule.SQL_CRITERIA in fired,
    )


def stamped(standing: Standing, passed: tuple[Rule, ...]) -> Standing:
    """Only rule 2 makes a lead an SQL (I6)."""
    if Rule.SQL_CRITERIA not in passed:
        return standing
    return replace(standing, lifecycle=lifecycle.at_least(standing.lifecycle, LifecycleStage.SQL))


def passed(case: Case, fired: tuple[Rule, ...]) -> Conclusion:
    """To sales: by a new handoff, or as a new reason in the one that is open.

    Thirty visitors of one account are one play (R4): while its owner has one, what people there add up to joins it.
    Whoever asks for a call, or meets the agreed criteria, gets a play of their own all the same.
    """
    own, others = case.around.handoff, case.around.account_handoff
    join = _joined(case, others) if others is not None and _JOINING & set(fired) else ()
    if own is not None:
        mine = tuple(rule for rule in fired if rule is not Rule.TARGET_RESPONDS or others is None)
        return _renewed(case, own, fired, mine, join)
    mine = tuple(rule for rule in fired if others is None or rule not in _JOINING)
    if not mine and others is not None:
        return _more_of_account(case, others, fired, join)
    return _opened(case, fired, mine, join)


def _opened(case: Case, fired: tuple[Rule, ...], mine: tuple[Rule, ...], join: tuple[Command, ...]) -> Conclusion:
    left = _left(case, mine)
    said = (*fired_reasons(case, fired), *_fading(left))
    to = opening.destination(case.facts, case.around)
    play, play_why = opening.play_for(case.facts, mine)
    handoff = opening.opened(
        made_by(case.event.id, "handoff"),
        case.facts,
        mine,
        _priority(case, left),
        to=to,
        play=play,
        received_at=case.event.received_at,
        why_now=[reason.text for reason in said],
        flags=("late",) if case.late else (),
        opened_at=left.opened_at if left else None,
        contacts=case.around.contacts,
    )
    standing = replace(stamped(spent(case.lead.standing, fired), mine), handoff=handoff.id, triage=None)
    standing, leaves = _graduated(case, standing, said)
    closing = (
        (SaveTriage(opening.settled(case.around.triage, TriageChoice.PASS.value), _ROUTER),)
        if case.around.triage
        else ()
    )
    return Conclusion(
        Outcome.PASS,
        said,
        _after_joining(standing, join, case),
        (SaveHandoff(handoff, _ROUTER), *closing, *leaves, *join),
        fired,
        handoff.id,
        play,
        play_why,
        to.team,
        {"routed": to.why, "priority": handoff.priority.value, **_weighed(case, handoff, left)},
    )


def _left(case: Case, fired: tuple[Rule, ...]) -> Left | None:
    """What is left of the window that opened when they did what this event tells."""
    return window.left(fired, case.playbook, case.event.occurred_at, case.now)


def _fading(left: Left | None) -> tuple[Reason, ...]:
    return (reasons.fading(left),) if left is not None and left.late else ()


def _priority(case: Case, left: Left | None) -> Priority:
    return window.lowered(rules.priority(case.findings, case.facts), left.letters if left else 0)


def _weighed(case: Case, handoff: Handoff, left: Left | None) -> dict[str, Any]:
    """What else the priority and the first call rest on, where the playbook asks for it."""
    found: dict[str, Any] = {}
    if weight := rules.product_weight(case.facts):
        found["product_weight"] = weight
    if left is not None and left.late:
        found["window"] = {"opened_at": left.opened_at.isoformat(), "worth": f"{left.worth:.3f}"}
    if handoff.waits_for and handoff.not_before is not None:
        found["not_before"] = {"at": handoff.not_before.isoformat(), "why": handoff.waits_for}
    return found


def _graduated(case: Case, standing: Standing, said: tuple[Reason, ...]) -> tuple[Standing, tuple[ChangeTrack, ...]]:
    """Whoever goes to sales leaves nurture."""
    if not standing.nurture:
        return standing, ()
    cause = nurturing.judged(case.event, case.now, said)
    return nurturing.left(standing, case.facts, cause, EnrolmentStep.GRADUATED)


def _renewed(
    case: Case, own: Handoff, fired: tuple[Rule, ...], mine: tuple[Rule, ...], join: tuple[Command, ...]
) -> Conclusion:
    """The open handoff gets the new reasons; asking again is always one. Nothing new changes nothing."""
    new = tuple(rule for rule in mine if rule not in own.rules or rule is Rule.CONSULTATION)
    said = (*fired_reasons(case, fired), reasons.WITH_SALES)
    left = _left(case, fired)
    better = _priority(case, left)
    standing = _after_joining(stamped(spent(case.lead.standing, fired), mine), join, case)
    if not new and better >= own.priority:
        return Conclusion(Outcome.UPDATE, said, standing, join, fired, own.id)
    texts = tuple(reason.text for reason in fired_reasons(case, new))
    renewed = opening.tightened(
        own,
        case.facts,
        mine,
        better,
        why_now=texts,
        received_at=case.event.received_at,
        flags=("late",) if case.late else (),
        opened_at=left.opened_at if left else None,
        contacts=case.around.contacts,
    )
    after, timers = deadlines.sooner(own, renewed, case.facts.playbook, case.facts.now)
    tell = " ".join(("New:", *texts)) if new else f"Priority {after.priority.value} now: the lead does more."
    return Conclusion(
        Outcome.UPDATE,
        said,
        standing,
        (SaveHandoff(after, _ROUTER, tell), *timers, *join),
        fired,
        own.id,
        after.play,
        opening.play_for(case.facts, after.triggers)[1],
        after.team,
        _weighed(case, after, left),
    )


def _joined(case: Case, handoff: Handoff) -> tuple[Command, ...]:
    """The account's owner hears of each further responder once; the same person's next page is no news."""
    if case.lead.standing.joined == handoff.id:
        return ()
    what = case.event.type.value.replace("_", " ")
    persona = case.facts.persona[0]
    tell = f"One more response from this account: {what}{f' by a {persona.label}' if persona else ''}."
    return (SaveHandoff(handoffs.changed(handoff, brief=with_reason(handoff.brief, tell)), _ROUTER, tell),)


def _after_joining(standing: Standing, join: tuple[Command, ...], case: Case) -> Standing:
    others = case.around.account_handoff
    return replace(standing, joined=others.id) if join and others is not None else standing


def _more_of_account(case: Case, others: Handoff, fired: tuple[Rule, ...], join: tuple[Command, ...]) -> Conclusion:
    said = (*fired_reasons(case, fired), reasons.SAME_ACCOUNT)
    standing = _after_joining(spent(case.lead.standing, fired), join, case)
    return Conclusion(Outcome.UPDATE, said, standing, join, fired, others.id)


def triaged(case: Case, fired: tuple[Rule, ...], because: tuple[Reason, ...], why: str) -> Conclusion:
    """To a person: a new triage item, or more for the one that waits. What fired rests, so that it asks once."""
    standing = spent(case.lead.standing, fired)
    said = (*because, *(fired_reasons(case, fired) if fired else ()))
    waiting = case.around.triage
    if waiting is not None:
        held = opening.in_order((*waiting.rules, *fired))
        more: tuple[Command, ...] = ()
        if held != waiting.rules:
            item = replace(waiting, version=waiting.version + 1, rules=held, play=opening.play_for(case.facts, held)[0])
            more = (SaveTriage(item, _ROUTER),)
        return Conclusion(Outcome.TRIAGE, (*said, reasons.IN_TRIAGE), standing, more, fired)
    identity = made_by(case.event.id, "triage")
    commands = opening.asked(
        identity,
        case.facts,
        fired,
        rules.priority(case.findings, case.facts),
        why=why,
        questions=case.findings.questions,
        why_now=(reason.text for reason in said),
    )
    return Conclusion(
        Outcome.TRIAGE,
        said,
        replace(standing, triage=identity),
        commands,
        fired,
        play=commands[0].item.play,
        play_why="" if fired else _if_passed(case, why),
        team=commands[0].item.team,
    )


def _if_passed(case: Case, why: str) -> str:
    return f"if a person passes them: {opening.play_for(case.facts, (opening.trigger_of(case.facts, (), why),))[1]}"
