"""Builders with a voice: events, a small playbook, and an office that folds what comes in, all in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from schemas.event import Claim, Event, EventType, Identifier, IdentifierKind, Mark
from schemas.fact import Trust
from schemas.lead import Priority
from schemas.play import Address
from schemas.verdict import Rule, Ternary
from services.router.domain import junctions
from services.router.domain.condition import Condition, Facts
from services.router.domain.playbook import (
    Characteristic,
    Checklist,
    ChecklistItem,
    Domains,
    NurtureTrack,
    Persona,
    Play,
    Playbook,
    Repeat,
    RoutingRule,
    RuleDefinition,
    Scoring,
    Signal,
    Stage,
    SuppressionKind,
    Suppressions,
    Target,
)
from services.router.domain.team import BusinessHours, Rep, ServiceLevel, Team

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
_SPACE = UUID("11111111-1111-4111-8111-111111111111")


def an_id(word: object) -> UUID:
    """The same id for the same word."""
    return uuid5(_SPACE, str(word))


def email(address: str, *, attested: bool = False) -> Identifier:
    return Identifier(kind=IdentifierKind.EMAIL, value=address, trust=_trust(attested=attested))


def cookie(value: str) -> Identifier:
    return Identifier(kind=IdentifierKind.COOKIE, value=f"website:{value}")


def phone(value: str) -> Identifier:
    return Identifier(kind=IdentifierKind.PHONE, value=value)


def _trust(*, attested: bool) -> Trust:
    return Trust.ATTESTED if attested else Trust.CLAIMED


_WHO = {"@": email, "+": phone}


def who(name: str) -> Identifier:
    """`ada@acme.example` is an email, `+4930…` a phone, anything else a cookie."""
    return email(name) if "@" in name else phone(name) if name.startswith("+") else cookie(name)


def an_event(
    type: EventType = EventType.PAGE_VIEWED,  # noqa: A002  (the event's own word)
    *people: str | Identifier,
    at: datetime = MONDAY,
    late: timedelta = timedelta(),
    id: object = None,  # noqa: A002  (the event's own word)
    says: dict[str, str] | None = None,
    attested: bool = False,
    marks: tuple[Mark, ...] = (),
    corrects: UUID | None = None,
    historical: bool = False,
    source: str = "website",
    name: str = "",
    **properties: Any,
) -> Event:
    """Something somebody did at `at`, received `late` after it."""
    identifiers = tuple(who(each) if isinstance(each, str) else each for each in people)
    word = (
        id
        if id is not None
        else (type, identifiers, at, sorted((says or {}).items()), name, sorted(properties.items()))
    )
    identity = id if isinstance(id, UUID) else an_id(word)
    return Event(
        id=identity,
        source=source,
        type=type,
        occurred_at=at,
        received_at=at + late,
        dedup_key=str(identity),
        identifiers=identifiers,
        claims=tuple(Claim(field=f, value=v, trust=_trust(attested=attested)) for f, v in (says or {}).items()),
        name=name,
        properties=properties,
        marks=marks,
        corrects=corrects,
        historical=historical,
    )


def condition(test: Callable[[Facts], bool | None], *types: EventType, text: str = "a condition") -> Condition:
    """A hand-made condition; None is unknown."""

    def three(facts: Facts) -> Ternary:
        value = test(facts)
        return Ternary.UNKNOWN if value is None else Ternary.TRUE if value else Ternary.FALSE

    kinds = frozenset(kind.value for kind in types) if types else None
    gated = (lambda facts: three(facts) if facts.value("event.type") in kinds else Ternary.FALSE) if kinds else three
    return Condition(gated, text, event_types=kinds)


def always() -> Condition:
    return junctions.always()


def equals(path: str, wanted: object) -> Condition:
    """Unknown while the path is."""
    text = f"{path} is {wanted}"
    return condition(lambda facts: None if facts.value(path) is None else facts.value(path) == wanted, text=text)


def hours(zone: str = "Europe/Berlin", opens: int = 9, closes: int = 17) -> BusinessHours:
    """Monday to Friday."""
    return BusinessHours(ZoneInfo(zone), {day: ((time(opens), time(closes)),) for day in range(1, 6)})


def a_rep(name: str, **changes: Any) -> Rep:
    address = (Address(channel="inbox", address=name),)
    return replace(Rep(name, name.title(), f"{name}@seller.example", hours(), address), **changes)


def a_signal(name: str, kind: EventType, points: int, **changes: Any) -> Signal:
    return replace(Signal(name, name.replace("_", " "), condition(lambda _: True, kind), points * 1000), **changes)


SIGNALS = (
    a_signal(
        "visit", EventType.PAGE_VIEWED, 10, repeat=Repeat.ONCE_A_DAY, half_life_days=14, group="content", cap=60_000
    ),
    a_signal("whitepaper", EventType.CONTENT_DOWNLOADED, 50, half_life_days=30, group="content"),
    a_signal("click", EventType.EMAIL_CLICKED, 15, window_days=30),
    a_signal("webinar", EventType.WEBINAR_REGISTERED, 40, repeat=Repeat.ONCE),
    a_signal("goodbye", EventType.UNSUBSCRIBED, -80, repeat=Repeat.ONCE),
)

_CALLS = (EventType.FORM_SUBMITTED, EventType.MEETING_BOOKED)
_RESPONSES = (
    EventType.PAGE_VIEWED,
    EventType.FORM_SUBMITTED,
    EventType.CONTENT_DOWNLOADED,
    EventType.EMAIL_CLICKED,
    EventType.EMAIL_REPLIED,
)


def _title_has(word: str) -> Condition:
    def test(facts: Facts) -> bool | None:
        title = facts.value("lead.title")
        return None if title is None else word in str(title).lower() and "assistant" not in str(title).lower()

    return condition(test, text=f"the title has the word {word}")


def _rules() -> dict[Rule, RuleDefinition]:
    asks = condition(lambda facts: facts.value("event.consultation") == "yes", *_CALLS, text="they ask for a call")
    return {
        Rule.CONSULTATION: RuleDefinition(Rule.CONSULTATION, "Consultation", "they asked", asks),
        Rule.SQL_CRITERIA: RuleDefinition(Rule.SQL_CRITERIA, "SQL", "as agreed", always()),
        Rule.SCORE_THRESHOLD: RuleDefinition(Rule.SCORE_THRESHOLD, "Score", "enough", always()),
        Rule.TARGET_RESPONDS: RuleDefinition(
            Rule.TARGET_RESPONDS, "Target", "the list", replace(equals("account.is_target", True), event_types=None)
        ),
    }


def _checklist(name: str) -> Checklist:
    if name == "mql":
        known = condition(lambda facts: facts.value("lead.has_email") is True, text="an address")
        return Checklist(name, (ChecklistItem("reachable", "We have an address", known, "How can we reach you?"),))
    return Checklist(
        name,
        (
            ChecklistItem("budget", "Budget approved", equals("lead.budget", "yes"), "Is a budget approved?"),
            ChecklistItem("time", "Decides now", equals("lead.time_frame", "now"), "When will you decide?"),
        ),
    )


def _plays() -> tuple[Play, ...]:
    call = Play("call_back", "Call back", frozenset({Rule.CONSULTATION}), attempts=3, attempt_window=timedelta(days=3))
    return (call, Play("open_door", "Open the door", fallback=True, attempts=3, attempt_window=timedelta(days=3)))


def _scoring() -> Scoring:
    vice = Characteristic("vice_president", "Vice President", _title_has("vice president"), 100_000)
    matrix = {(f, e): Priority("DCBA"[min(3, (f + e) // 2 - 1)]) for f in range(1, 5) for e in range(1, 5)}
    return Scoring(
        signals=SIGNALS,
        characteristics=(vice,),
        group_caps={"content": 90_000},
        fit_bands=(1, 50_000, 100_000),
        engagement_bands=(1, 50_000, 100_000),
        matrix=matrix,
    )


_LEVEL = ServiceLevel(accept_within=timedelta(minutes=30), attempt_within=timedelta(hours=2))


def a_playbook(**changes: Any) -> Playbook:
    """What acme's seller agreed on: product.md's numbers, two reps and a manager, one named account."""
    people = ("ruth", "saul", "mona", "olga")
    level = {
        priority: replace(_LEVEL, accept_within=timedelta(minutes=30 * (1 + at)))
        for at, priority in enumerate(Priority)
    }
    globex = Target(
        "globex.example",
        "Globex",
        "olga",
        "gold",
        frozenset({"globex.example"}),
        frozenset({"globex"}),
        "Start with ops.",
    )
    return replace(
        Playbook(
            version="v1",
            lists_version="l1",
            title="straw man",
            scoring=_scoring(),
            rules=_rules(),
            mql=_checklist("mql"),
            sql=_checklist("sql"),
            personas=(Persona("vp", "Vice President", "vice_president", _title_has("vice president")),),
            stages=(Stage("early", "Early", always(), "problem aware"),),
            plays=_plays(),
            reps={name: a_rep(name) for name in people},
            teams={"inside": Team("inside", "Inside sales", ("ruth", "saul"), "mona", hours(), level)},
            routing=(RoutingRule(always(), "inside", "everybody"),),
            last_resort="mona",
            triage_team="inside",
            targets={globex.account: globex},
            target_domains={"globex.example": globex.account},
            target_aliases={"globex": globex.account},
            suppressions=Suppressions(
                {"spammer@bad.example": SuppressionKind.SPAM}, {"rival.example": SuppressionKind.COMPETITOR}
            ),
            domains=Domains(
                frozenset({"gmail.example"}), frozenset({"trash.example"}), {"eu.globex.example": "globex.example"}
            ),
            tracks=(NurtureTrack("general", "General", always()),),
            responses=frozenset(kind.value for kind in _RESPONSES),
        ),
        **changes,
    )
