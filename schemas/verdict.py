"""A verdict: what one event led to, and why. The receipt is the stored explanation."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from schemas.fact import Fact, Value


class Outcome(StrEnum):
    """What one event led to."""

    PASS = "pass"  # noqa: S105  (the product's word, no password)
    TRIAGE = "triage"
    NURTURE = "nurture"
    UPDATE = "update"
    IGNORE = "ignore"


class Rule(StrEnum):
    """The four always-pass rules, in the order in which they lead."""

    CONSULTATION = "consultation"
    SQL_CRITERIA = "sql_criteria"
    SCORE_THRESHOLD = "score_threshold"
    TARGET_RESPONDS = "target_responds"


class Ternary(StrEnum):
    """Kleene's three values."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Reason(Value, frozen=True, kw_only=True):
    """One reason: a stable code for machines, one sentence for people."""

    code: str
    text: str


class Contribution(Value, frozen=True, kw_only=True):
    """What one signal or characteristic adds to the score, with the last few events behind it."""

    signal: str
    label: str
    points: int
    """In thousandths of a point, so that sums are exact."""
    events: tuple[str, ...] = ()


class CandidateRep(Value, frozen=True, kw_only=True):
    """One rep who could have got the lead, and why they did or did not."""

    rep: str
    chosen: bool
    reason: str


class Receipt(Value, frozen=True, kw_only=True):
    """Everything the decision rested on. Recomputable byte for byte."""

    rules: dict[str, Ternary]
    """Each of the four rules and its value."""
    facts: dict[str, Any]
    """What was read: persona, stage, awareness, readiness items, account, machine marks, flood count, … all JSON."""
    score: int = 0
    """In thousandths of a point."""
    threshold: int = 0
    contributions: tuple[Contribution, ...] = ()
    questions: tuple[str, ...] = ()
    """What to ask so that an unknown readiness is settled."""
    flip: tuple[str, ...] = ()
    """The smallest change that would have changed the outcome."""
    play: str = ""
    play_why: str = ""
    team: str = ""
    candidates: tuple[CandidateRep, ...] = ()


class Verdict(Fact, frozen=True, kw_only=True, tag="verdict"):
    """What one event led to. `id` is a v5 of the event; times are UTC; `at` is the decision's `now`."""

    event: UUID
    lead: UUID
    lead_seq: int
    """The lead's own counter; 0 for an anonymous visitor's ordinary event, which stores no row."""
    outcome: Outcome
    reasons: tuple[Reason, ...]
    at: datetime
    playbook: str
    lists: str
    fired: tuple[Rule, ...] = ()
    handoff: UUID | None = None
    receipt: Receipt | None = None
