"""The brief: what sales must know about a lead before the call."""

from enum import StrEnum

from schemas.fact import Value


class Certainty(StrEnum):
    """How we know it."""

    KNOWN = "known"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


class Item(Value, frozen=True, kw_only=True):
    """One line of the brief. An unknown has an empty value and says what to ask."""

    label: str
    value: str
    certainty: Certainty = Certainty.KNOWN
    evidence: str = ""


class Brief(Value, frozen=True, kw_only=True):
    """Who this is and why now. All text is plain, unescaped, and may hold what a stranger typed."""

    name: str
    title: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    persona: str = ""
    stage: str = ""
    awareness: str = ""
    source: str = ""
    interest: str = ""
    score: int = 0
    why_now: tuple[str, ...] = ()
    qualification: tuple[Item, ...] = ()
    history: tuple[str, ...] = ()
    account: str = ""
    game_plan: str = ""
