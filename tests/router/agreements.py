"""Random playbooks: any agreement that a company could come to, built from its parts, each of them valid."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from schemas.event import EventType
from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.adapters.playbook_files import load
from services.router.domain import junctions
from services.router.domain.conditions import compile_condition
from services.router.domain.contact import NO_CAPS, Cap, Contact
from services.router.domain.playbook import (
    Characteristic,
    Checklist,
    ChecklistItem,
    FloodLimit,
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
from services.router.domain.plays import UNKNOWN
from services.router.domain.vocabulary import Place
from tests.router.builders import SIGNALS, a_playbook
from tests.router.language import LEVELS, PERSONAS, STAGES, WORDS, a_condition, some

ASKS = (
    {"event.type": ["form_submitted", "meeting_booked"], "event.consultation": "yes"},
    {"any": [{"event.consultation": "yes"}, {"event.type": "meeting_booked"}]},
    {"event.type": ["form_submitted", "email_replied", "lead_brought"], "event.consultation": {"starts_with": "y"}},
)
"""What may be agreed on as a request for a consultation: a form that says so is one by each of them."""
_NAMED = compile_condition({"account.is_target": "yes"}, WORDS)
_KINDS = tuple(kind.value for kind in EventType)


@cache
def straw_man() -> Playbook:
    """The playbook that ships."""
    return load(Path(__file__).parents[2] / "playbook")


def _points(chance: Random, least: int = -100, most: int = 150) -> int:
    return 5_000 * chance.randint(least // 5, most // 5)


def a_scoring(chance: Random) -> Scoring:
    """Points, half-lives or windows, caps, repeat policies, thresholds."""
    book = a_playbook().scoring
    names = some(chance, ("c0", "c1", "c2", "c3"), 0, 4)
    who = [Characteristic(name, "Who", a_condition(Place.CHARACTERISTIC, chance), _points(chance)) for name in names]
    return replace(
        book,
        signals=(*(_scored(each, chance) for each in SIGNALS), *_more_signals(chance)),
        characteristics=tuple(who),
        group_caps={name: _points(chance, 0) for name in some(chance, ("content", "talk"), 0, 2)},
        threshold=_points(chance, -100, 250),
        target_thresholds={tier: _points(chance, -50, 100) for tier in some(chance, ("gold", "silver"), 0, 2)},
        horizon_days=chance.choice((30, 365)),
        cool_down=timedelta(days=chance.choice((0, 1, 90))),
        matrix=chance.choice((book.matrix, {}, dict.fromkeys(book.matrix, Priority.A))),
    )


def _scored(signal: Signal, chance: Random) -> Signal:
    half_life = chance.choice((None, None, 1, 7, 30, 400))
    return replace(
        signal,
        points=_points(chance),
        repeat=chance.choice(tuple(Repeat)),
        half_life_days=half_life,
        window_days=None if half_life else chance.choice((None, 1, 7, 90)),
        cap=chance.choice((None, _points(chance, 0))),
        group=chance.choice(("", "content", "talk")),
    )


def _more_signals(chance: Random) -> list[Signal]:
    names = some(chance, ("x0", "x1"), 0, 2)
    return [_scored(Signal(name, "More", a_condition(Place.SIGNAL, chance), 0), chance) for name in names]


def a_checklist(name: str, chance: Random) -> Checklist:
    """None to three lines, each with its question."""
    items = [
        ChecklistItem(line, f"The line {line}", a_condition(Place.CHECKLIST, chance), f"{line.title()}?")
        for line in some(chance, ("who", "what", "when"), 0, 3)
    ]
    return Checklist(name, tuple(items))


def _personas(chance: Random) -> tuple[Persona, ...]:
    names = some(chance, PERSONAS, 0, 3)
    return tuple(
        Persona(name, f"A {name}", chance.choice(LEVELS), a_condition(Place.PERSONA, chance)) for name in names
    )


def _stages(chance: Random) -> tuple[Stage, ...]:
    """From the latest to the earliest, which is everybody's."""
    further = [Stage(name, f"At {name}", a_condition(Place.STAGE, chance)) for name in some(chance, STAGES[:2], 0, 2)]
    return (*further, Stage(STAGES[-1], "Early", junctions.always(), "problem aware"))


def _plays(chance: Random) -> tuple[Play, ...]:
    """None to five for somebody, in the words of the plays that ship, and their fallback."""
    whole = [play for play in straw_man().plays if not play.fallback]
    found = [
        replace(
            chance.choice(whole),
            name=f"play {at}",
            triggers=frozenset(some(chance, tuple(Rule), 0, 2)),
            personas=frozenset(some(chance, (*PERSONAS, UNKNOWN), 0, 2)),
            stages=frozenset(some(chance, STAGES, 0, 2)),
            products=frozenset(some(chance, ("planner",), 0, 1)),
            phone=chance.choice((None, True, False)),
        )
        for at in range(chance.randint(0, 5))
    ]
    return (*found, *(play for play in straw_man().plays if play.fallback))


def _rules(chance: Random) -> dict[Rule, RuleDefinition]:
    """The first rule in one of its wordings; the others, of which some may be left out."""
    found = dict(a_playbook().rules)
    asks = compile_condition(chance.choice(ASKS), WORDS)
    target = chance.choice((_NAMED, junctions.conjoin([_NAMED, a_condition(Place.RULE, chance)])))
    found[Rule.CONSULTATION] = replace(found[Rule.CONSULTATION], when=asks)
    found[Rule.TARGET_RESPONDS] = replace(
        found[Rule.TARGET_RESPONDS], when=target, not_before=timedelta(hours=chance.randint(0, 1))
    )
    left_out = some(chance, tuple(Rule)[1:], 0, 3) if chance.random() < 0.3 else []
    half_life = chance.choice((None, timedelta(minutes=1), timedelta(days=9)))
    return {rule: replace(found[rule], half_life=half_life) for rule in found if rule not in left_out}


def _contact(chance: Random) -> Contact:
    """None, or so many attempts within so many hours, of one person or of a company as well; who may ask for a time."""
    cap = Cap(chance.randint(1, 3), timedelta(hours=chance.randint(1, 500)))
    asked_for = chance.choice(((), ("lead.title", "event.link", "lead.time_zone")))
    return chance.choice((NO_CAPS, Contact(cap, None, asked_for), Contact(cap, cap, asked_for)))


def _targets(book: Playbook, chance: Random) -> Mapping[str, Target]:
    """The one named account, on or off the list by its dates, with an owner who may have left."""
    (globex,) = book.targets.values()
    dates = (None, None, date(2026, 1, 1), date(2026, 9, 15), date(2027, 1, 1))
    target = replace(
        globex,
        tier=chance.choice(("gold", "silver")),
        owner=chance.choice(("olga", "ruth", "who left")),
        start=chance.choice(dates),
        end=chance.choice(dates),
    )
    return {target.account: target}


def _suppressions(chance: Random) -> Suppressions:
    kinds = tuple(SuppressionKind)
    domains = some(chance, ("acme.example", "initech.example"), 0, 2) if chance.random() < 0.3 else []
    emails = some(chance, ("bob@globex.example",), 0, 1)
    return Suppressions(
        {each: chance.choice(kinds) for each in emails}, {each: chance.choice(kinds) for each in domains}
    )


def an_agreement(number: int) -> Playbook:
    """The playbook of this number: the same for the same number."""
    book, chance = a_playbook(), Random(number)
    everybody = RoutingRule(junctions.always(), "inside", "everybody")
    routing = [RoutingRule(a_condition(Place.ROUTING, chance), "inside", "some") for _ in range(chance.randint(0, 1))]
    tracks = [NurtureTrack("t", "A track", a_condition(Place.NURTURE, chance)) for _ in range(chance.randint(0, 1))]
    few = chance.random() < 0.3
    return replace(
        book,
        version=f"agreement {number}",
        scoring=a_scoring(chance) if chance.random() < 0.8 else Scoring(on=False),
        rules=_rules(chance),
        contact=_contact(chance),
        mql=a_checklist("mql", chance),
        sql=a_checklist("sql", chance),
        personas=_personas(chance),
        stages=_stages(chance),
        plays=_plays(chance),
        routing=(*routing, everybody),
        targets=chance.choice(({}, _targets(book, chance))),
        suppressions=_suppressions(chance),
        tracks=tuple(tracks),
        triage_interest=_points(chance, -5, 200),
        responses=chance.choice((book.responses, frozenset(some(chance, _KINDS, 0, len(_KINDS))))),
        flood=FloodLimit(*(chance.randint(1, 6) for _ in range(3))) if few else FloodLimit(),
        historical_after=timedelta(hours=chance.choice((0, 24))),
    )


AGREEMENTS = st.integers(0, 2**32).map(an_agreement)
"""Whole playbooks."""
