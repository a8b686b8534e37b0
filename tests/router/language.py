"""Random words of the condition language, as marketers may write them, for each place of a playbook."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from schemas.event import EventType
from services.router.domain.condition import Condition
from services.router.domain.conditions import compile_condition
from services.router.domain.vocabulary import Place, Vocabulary
from services.router.domain.words import Abbreviations

Node = dict[str, Any]
Word = Callable[[Random], Node]
T = TypeVar("T")
SIGNALS = ("visit", "whitepaper", "click", "webinar", "goodbye")
PERSONAS, LEVELS, STAGES = ("p0", "p1", "p2"), ("boss", "clerk"), ("s0", "s1", "early")
STATED: Mapping[str, tuple[str, ...]] = {
    "title": ("Vice President", "VP Sales", "Assistant to the Vice President", "Clerk"),
    "employees": ("12", "51-200", "1,000+", "many"),
    "budget": ("yes", "no"),
    "time_frame": ("now", "this_year", "later"),
    "product": ("Planner", "Router"),
    "company": ("Globex", "Initech", "Acme, Inc."),
    "website": ("https://www.globex.example", "initech.example", "gmail.example"),
    "country": ("DE", "NO"),
    "message": ("please call, it is urgent", "hello"),
}
"""What people may state, field by field."""
WORDS = Vocabulary(
    signals={name: name.title() for name in SIGNALS}, abbreviations=Abbreviations({"vp": "vice president"})
)
_BOUNDS = ({"at_least": 50}, {"at_most": 60}, {"at_least": 20, "at_most": 200}, {"at_least": -10})
_YES_NO = ("yes", "no")


def some(chance: Random, choices: Sequence[T], least: int, most: int) -> list[T]:
    """A few of these, each once."""
    return chance.sample(choices, min(len(choices), chance.randint(least, most)))


def _said(chance: Random) -> Node:
    """One stated field, compared in a way that makes sense for it."""
    field = chance.choice(sorted(STATED))
    path, value = f"lead.{field}", chance.choice(STATED[field])
    ways: list[Any] = [value]
    if field not in ("budget", "time_frame"):
        ways += [{"contains": value[:3]}, {"starts_with": value[:2]}, {"ends_with": value[-2:]}, chance.choice(_BOUNDS)]
        ways.append({"words": [{"not": "assistant to"}, value]})
    return {path: chance.choice(ways)}


def _flag(*paths: str) -> Word:
    return lambda chance: {chance.choice(paths): chance.choice(_YES_NO)}


def _among(path: str, values: Sequence[str]) -> Word:
    return lambda chance: {path: some(chance, values, 1, 2)}


def _known(*paths: str) -> Word:
    return lambda chance: {chance.choice(("known", "unknown")): chance.choice(paths)}


def _counted(chance: Random) -> Node:
    limits = chance.choice(({}, {"at_least": 2}, {"at_most": 0}, {"at_least": 1, "at_most": 3}))
    within = chance.choice(({}, {"within_days": 1}, {"within_days": 30}))
    return {"count": some(chance, SIGNALS, 1, 2), **limits, **within}


def _scored(chance: Random) -> Node:
    return {chance.choice(("score.total", "score.fit", "score.engagement")): chance.choice((*_BOUNDS, 0, 50, 100))}


_LEAD: tuple[Word, ...] = (
    _said,
    _said,
    _known(*(f"lead.{field}" for field in STATED), "lead.phone", "lead.email"),
    _flag("lead.has_phone", "lead.has_email", "lead.known"),
    _among("lead.email_domain", ("acme.example", "globex.example")),
)
_FOLLOWING: tuple[Word, ...] = (
    _among("lead.persona", PERSONAS),
    _among("lead.persona_level", LEVELS),
    _known("lead.persona", "account.key", "account.tier"),
    _flag("account.is_target", "account.known"),
    _among("account.tier", ("gold", "silver")),
    _among("account.key", ("globex.example", "name:initech")),
)
_STAGE: tuple[Word, ...] = (_among("lead.stage", STAGES), _known("lead.stage"))
_EVENT: tuple[Word, ...] = (
    _among("event.type", tuple(kind.value for kind in EventType)),
    _flag("event.attested"),
    lambda _: {"event.path": {"starts_with": "/p"}},
    lambda _: {"event.consultation": "yes"},
    lambda _: {"known": "event.form_id"},
)
_LASTING = (*_LEAD, *_FOLLOWING, _counted, _scored, *_STAGE)
FACTS: Mapping[Place, tuple[Word, ...]] = {
    Place.SIGNAL: (_among("event.type", ("page_viewed", "form_submitted")), *_EVENT[2:]),
    Place.CHARACTERISTIC: (*_LEAD, *_FOLLOWING),
    Place.PERSONA: _LEAD,
    Place.STAGE: (*_LEAD, *_FOLLOWING, _counted),
    Place.CHECKLIST: _LASTING,
    Place.RULE: (*_EVENT, *_LASTING),
    Place.ROUTING: (*_EVENT, *_LASTING),
    Place.NURTURE: (*_EVENT, *_LASTING),
}
"""Single facts that may be asked at each place."""


def a_node(place: Place, chance: Random, depth: int = 2) -> Node:
    """A condition as a page has it, of a few facts."""
    how = chance.choice(("fact", "fact", "lines", "all", "any", "not")) if depth else "fact"
    if how == "fact":
        return chance.choice(FACTS[place])(chance)
    parts = [a_node(place, chance, depth - 1) for _ in range(chance.randint(1, 3))]
    if how == "not":
        return {"not": parts[0]}
    if how == "lines" and not any("count" in part for part in parts):
        return {word: operand for part in parts for word, operand in part.items()}
    return {"any" if how == "any" else "all": parts}


def a_condition(place: Place, chance: Random) -> Condition:
    """A compiled condition for this place."""
    return compile_condition(a_node(place, chance), WORDS, place)
