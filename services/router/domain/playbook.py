"""The playbook, compiled: everything marketing owns, as immutable values. `adapters.playbook_files` makes it from YAML.

Points are integers in thousandths of a point, so that sums are exact in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from schemas.lead import Priority
from schemas.play import Content
from schemas.verdict import Rule
from services.router.domain.condition import Condition
from services.router.domain.contact import NO_CAPS, Contact
from services.router.domain.team import Rep, Team


class Repeat(StrEnum):
    """What a second occurrence is worth."""

    EVERY = "every"
    ONCE = "once"
    ONCE_A_DAY = "once_a_day"


@dataclass(frozen=True, slots=True)
class Signal:
    """A behaviour or an activity that counts. Half-life *or* window, never both."""

    name: str
    label: str
    when: Condition
    points: int
    repeat: Repeat = Repeat.EVERY
    half_life_days: int | None = None
    window_days: int | None = None
    cap: int | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Characteristic:
    """Something about who they are. Reads the profile only."""

    name: str
    label: str
    when: Condition
    points: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """Points, caps, the threshold, and the matrix that makes a priority of fit × engagement."""

    on: bool = True
    signals: tuple[Signal, ...] = ()
    characteristics: tuple[Characteristic, ...] = ()
    group_caps: Mapping[str, int] = field(default_factory=dict)
    threshold: int = 100_000
    target_thresholds: Mapping[str, int] = field(default_factory=dict)
    """tier → a lower threshold for target accounts."""
    horizon_days: int = 365
    fit_bands: tuple[int, int, int] = (0, 0, 0)
    """Fit points from which a lead is of band 2, 3, 4 (band 1 below)."""
    engagement_bands: tuple[int, int, int] = (0, 0, 0)
    matrix: Mapping[tuple[int, int], Priority] = field(default_factory=dict)
    """(fit band 1–4, engagement band 1–4) → priority."""
    products: Mapping[str, int] = field(default_factory=dict)
    """product of interest (folded) → how many letters its value raises the priority, or lowers it (negative)."""
    cool_down: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a checklist (right person, right account, right interest, right time), and how to find out."""

    name: str
    label: str
    when: Condition
    ask: str
    """The question whose answer settles it."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """All items must be true."""

    name: str
    items: tuple[ChecklistItem, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """One of the four always-pass rules, as this company agreed on it. Rule 2 is the SQL checklist."""

    rule: Rule
    title: str
    why: str
    when: Condition
    not_before: timedelta = timedelta()
    """Nobody is called the minute they register for a webinar."""
    half_life: timedelta | None = None
    """The window of opportunity: after so long half of it is gone. None: it does not close."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of buyer. The first persona whose `when` is true wins (ordered; exclusions are in the condition)."""

    name: str
    label: str
    level: str
    """`c_level`, `vice_president`, `director`, `manager`, `practitioner`, `assistant`, …"""
    when: Condition
    cares_about: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One buying stage; the furthest whose `when` is true wins (listed from the latest to the earliest)."""

    name: str
    label: str
    when: Condition
    awareness: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """Prescriptive instructions. Empty sets mean *any*; the most specific play that fits wins. Texts are templates."""

    name: str
    title: str
    triggers: frozenset[Rule] = frozenset()
    personas: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    phone: bool | None = None
    """Only for leads with (True) or without (False) a phone; None for both."""
    fallback: bool = False
    objective: str = ""
    when_to_call: str = ""
    talk_track: str = ""
    voicemail: str = ""
    follow_up: str = ""
    email_subject: str = ""
    email_body: str = ""
    attempts: int = 6
    attempt_window: timedelta = timedelta(days=5)
    wedge: str = ""
    content: tuple[Content, ...] = ()
    snippets: tuple[str, ...] = ()
    tone: str = ""
    questions: tuple[str, ...] = ()
    email_first: str = ""
    """What to do first when there is no phone."""
    not_before: timedelta = timedelta()
    """How long after the event nobody calls yet."""


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """The first whose `when` is true names the team."""

    when: Condition
    team: str
    why: str


@dataclass(frozen=True, slots=True)
class Target:
    """A named account on sales' hit list."""

    account: str
    name: str
    owner: str
    tier: str
    domains: frozenset[str]
    aliases: frozenset[str]
    game_plan: str
    start: date | None = None
    end: date | None = None


class SuppressionKind(StrEnum):
    """Why a lead must not reach a rep. Each leads to triage with a receipt, never nowhere."""

    DO_NOT_CONTACT = "do_not_contact"
    EMPLOYEE = "employee"
    COMPETITOR = "competitor"
    TEST = "test"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Explicit lists: email address or domain → why."""

    emails: Mapping[str, SuppressionKind] = field(default_factory=dict)
    domains: Mapping[str, SuppressionKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FloodLimit:
    """Above this many claimed events per key within the window they go to triage together."""

    per_form: int = 200
    per_address: int = 10
    per_campaign: int = 400
    window: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Domains:
    """Which email domains make no account, and which belong together."""

    free: frozenset[str] = frozenset()
    disposable: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """domain → the account's main domain."""


@dataclass(frozen=True, slots=True)
class NurtureTrack:
    """Where leads go that are not ready; the first whose `when` is true."""

    name: str
    label: str
    when: Condition
    webhook: str = ""
    """Where the track's tool takes signed webhooks; empty where nobody is told."""


@dataclass(frozen=True, slots=True)
class Playbook:
    """Everything marketing owns, one version of it."""

    version: str
    lists_version: str
    title: str
    scoring: Scoring
    rules: Mapping[Rule, RuleDefinition]
    mql: Checklist
    sql: Checklist
    personas: tuple[Persona, ...]
    stages: tuple[Stage, ...]
    plays: tuple[Play, ...]
    reps: Mapping[str, Rep]
    teams: Mapping[str, Team]
    routing: tuple[RoutingRule, ...]
    last_resort: str
    """The rep who gets what nobody else may have."""
    triage_team: str
    targets: Mapping[str, Target]
    """account key → target."""
    target_domains: Mapping[str, str]
    """domain → account key."""
    target_aliases: Mapping[str, str]
    """a normalised company name → account key."""
    suppressions: Suppressions = Suppressions()
    domains: Domains = Domains()
    flood: FloodLimit = FloodLimit()
    tracks: tuple[NurtureTrack, ...] = ()
    triage_interest: int = 50_000
    """Engagement (thousandths) from which an unknown readiness goes to triage instead of nurture."""
    responses: frozenset[str] = frozenset()
    """The event types that are a human inbound response (rule 4): never opens, deliveries, bounces, unsubscribes."""
    click_hold: timedelta = timedelta(seconds=5)
    historical_after: timedelta = timedelta(hours=24)
    contact: Contact = NO_CAPS
    """How often people hear from us, and where they say when they want to."""
