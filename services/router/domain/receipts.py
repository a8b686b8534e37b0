"""The receipt: everything a decision rested on, and the smallest change that would have led elsewhere."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.verdict import Outcome, Receipt, Rule, Ternary
from services.router.domain import reasons, scoring
from services.router.domain.facts import LeadFacts
from services.router.domain.playbook import Playbook
from services.router.domain.rules import Findings

_RULES = tuple((rule, rule.value) for rule in Rule)
_WORDS = {value: value.value for value in Ternary}
_TRUE = Ternary.TRUE


def receipt_of(
    facts: LeadFacts,
    findings: Findings,
    outcome: Outcome,
    extra: Mapping[str, Any],
    *,
    play: str = "",
    play_why: str = "",
    team: str = "",
) -> Receipt:
    """The receipt of one decision. `extra` holds what is particular to it: marks, flood counts, merged leads."""
    return Receipt(
        rules={name: findings.value(rule) for rule, name in _RULES},
        facts={**_facts(facts, findings), **extra},
        score=findings.points.total,
        threshold=findings.threshold,
        contributions=scoring.contributions(facts.lead, facts.playbook.scoring, facts.gained, facts.are),
        questions=findings.questions,
        flip=flips(facts, findings, outcome),
        play=play,
        play_why=play_why,
        team=team,
    )


def score_alone(findings: Findings) -> Receipt:
    """The receipt of an enrolment that nobody is told of: what else it rested on is recomputed when somebody asks."""
    return Receipt(rules={}, facts={}, score=findings.points.total, threshold=findings.threshold)


def _facts(facts: LeadFacts, findings: Findings) -> dict[str, Any]:
    persona, why = facts.persona
    stage, how = facts.stage
    standing, account = facts.lead.standing, facts.account
    return {
        "known": facts.lead.known,
        "lifecycle": standing.lifecycle.value,
        "persona": persona.name if persona else "",
        "persona_evidence": why,
        "stage": stage.name if stage else "",
        "stage_evidence": how,
        "awareness": stage.awareness if stage else "",
        "readiness": {name: _WORDS[value] for name, value in findings.items.items()},
        "account": account.key,
        "target": account.target is not None,
        "tier": findings.tier,
        "fit": findings.points.fit,
        "engagement": findings.points.engagement,
        "armed": standing.armed,
    }


def flips(facts: LeadFacts, findings: Findings, outcome: Outcome) -> tuple[str, ...]:
    """The smallest changes that would have changed the outcome, in words: what was missing, or what it hung on."""
    if outcome is Outcome.PASS:
        return _hung_on(findings, facts.playbook)
    return (*_missing_points(facts, findings), *_missing_items(findings, facts.playbook))


def _hung_on(findings: Findings, playbook: Playbook) -> tuple[str, ...]:
    if len(findings.fired) != 1:
        return ()
    match findings.fired[0]:
        case Rule.SCORE_THRESHOLD:
            spare = findings.points.total - findings.threshold
            return (f"With {reasons.points(spare + 1)} points less it would not have passed.",)
        case Rule.SQL_CRITERIA:
            label = playbook.sql.items[0].label
            return (f"If one line of the SQL checklist did not hold, such as “{label}”, it would not have passed.",)
        case Rule.CONSULTATION:
            return ("Without the request to talk to somebody it would not have passed.",)
        case _:
            return ("If the account were not on the target list it would not have passed.",)


def _missing_points(facts: LeadFacts, findings: Findings) -> tuple[str, ...]:
    missing = findings.threshold - findings.points.total
    rule = Rule.SCORE_THRESHOLD
    if not facts.playbook.scoring.on or rule not in facts.playbook.rules or missing <= 0 or not facts.lead.known:
        return ()
    return (f"{reasons.points(missing)} points more would have reached the threshold.",)


def _missing_items(findings: Findings, playbook: Playbook) -> tuple[str, ...]:
    items = findings.items
    missing = [item.label for item in playbook.sql.items if items[item.name] is not _TRUE]
    return _unmet(tuple(missing)) if missing and Rule.SQL_CRITERIA in playbook.rules else ()


@lru_cache(maxsize=512)
def _unmet(labels: tuple[str, ...]) -> tuple[str, ...]:
    lines = ", ".join(f"“{label}”" for label in labels)
    return (f"The SQL criteria would have been met if this held: {lines}.",)
