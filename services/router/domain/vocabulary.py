"""The words a condition may use: which paths exist, which values they can have, which signals are counted.

`event.<x>` is what this very event says: `type`, `source`, `name`, `marks`, `attested`, then its properties, then what
it states about the lead: `event.consultation` is this event's own answer, `lead.consultation` the latest ever given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from schemas.event import EventType, Mark
from schemas.lead import Field, LifecycleStage
from services.router.domain.condition import Condition
from services.router.domain.words import Abbreviations

PROPERTIES = (
    "url",
    "path",
    "page_title",
    "title",
    "referrer",
    "asset",
    "link",
    "form_id",
    "form_name",
    "form_variant",
    "form_fields",
    "campaign",
    "campaign_id",
    "email_id",
    "email_subject",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "meeting",
    "meeting_start",
    "meeting_end",
    "event_type",
    "rescheduled",
    "reason",
    "result",
    "score",
    "webinar",
)
"""What sources say of an event beside its type, source, name and marks. A playbook may add its own."""
DERIVED = (
    "email",
    "phone",
    "email_domain",
    "has_phone",
    "has_email",
    "known",
    "lifecycle",
    "persona",
    "persona_level",
    "stage",
)
"""What is known of a lead beside the fields that are stated."""
PERSONAL = frozenset(
    {"email", "phone", *(each.value for each in (Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME, Field.MESSAGE))}
)
"""What one person has, or wrote, alone: no answer about it is shared, or remembered of who asks to be forgotten."""
EVENT_PATHS = frozenset(
    f"event.{name}"
    for name in ("type", "source", "name", "marks", "attested", *PROPERTIES, *(each.value for each in Field))
)
LEAD_PATHS = frozenset(f"lead.{name}" for name in (*DERIVED, *(each.value for each in Field)))
ACCOUNT_PATHS = frozenset({"account.key", "account.is_target", "account.tier", "account.known"})
SCORE_PATHS = frozenset({"score.total", "score.fit", "score.engagement"})
FLAGS = frozenset(
    {"lead.has_phone", "lead.has_email", "lead.known", "account.is_target", "account.known", "event.attested"},
)
"""Paths whose value is yes or no."""
_YES_NO = frozenset({"yes", "no"})
_TIME_FRAMES = frozenset({"now", "this_quarter", "this_year", "later"})
_CONTACT_WAYS = frozenset({"phone", "email", "chat"})
CLOSED: Mapping[str, frozenset[str]] = {
    "event.type": frozenset(kind.value for kind in EventType),
    "event.marks": frozenset(mark.value for mark in Mark),
    "lead.lifecycle": frozenset(stage.value for stage in LifecycleStage),
    "lead.budget": _YES_NO,
    "event.budget": _YES_NO,
    "lead.consultation": _YES_NO,
    "event.consultation": _YES_NO,
    "lead.time_frame": _TIME_FRAMES,
    "event.time_frame": _TIME_FRAMES,
    "lead.contact_way": _CONTACT_WAYS,
    "event.contact_way": _CONTACT_WAYS,
}


class Place(StrEnum):
    """Where in the playbook a condition stands: each place may read only what keeps decisions right."""

    SIGNAL = "signal"
    CHARACTERISTIC = "characteristic"
    PERSONA = "persona"
    STAGE = "stage"
    CHECKLIST = "checklist"
    RULE = "rule"
    ROUTING = "routing"
    NURTURE = "nurture"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one playbook's conditions may say."""

    paths: frozenset[str] = EVENT_PATHS | LEAD_PATHS | ACCOUNT_PATHS | SCORE_PATHS
    values: Mapping[str, frozenset[str]] = field(default_factory=lambda: CLOSED)
    signals: Mapping[str, str] = field(default_factory=dict)
    """signal → its label."""
    checklists: Mapping[str, Condition] = field(default_factory=dict)
    """The checklists that a rule may name, each as one condition."""
    threshold: Condition | None = None
    """What `threshold: reached` means, where a rule may say it."""
    abbreviations: Abbreviations = field(default_factory=lambda: Abbreviations({}))
    horizon_days: int = 365


def suggestion(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or nothing."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


_ORIGIN = (
    "event.source",
    "event.attested",
    "event.utm_",
    "event.referrer",
    "event.campaign",
    "event.brought_by",
    "lead.owner",
)
_TOLD = frozenset({"lead.persona", "lead.persona_level", "lead.stage", "lead.lifecycle"})


def _signal(path: str) -> str:
    if path.startswith(_ORIGIN):
        return "the origin of a lead never earns points: score what they did, not where they came from"
    if not path.startswith("event."):
        return "a signal looks at its event alone: move this to `characteristics`, or to a rule or checklist"
    return ""


def _characteristic(path: str) -> str:
    if path.startswith(_ORIGIN):
        return "the origin of a lead never earns points: score who they are, not where they came from"
    if not path.startswith(("lead.", "account.")) or path in {"lead.stage", "lead.lifecycle"}:
        return "a characteristic looks at who they are (`lead.…`, `account.…`): what they did belongs under `signals`"
    return ""


def _persona(path: str) -> str:
    if not path.startswith("lead.") or path in _TOLD:
        return "a persona is told by what is known of the lead itself (`lead.title`, `lead.company`, …)"
    return ""


def _stage(path: str) -> str:
    if path.startswith(("event.", "score.")) or path in {"lead.stage", "lead.lifecycle"}:
        return "a stage is told by counts of signals and by the profile (`count: …`, `lead.…`)"
    return ""


def _checklist(path: str) -> str:
    if path.startswith("event.") or path == "lead.lifecycle":
        return "a checklist is about the lead, not about one event: use `lead.…`, `account.…`, `score.…` or `count: …`"
    return ""


def _open(_path: str) -> str:
    return ""


REFUSALS = {
    Place.SIGNAL: _signal,
    Place.CHARACTERISTIC: _characteristic,
    Place.PERSONA: _persona,
    Place.STAGE: _stage,
    Place.CHECKLIST: _checklist,
    Place.RULE: _open,
    Place.ROUTING: _open,
    Place.NURTURE: _open,
}
COUNTING = frozenset({Place.STAGE, Place.CHECKLIST, Place.RULE, Place.ROUTING, Place.NURTURE})
"""Where a condition may count signals. A signal that counted signals would depend on the order of arrival."""
