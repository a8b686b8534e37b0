"""The shape of the playbook's pages, for people: pydantic models whose messages become faults with file and line."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.adapters.playbook_types import (
    AtLeastOne,
    Days,
    Duration,
    Name,
    Names,
    OnOff,
    Points,
    Switch,
    Text,
    Texts,
    When,
    listed,
    switch,
)
from services.router.domain.contact import MOST
from services.router.domain.playbook import Repeat


class Shape(BaseModel):
    """What all pages have in common: nothing unknown stands on them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FloodPage(Shape):
    """Above these rates claimed events go to triage together."""

    per_form: AtLeastOne = 200
    per_address: AtLeastOne = 10
    per_campaign: AtLeastOne = 400
    window: Duration = timedelta(minutes=10)


class TriagePage(Shape):
    """Who looks at what is not sure, and from which interest on."""

    team: Name
    interest: Points = Decimal(50)


class TimingPage(Shape):
    """How long clicks are held, and from which age an event is history."""

    click_hold: Duration = timedelta(seconds=5)
    historical_after: Duration = timedelta(hours=24)


class CapPage(Shape):
    """At most so many contacts within so long."""

    most: int = Field(ge=1, le=MOST)
    within: Duration


class ContactPage(Shape):
    """How often people hear from us, and where they say when they want to. It moves the next call, nothing else."""

    per_person: CapPage | None = None
    per_account: CapPage | None = None
    asked_for: Texts = []


class WordsPage(Shape):
    """The company's own words: abbreviations, and fields and properties beyond the usual ones."""

    abbreviations: dict[str, Text] = {}
    lead_fields: Names = []
    event_properties: Texts = []


class TitlePage(Shape):
    """playbook.yaml."""

    title: Text
    our: dict[Name, Text] = {}
    """Our company's own words, for the plays: `{{ our.company }}`. Put in when the playbook loads."""
    last_resort: Name
    triage: TriagePage
    flood: FloodPage = Field(default_factory=FloodPage)
    timing: TimingPage = Field(default_factory=TimingPage)
    contact: ContactPage = Field(default_factory=ContactPage)
    words: WordsPage = Field(default_factory=WordsPage)


class SignalPage(Shape):
    """One behaviour or activity."""

    label: Text
    when: When
    points: Points
    repeat: Repeat = Repeat.EVERY
    half_life_days: Days | None = None
    window_days: Days | None = None
    cap: Points | None = None
    group: Name | None = None


class CharacteristicPage(Shape):
    """Something about who they are."""

    label: Text
    when: When
    points: Points


class PriorityPage(Shape):
    """Fit × engagement → A to D. Bands 2, 3, 4 begin at the points given; rows are fit bands 4 down to 1."""

    fit_bands: Annotated[list[Points], Field(min_length=3, max_length=3)]
    engagement_bands: Annotated[list[Points], Field(min_length=3, max_length=3)]
    matrix: dict[
        Literal["fit_4", "fit_3", "fit_2", "fit_1"], Annotated[list[Priority], Field(min_length=4, max_length=4)]
    ]
    products: dict[Text, Literal["higher", "lower"]] = {}
    """What somebody wants may weigh: one letter up or down. Where they come from never does."""


class ScoringPage(Shape):
    """scoring.yaml."""

    scoring: Switch = True
    threshold: Points = Decimal(100)
    target_thresholds: dict[str, Points] = {}
    horizon_days: Days = 365
    cool_down: Duration = timedelta(days=30)
    signals: dict[Name, SignalPage] = {}
    groups: dict[Name, Points] = {}
    characteristics: dict[Name, CharacteristicPage] = {}
    priority: PriorityPage | None = None
    """Needed while anything is scored."""


class ItemPage(Shape):
    """One line of a checklist."""

    label: Text
    when: When
    ask: Text


class ReadinessPage(Shape):
    """readiness.yaml."""

    mql: dict[Name, ItemPage] = Field(min_length=1)
    sql: dict[Name, ItemPage] = Field(min_length=1)


class ExamplePage(Shape):
    """One example that `check` runs: what is given, and whether the rule fires."""

    title: Text
    given: dict[Literal["event", "lead", "account", "score", "counts"], dict[str, Any]]
    expect: Literal["fires", "silent", "unknown"]


class RulePage(Shape):
    """rules/<rule>.yaml."""

    title: Text
    why: Text
    when: When
    not_before: Duration = timedelta()
    half_life: Duration | None = None
    """The window of opportunity."""
    examples: Annotated[list[ExamplePage], Field(min_length=2)]


class PersonaPage(Shape):
    """personas/<persona>.yaml."""

    label: Text
    level: Name
    order: int = Field(ge=1, le=10_000)
    cares_about: Text
    when: When


class StagePage(Shape):
    """One buying stage."""

    name: Name
    label: Text
    awareness: Text
    when: When


class StagesPage(Shape):
    """stages.yaml: from the latest stage to the earliest."""

    stages: Annotated[list[StagePage], Field(min_length=1)]


class ContentPage(Shape):
    """One thing to send."""

    title: Text
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500)]


class AudiencePage(Shape):
    """Who a play is for. What is not named does not matter."""

    triggers: Annotated[list[Rule], BeforeValidator(listed, json_schema_input_type=Rule | list[Rule])] = []
    personas: Names = []
    stages: Names = []
    products: Texts = []
    phone: Annotated[bool | None, BeforeValidator(switch, json_schema_input_type=OnOff | None)] = None


class EmailPage(Shape):
    """The email template."""

    subject: Text
    body: Text


class AttemptsPage(Shape):
    """How often to try, within how long."""

    number: int = Field(ge=1, le=30)
    within: Duration


class PlayPage(Shape):
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
    not_before: Duration = timedelta()


class RoutePage(Shape):
    """One routing rule."""

    when: When
    team: Name
    why: Text


class RoutingPage(Shape):
    """routing.yaml: the first whose `when` is true names the team."""

    routing: Annotated[list[RoutePage], Field(min_length=1)]


class DomainsPage(Shape):
    """domains.yaml."""

    free: list[Text] = []
    disposable: list[Text] = []
    aliases: dict[str, Text] = {}


class TrackPage(Shape):
    """One nurture track."""

    name: Name
    label: Text
    when: When
    webhook: Text = ""
    """Where the marketing tool is told who enters and who leaves; signed with PLAYCALLER_NURTURE_SECRET."""


class NurturePage(Shape):
    """nurture.yaml: the first whose `when` is true."""

    tracks: Annotated[list[TrackPage], Field(min_length=1)]
