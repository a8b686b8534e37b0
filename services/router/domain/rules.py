"""The four always-pass rules, and readiness beside them: what holds, and what of it is new enough to fire."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.event import Event
from schemas.lead import Priority
from schemas.verdict import Rule, Ternary
from services.router.domain import scoring
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Lead
from services.router.domain.moments import milliseconds
from services.router.domain.prepared import Prepared
from services.router.domain.readiness import check

_TRUE, _FALSE = Ternary.TRUE, Ternary.FALSE


@dataclass(slots=True)
class Findings:
    """What the rules say of one event. A rule's value may be true without firing: it has fired before."""

    values: Mapping[Rule, Ternary]
    fired: tuple[Rule, ...]
    items: Mapping[str, Ternary]
    """The readiness checklist, item by item."""
    questions: tuple[str, ...]
    points: scoring.Points
    threshold: int
    tier: str

    @property
    def readiness(self) -> Ternary:
        """The SQL checklist's value."""
        return self.values[Rule.SQL_CRITERIA]


def find(event: Event, lead: Lead, facts: LeadFacts, ready: Prepared) -> Findings:
    """Every rule's value and those that fire. Nothing here knows of marks, age or suppressions: `routing` does."""
    playbook = ready.playbook
    readiness, items, questions = check(playbook.sql, facts)
    if not playbook.sql.items or Rule.SQL_CRITERIA not in playbook.rules:
        readiness = _FALSE
    tier = facts.account.target.tier if facts.account.target else ""
    threshold = scoring.threshold_of(playbook.scoring, tier)
    values = {
        Rule.CONSULTATION: _consultation(event, facts, ready),
        Rule.SQL_CRITERIA: readiness,
        Rule.SCORE_THRESHOLD: _threshold(facts, ready, threshold),
        Rule.TARGET_RESPONDS: _target(event, facts, ready),
    }
    fired = tuple(rule for rule, value in values.items() if value is _TRUE and _may_fire(rule, lead, facts))
    return Findings(values, fired, items, questions, facts.points, threshold, tier)


def _consultation(event: Event, facts: LeadFacts, ready: Prepared) -> Ternary:
    if event.type not in ready.consultation:
        return _FALSE
    return ready.playbook.rules[Rule.CONSULTATION].when.test(facts)


def _threshold(facts: LeadFacts, ready: Prepared, threshold: int) -> Ternary:
    if not ready.playbook.scoring.on or Rule.SCORE_THRESHOLD not in ready.playbook.rules:
        return _FALSE
    return _TRUE if facts.points.total >= threshold else _FALSE


def _target(event: Event, facts: LeadFacts, ready: Prepared) -> Ternary:
    definition = ready.playbook.rules.get(Rule.TARGET_RESPONDS)
    if definition is None or event.type not in ready.responses or facts.account.target is None:
        return _FALSE
    return definition.when.test(facts)


def _may_fire(rule: Rule, lead: Lead, facts: LeadFacts) -> bool:
    """Rules 2 and 3 are about people one can reach, and each fires once until it is armed again."""
    standing = lead.standing
    match rule:
        case Rule.SQL_CRITERIA:
            return lead.known and not standing.sql and _armed(lead, facts)
        case Rule.SCORE_THRESHOLD:
            return lead.known and standing.armed and _armed(lead, facts)
    return True


def _armed(lead: Lead, facts: LeadFacts) -> bool:
    return not lead.standing.disqualified and milliseconds(facts.now) >= lead.standing.armed_from


def priority(findings: Findings, facts: LeadFacts) -> Priority:
    """Fit × engagement. Without scoring, what they asked for and who they are decides: A, else B."""
    if facts.playbook.scoring.on:
        return scoring.priority_of(findings.points, facts.playbook.scoring)
    first = {Rule.CONSULTATION, Rule.TARGET_RESPONDS}
    return Priority.A if first & set(findings.fired) else Priority.B
