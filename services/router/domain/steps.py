"""The verdict as a list of steps: what `routing` decides, written down so that it can be asked what would change it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.event import Mark
from schemas.verdict import Outcome, Rule, Ternary
from services.router.domain.condition import Condition, Joint
from services.router.domain.flip import Step, facts_in
from services.router.domain.junctions import always, conjoin, disjoin, invert
from services.router.domain.kleene import of
from services.router.domain.playbook import Playbook
from services.router.domain.silence import takes_silence

if TYPE_CHECKING:
    from services.router.domain.case import Case


def _fact(text: str) -> Condition:
    """A fact of the case itself, which nobody writes into a playbook; `values` has its value."""
    return Condition(lambda _facts: Ternary.UNKNOWN, text)


MARKED, SPAM = _fact("a machine did it"), _fact("a field that only machines see was filled in")
LATE, LISTED, FLOOD = _fact("the event is old"), _fact("a list names the lead"), _fact("too many of these arrive")
KNOWN, DISQUALIFIED = _fact("we know who it is"), _fact("a person said that it is nobody for sales")
RESTED = _fact("the time of rest is over")
STAMPED, ARMED = _fact("it was an SQL before"), _fact("the score has not fired yet")
REACHED, INTERESTED = _fact("the score reaches the threshold"), _fact("there is interest enough to ask")
WITH_SALES, ACCOUNT_BUSY = _fact("sales works the lead"), _fact("the account's owner has a play for it")
WAITING = _fact("it waits in triage")
TARGET, RESPONDED = _fact("the account is on the target list"), _fact("somebody responded")
_NO, _YES, _EITHER = (Ternary.FALSE,), (Ternary.TRUE,), (Ternary.TRUE, Ternary.FALSE)
_MAY = {
    **dict.fromkeys((MARKED.text, SPAM.text, LATE.text, LISTED.text, FLOOD.text, DISQUALIFIED.text, STAMPED.text), _NO),
    **dict.fromkeys((WITH_SALES.text, ACCOUNT_BUSY.text, WAITING.text, RESPONDED.text), _NO),
    **dict.fromkeys((KNOWN.text, RESTED.text, ARMED.text), _YES),
    **dict.fromkeys((REACHED.text, INTERESTED.text, TARGET.text), _EITHER),
}
"""What stands in the way may be taken away; nobody wants to hear of what else could have stood there."""
_NEVER = disjoin([])


def steps_of(playbook: Playbook) -> tuple[Step, ...]:
    """The steps of every verdict by this playbook."""
    asked = playbook.rules[Rule.CONSULTATION].when if Rule.CONSULTATION in playbook.rules else _NEVER
    own_play = conjoin([invert(LATE), _criteria_met(playbook)])
    joining = conjoin([invert(LATE), disjoin([_score_fires(playbook), _target_responds(playbook)])])
    fired, ready = disjoin([asked, own_play, joining]), _ready(playbook)
    told: list[tuple[Condition, Outcome]] = [
        (conjoin([MARKED, SPAM, asked]), Outcome.TRIAGE),
        (MARKED, Outcome.IGNORE),
        (conjoin([LISTED, asked]), Outcome.TRIAGE),
        (conjoin([LISTED, DISQUALIFIED, fired]), Outcome.IGNORE),
        (conjoin([disjoin([LISTED, FLOOD]), fired]), Outcome.TRIAGE),
        (conjoin([WITH_SALES, fired]), Outcome.UPDATE),
        (disjoin([asked, own_play]), Outcome.PASS),
        (conjoin([ACCOUNT_BUSY, fired]), Outcome.UPDATE),
        (fired, Outcome.PASS),
        (LATE, Outcome.NURTURE),
        (WITH_SALES, Outcome.UPDATE),
        (WAITING, Outcome.TRIAGE),
        (invert(KNOWN), Outcome.NURTURE),
        (LISTED, Outcome.IGNORE),
        (disjoin([DISQUALIFIED, ready, invert(ready)]), Outcome.NURTURE),
        (INTERESTED, Outcome.TRIAGE),
        (always(), Outcome.NURTURE),
    ]
    return tuple([Step(when, then.value) for when, then in told])


def may(fact: Condition) -> tuple[Ternary, ...]:
    """The values that a change may give this fact."""
    known = _MAY.get(fact.text)
    if known is not None:
        return known
    return tuple(Ternary) if fact.open else _EITHER


def values(case: "Case") -> Mapping[str, Ternary]:
    """The values of the facts that stand in no playbook."""
    facts, findings, around = case.facts, case.findings, case.around
    standing, marks = case.lead.standing, case.event.marks
    held = {
        MARKED: bool(marks),
        SPAM: Mark.HONEYPOT in marks,
        LATE: case.late,
        LISTED: case.suppression is not None,
        FLOOD: bool(case.flooded),
        KNOWN: case.lead.known,
        DISQUALIFIED: standing.disqualified,
        RESTED: facts.at >= standing.armed_from,
        STAMPED: standing.sql,
        ARMED: standing.armed,
        REACHED: case.playbook.scoring.on and findings.points.total >= findings.threshold,
        INTERESTED: findings.interested,
        WITH_SALES: around.handoff is not None,
        ACCOUNT_BUSY: around.account_handoff is not None,
        WAITING: around.triage is not None,
        TARGET: facts.account.target is not None,
        RESPONDED: case.event.type.value in case.playbook.responses,
    }
    return {fact.text: of(value) for fact, value in held.items()}


def _ready(playbook: Playbook) -> Condition:
    if not playbook.sql.items or Rule.SQL_CRITERIA not in playbook.rules:
        return _NEVER
    return conjoin([item.when for item in playbook.sql.items])


def _criteria_met(playbook: Playbook) -> Condition:
    return conjoin([KNOWN, invert(DISQUALIFIED), RESTED, invert(STAMPED), _ready(playbook)])


def _score_fires(playbook: Playbook) -> Condition:
    if not playbook.scoring.on or Rule.SCORE_THRESHOLD not in playbook.rules:
        return _NEVER
    return conjoin([KNOWN, invert(DISQUALIFIED), RESTED, ARMED, REACHED])


def _target_responds(playbook: Playbook) -> Condition:
    rule = playbook.rules.get(Rule.TARGET_RESPONDS)
    if rule is None:
        return _NEVER
    others = frozenset(fact.text for item in playbook.sql.items for fact in facts_in([Step(item.when, "")]))
    return conjoin([TARGET, RESPONDED, _apart(rule.when, others)])


def _apart(condition: Condition, others: frozenset[str]) -> Condition:
    """With another name for what the checklist asks in the same words, but takes no silence for an answer to."""
    if condition.how is Joint.FACT:
        same = condition.text in others and takes_silence(condition)
        return replace(condition, text=f"{condition.text}, as rule 4 asks it") if same else condition
    return replace(condition, parts=tuple([_apart(part, others) for part in condition.parts]))
