"""Personas, stages, checklists, rules, routing and nurture as values, from their pages."""

from collections.abc import Mapping
from datetime import timedelta

from runtime.addresses import fault_of
from schemas.event import EventType
from schemas.verdict import Rule, Ternary
from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_models import (
    ItemPage,
    NurturePage,
    PersonaPage,
    ReadinessPage,
    RoutingPage,
    RulePage,
    StagesPage,
)
from services.router.domain.comparisons import span_of
from services.router.domain.condition import Condition, Facts
from services.router.domain.junctions import conjoin
from services.router.domain.kleene import FALSE, TRUE
from services.router.domain.playbook import (
    Checklist,
    ChecklistItem,
    NurtureTrack,
    Persona,
    RoutingRule,
    RuleDefinition,
    Scoring,
    Stage,
)
from services.router.domain.plays import UNKNOWN
from services.router.domain.vocabulary import Place, Vocabulary

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=60)
_AGREED = {Rule.SQL_CRITERIA: ("checklist", "sql"), Rule.SCORE_THRESHOLD: ("threshold", "reached")}
_NO_RESPONSE = frozenset(
    {
        EventType.EMAIL_OPENED,
        EventType.EMAIL_DELIVERED,
        EventType.EMAIL_BOUNCED,
        EventType.UNSUBSCRIBED,
        EventType.PROFILE_STATED,
        EventType.RETRACTED,
        EventType.UNKNOWN,
    },
)


def personas_of(book: Book, sheets: list[Sheet[PersonaPage]], vocabulary: Vocabulary) -> tuple[Persona, ...]:
    """The personas in their order."""
    seen: dict[int, str] = {}
    found = []
    for sheet in sheets:
        model = sheet.model
        if sheet.name == UNKNOWN:
            sheet.page.fault((), "“unknown” is everybody without a persona: give this page another name")
        if model.order in seen:
            sheet.page.fault(("order",), f"the order {model.order} is {seen[model.order]}'s already: the first wins")
        seen[model.order] = sheet.name
        when = book.condition(sheet.page, ("when",), vocabulary, Place.PERSONA)
        found.append((model.order, Persona(sheet.name, model.label, model.level, when, model.cares_about)))
    return tuple(persona for _, persona in sorted(found, key=lambda pair: (pair[0], pair[1].name)))


def stages_of(book: Book, sheet: Sheet[StagesPage], vocabulary: Vocabulary) -> tuple[Stage, ...]:
    """The stages, from the latest to the earliest; the earliest holds for everybody."""
    found: list[Stage] = []
    for at, model in enumerate(sheet.model.stages):
        when = book.condition(sheet.page, ("stages", at, "when"), vocabulary, Place.STAGE)
        if any(model.name == stage.name for stage in found):
            sheet.page.fault(("stages", at, "name"), f"the stage “{model.name}” stands here twice")
        found.append(Stage(model.name, model.label, when, model.awareness))
    if found and found[-1].when.text != "always":
        where = ("stages", len(found) - 1, "when")
        sheet.page.fault(where, "the last stage is everybody's: write `always: yes`, so that nobody has none")
    return tuple(found)


def checklist_of(book: Book, sheet: Sheet[ReadinessPage], name: str, vocabulary: Vocabulary) -> Checklist:
    """One of the two checklists."""
    items: Mapping[str, ItemPage] = getattr(sheet.model, name)
    return Checklist(
        name,
        tuple(
            ChecklistItem(
                key, item.label, book.condition(sheet.page, (name, key, "when"), vocabulary, Place.CHECKLIST), item.ask
            )
            for key, item in items.items()
        ),
    )


def as_condition(checklist: Checklist, title: str) -> Condition:
    """The checklist as one condition, so that a rule can name it."""
    whole = conjoin([item.when for item in checklist.items])
    return Condition(whole.test, f"the {title} checklist is true", whole.paths, whole.signals)


def threshold_of(scoring: Scoring) -> Condition:
    """The score stands at or above the threshold that holds for this lead's account. Never unknown."""
    tiers = scoring.target_thresholds

    def test(facts: Facts) -> Ternary:
        span = span_of(facts.value("score.total")) if scoring.on else None
        if span is None:
            return FALSE
        tier = facts.value("account.tier")
        needed = (
            min(tiers.get(tier, scoring.threshold), scoring.threshold) if isinstance(tier, str) else scoring.threshold
        )
        return TRUE if span[0] * 1000 >= needed else FALSE

    lower = ", ".join(f"{points / 1000:g} for {tier}" for tier, points in tiers.items())
    text = f"the score is at least {scoring.threshold / 1000:g}" + (f" ({lower})" if lower else "")
    return Condition(test, text, frozenset({"score.total", "account.tier"}))


def rules_of(book: Book, sheets: list[Sheet[RulePage]], vocabulary: Vocabulary) -> dict[Rule, RuleDefinition]:
    """The four rules, each held to what makes it the rule it is."""
    found = {}
    for sheet in sheets:
        if sheet.name not in set(Rule):
            continue
        rule = Rule(sheet.name)
        when = book.condition(sheet.page, ("when",), vocabulary, Place.RULE)
        said = _held(rule, when, sheet.page.data["when"])
        if said:
            sheet.page.fault(("when",), said)
        model = sheet.model
        if model.half_life is not None and not _SHORTEST <= model.half_life <= _LONGEST:
            sheet.page.fault(("half_life",), "a window's half-life lies between a minute and 60 days")
        found[rule] = RuleDefinition(rule, model.title, model.why, when, model.not_before, model.half_life)
    return found


def _held(rule: Rule, when: Condition, node: object) -> str:
    """Why this condition cannot be this rule's; empty when it can."""
    if rule in _AGREED:
        word, operand = _AGREED[rule]
        held = node == {word: operand}
        return "" if held else f"this rule is what was agreed on and nothing else: write `{word}: {operand}`"
    if when.event_types is None:
        return "name the `event.type`s that count here"
    return _consultation(when) if rule is Rule.CONSULTATION else _target(when)


def _consultation(when: Condition) -> str:
    if when.signals or any(not path.startswith("event.") for path in when.paths):
        return (
            "nothing stands in the way of a consultation request: look at `event.…` alone, at no score and no profile"
        )
    return ""


def _target(when: Condition) -> str:
    if "account.is_target" not in when.paths:
        return "this rule is about named accounts: add `account.is_target: yes`"
    wrong = sorted((when.event_types or frozenset()) & _NO_RESPONSE)
    return f"“{wrong[0]}” is no human response: remove it" if wrong else ""


def routing_of(
    book: Book, sheet: Sheet[RoutingPage], vocabulary: Vocabulary, teams: frozenset[str]
) -> list[RoutingRule]:
    """The routing rules, in order; the last catches everybody."""
    found = []
    for at, rule in enumerate(sheet.model.routing):
        book.known(sheet.page, ("routing", at, "team"), "team", rule.team, teams)
        when = book.condition(sheet.page, ("routing", at, "when"), vocabulary, Place.ROUTING)
        found.append(RoutingRule(when, rule.team, rule.why))
    if found[-1].when.text != "always":
        where = ("routing", len(found) - 1, "when")
        sheet.page.fault(where, "the last routing rule is for everybody: write `always: yes`, so that nobody is lost")
    return found


def tracks_of(book: Book, sheet: Sheet[NurturePage], vocabulary: Vocabulary) -> tuple[NurtureTrack, ...]:
    """The nurture tracks, in order."""
    found = []
    for at, track in enumerate(sheet.model.tracks):
        when = book.condition(sheet.page, ("tracks", at, "when"), vocabulary, Place.NURTURE)
        if track.webhook and (fault := fault_of(track.webhook)):
            sheet.page.fault(("tracks", at, "webhook"), fault)
        found.append(NurtureTrack(track.name, track.label, when, track.webhook))
    if found[-1].when.text != "always":
        where = ("tracks", len(found) - 1, "when")
        sheet.page.fault(where, "the last track is everybody's: write `always: yes`, so that nobody waits nowhere")
    return tuple(found)
