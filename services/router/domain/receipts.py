"""The receipt: everything a decision rested on, and the smallest change that would have led elsewhere."""

from collections.abc import Mapping
from typing import Any

from schemas.verdict import Receipt, Rule, Ternary
from services.router.domain import scoring
from services.router.domain.facts import LeadFacts
from services.router.domain.rules import Findings

_RULES = tuple((rule, rule.value) for rule in Rule)
_WORDS = {value: value.value for value in Ternary}
_TRUE = Ternary.TRUE


def receipt_of(
    facts: LeadFacts,
    findings: Findings,
    extra: Mapping[str, Any],
    *,
    flip: tuple[str, ...] = (),
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
        flip=flip,
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
