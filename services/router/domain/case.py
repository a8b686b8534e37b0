"""One decision while it is being made: the event, the lead with it counted, what the rules say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.event import Event
from schemas.fact import Value, replace
from schemas.lead import LifecycleStage
from schemas.verdict import Outcome, Reason, Receipt, Rule, Verdict
from services.router.domain.decision import Command, Decision, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.identity import made_by
from services.router.domain.lead import Lead, Standing
from services.router.domain.playbook import Playbook, SuppressionKind
from services.router.domain.receipts import receipt_of, score_alone
from services.router.domain.rules import Findings
from services.router.domain.turning import sentences
from services.router.domain.world import Counted

_BEFORE_MQL = frozenset({LifecycleStage.SUBSCRIBER, LifecycleStage.LEAD})


class Case(Value, frozen=True):
    """Everything a conclusion is drawn from."""

    event: Event
    lead: Lead
    """With the event counted, and the standing as it was before."""
    around: Surroundings
    playbook: Playbook
    now: datetime
    facts: LeadFacts
    findings: Findings
    counted: Counted = ()
    late: bool = False
    suppression: SuppressionKind | None = None
    flooded: tuple[str, ...] = ()
    extra: Mapping[str, Any] = {}
    """What the receipt must hold beside the usual: merged leads, what was taken back."""
    notes: tuple[Reason, ...] = ()
    """Reasons that stand after the conclusion's own."""
    full: bool = False
    """Leave a receipt whatever happens: somebody asked for an explanation."""


class Conclusion(Value, frozen=True):
    """What the case comes to."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    standing: Standing
    commands: tuple[Command, ...] = ()
    fired: tuple[Rule, ...] = ()
    handoff: UUID | None = None
    play: str = ""
    play_why: str = ""
    team: str = ""
    extra: Mapping[str, Any] = {}


def concluded(case: Case, conclusion: Conclusion) -> Decision:
    """The decision: the lead's next state, the verdict with its number in the lead's history, the commands."""
    standing = promoted(conclusion.standing, case)
    ordinary = not case.lead.known and not conclusion.commands and not case.notes and not conclusion.fired
    if ordinary and conclusion.outcome in (Outcome.NURTURE, Outcome.IGNORE) and not case.full:
        lead = replace(case.lead, standing=standing)
        return Decision(lead, _verdict(case, conclusion, 0), (), case.counted)
    seq = standing.seq + 1
    lead = Lead(case.lead.id, case.lead.known, case.lead.dossiers, replace(standing, seq=seq), case.lead.erased)
    return Decision(lead, _verdict(case, conclusion, seq), conclusion.commands, case.counted, case.around)


def promoted(standing: Standing, case: Case) -> Standing:
    """The standing after the MQL checklist was looked at."""
    if standing.lifecycle not in _BEFORE_MQL or not case.lead.known or not case.playbook.mql.items:
        return standing
    if not case.facts.mql:
        return standing
    return replace(standing, lifecycle=LifecycleStage.MQL)


def _verdict(case: Case, conclusion: Conclusion, seq: int) -> Verdict:
    return Verdict(
        id=made_by(case.event.id, "verdict"),
        event=case.event.id,
        lead=case.lead.id,
        lead_seq=seq,
        outcome=conclusion.outcome,
        reasons=(*conclusion.reasons, *case.notes),
        at=case.now,
        playbook=case.playbook.version,
        lists=case.playbook.lists_version,
        fired=conclusion.fired,
        handoff=conclusion.handoff,
        receipt=_receipt(case, conclusion),
    )


def _receipt(case: Case, conclusion: Conclusion) -> Receipt | None:
    """What is kept of the decision: nothing of an ordinary one, of a mere enrolment the score, else everything."""
    if case.full or conclusion.fired or conclusion.extra or case.extra:
        return _whole_receipt(case, conclusion)
    if not conclusion.commands:
        return None
    return score_alone(case.findings) if conclusion.outcome is Outcome.NURTURE else _whole_receipt(case, conclusion)


def _whole_receipt(case: Case, conclusion: Conclusion) -> Receipt:
    extra: dict[str, Any] = {**case.extra, **conclusion.extra}
    if case.late:
        extra["late"] = True
    if case.suppression is not None:
        extra["suppressed"] = case.suppression.value
    if case.around.flood:
        extra["flood"] = dict(sorted(case.around.flood.items()))
    if case.event.marks:
        extra["marks"] = sorted(case.event.marks)
    return receipt_of(
        case.facts,
        case.findings,
        extra,
        flip=sentences(case),
        play=conclusion.play,
        play_why=conclusion.play_why,
        team=conclusion.team,
    )
