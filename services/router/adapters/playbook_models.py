"""The shape of the playbook's pages, for people: pydantic models whose messages become faults with file and line."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.adapters.playbook_types import (
    Days,
    Duration,
    Hours,
    Name,
    Names,
    Points,
    Switch,
    Text,
    Texts,
    When,
    listed,
    switch,
)
from services.router.domain.playbook import Repeat


class _Page(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FloodPage(_Page):
    """Above these rates claimed events go to triage together."""

    per_form: int = Field(200, ge=1)
    per_address: int = Field(10, ge=1)
    per_campaign: int = Field(400, ge=1)
    window: Duration = timedelta(minutes=10)


class TriagePage(_Page):
    """Who looks at what is not sure, and from which interest on."""

    team: Name
    interest: Points = Decimal(50)


class TimingPage(_Page):
    """How long clicks are held, and from which age an event is history."""

    click_hold: Duration = timedelta(seconds=5)
    historical_after: Duration = timedelta(hours=24)


class WordsPage(_Page):
    """The company's own words: abbreviations, and fields and properties beyond the usual ones."""

    abbreviations: dict[str, Text] = {}
    lead_fields: Names = []
    event_properties: Texts = []


class TitlePage(_Page):
    """playbook.yaml."""

    title: Text
    our: dict[Name, Text] = {}
    """Our company's own words, for the plays: `{{ our.company }}`. Put in when the playbook loads."""
    last_resort: Name
    triage: TriagePage
    flood: FloodPage = FloodPage()
    timing: TimingPage = TimingPage()
    words: WordsPage = WordsPage()


class SignalPage(_Page):
    """One behaviour or activity."""

    label: Text
    when: When
    points: Points
    repeat: Repeat = Repeat.EVERY
    half_life_days: Days | None = None
    window_days: Days | None = None
    cap: Points | None = None
    group: Name | None = None


class CharacteristicPage(_Page):
    """Something about who they are."""

    label: Text
    when: When
    points: Points


class PriorityPage(_Page):
    """Fit × engagement → A to D. Bands 2, 3, 4 begin at the points given; rows are fit bands 4 down to 1."""

    fit_bands: Annotated[list[Points], Field(min_length=3, max_length=3)]
    engagement_bands: Annotated[list[Points], Field(min_length=3, max_length=3)]
    matrix: dict[
        Literal["fit_4", "fit_3", "fit_2", "fit_1"], Annotated[list[Priority], Field(min_length=4, max_length=4)]
    ]


class ScoringPage(_Page):
    """scoring.yaml."""

    scoring: Switch = True
    threshold: Points = Decimal(100)
    target_thresholds: dict[str, Points] = {}
    horizon_days: Days = 365
    cool_down: Duration = timedelta(days=30)
    signals: dict[Name, SignalPage] = {}
    groups: dict[Name, Points] = {}
    characteristics: dict[Name, CharacteristicPage] = {}
    priority: PriorityPage


class ItemPage(_Page):
    """One line of a checklist."""

    label: Text
    when: When
    ask: Text


class ReadinessPage(_Page):
    """readiness.yaml."""

    mql: dict[Name, ItemPage] = Field(min_length=1)
    sql: dict[Name, ItemPage] = Field(min_length=1)


class ExamplePage(_Page):
    """One example that `check` runs: what is given, and whether the rule fires."""

    title: Text
    given: dict[Literal["event", "lead", "account", "score", "counts"], dict[str, Any]]
    expect: Literal["fires", "silent", "unknown"]


class RulePage(_Page):
    """rules/<rule>.yaml."""

    title: Text
    why: Text
    when: When
    not_before: Duration = timedelta()
    examples: Annotated[list[ExamplePage], Field(min_length=2)]


class PersonaPage(_Page):
    """personas/<persona>.yaml."""

    label: Text
    level: Name
    order: int = Field(ge=1, le=10_000)
    cares_about: Text
    when: When


class StagePage(_Page):
    """One buying stage."""

    name: Name
    label: Text
    awareness: Text
    when: When


class StagesPage(_Page):
    """stages.yaml: from the latest stage to the earliest."""

    stages: Annotated[list[StagePage], Field(min_length=1)]


class ContentPage(_Page):
    """One thing to send."""

    title: Text
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500)]


class AudiencePage(_Page):
    """Who a play is for. What is not named does not matter."""

    triggers: Annotated[list[Rule], BeforeValidator(listed)] = []
    personas: Names = []
    stages: Names = []
    products: Texts = []
    phone: Annotated[bool | None, BeforeValidator(switch)] = None


class EmailPage(_Page):
    """The email template."""

    subject: Text
    body: Text


class AttemptsPage(_Page):
    """How often to try, within how long."""

    number: int = Field(ge=1, le=30)
    within: Duration


class PlayPage(_Page):
    """plays/<play>.yaml."""

    title: Text
    for_: AudiencePage = Field(AudiencePage(), alias="for")
    fallback: Switch = False
    objective: Text
    when_to_call: Text
    talk_track: Text
    voicemail: Text
    follow_up: Text
    email: EmailPage
    attempts: AttemptsPage
    wedge: Text
    content: Annotated[list[ContentPage], Field(min_length=1)]
    snippets: Annotated[Texts, Field(min_length=1)]
    tone: Text
    questions: Annotated[Texts, Field(min_length=1)]
    email_first: Text


class AddressPage(_Page):
    """Where a person is reached."""

    channel: Name
    address: Text


class AwayPage(_Page):
    """Out of office, both days included, in the person's own zone."""

    start: date
    end: date


Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekdays"]


class PersonPage(_Page):
    """A rep or a manager. Zone, hours and holidays are the team's where they have none of their own."""

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", to_lower=True, max_length=254)]
    zone: Text | None = None
    hours: dict[Day, Hours] | None = None
    holidays: Text | None = None
    addresses: Annotated[list[AddressPage], Field(min_length=1)]
    weight: int = Field(1, ge=1, le=100)
    capacity: int = Field(20, ge=1, le=10_000)
    away: list[AwayPage] = []


class ServicePage(_Page):
    """The deadlines of one priority, in business time."""

    accept_within: Duration
    attempt_within: Duration
    triage_within: Duration = timedelta(hours=4)
    reminders: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(max_length=5)] = [0.5, 0.8]


class TeamPage(_Page):
    """teams/<team>.yaml."""

    label: Text
    zone: Text
    hours: Annotated[dict[Day, Hours], Field(min_length=1)]
    holidays: Text | None = None
    service: dict[Priority, ServicePage]
    manager: dict[Name, PersonPage] = Field(min_length=1, max_length=1)
    reps: dict[Name, PersonPage] = Field(min_length=1)


class RoutePage(_Page):
    """One routing rule."""

    when: When
    team: Name
    why: Text


class RoutingPage(_Page):
    """routing.yaml: the first whose `when` is true names the team."""

    routing: Annotated[list[RoutePage], Field(min_length=1)]


class DomainsPage(_Page):
    """domains.yaml."""

    free: list[Text] = []
    disposable: list[Text] = []
    aliases: dict[str, Text] = {}


class TrackPage(_Page):
    """One nurture track."""

    name: Name
    label: Text
    when: When


class NurturePage(_Page):
    """nurture.yaml: the first whose `when` is true."""

    tracks: Annotated[list[TrackPage], Field(min_length=1)]
