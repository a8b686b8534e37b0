"""A lead: what happened (day counts an identifier), what was said (a profile), and where it stands with sales.

State is what happened, not points: points, half-lives, windows and caps are applied when read (`scoring`). Everything
kept here is bounded and commutes: any order of arrival, duplicates, retractions and merges give the same sum.
"""

from collections.abc import Mapping
from uuid import UUID

from schemas.event import IdentifierKind
from schemas.fact import Value
from schemas.lead import LifecycleStage, Priority
from schemas.verdict import Rule

RECENT = 3
"""How many event ids are kept a signal."""


class IdentifierKey(Value, frozen=True, order=True, gc=False):
    """One identifier as the state knows it: its kind and its normalised value."""

    kind: IdentifierKind
    value: str


class Sighting(Value, frozen=True, order=True, gc=False, array_like=True):
    """When something was said or done, and by which event: the order in which conflicts are settled."""

    at: int
    """Milliseconds since the epoch, UTC."""
    event: bytes
    """The event's id, in its 16 bytes: thousands of dossiers are read and written a second."""


class Statement(Value, frozen=True, gc=False, array_like=True):
    """One value of one profile field, as one source gave it."""

    value: str
    attested: bool
    seen: Sighting


class Dossier(Value, frozen=True, gc=False, array_like=True):
    """What is known through one identifier alone. A lead is the sum of its identifiers' dossiers.

    Kept as an array: a field is only ever added at the end, with a default.
    """

    counts: Mapping[str, Mapping[int, int]] = {}
    """signal → UTC day (proleptic ordinal) → how often, within the horizon; negative while a retraction waits."""
    recent: Mapping[str, tuple[Sighting, ...]] = {}
    """signal → its newest `RECENT` sightings, newest first."""
    statements: Mapping[str, Mapping[str, tuple[Statement, ...]]] = {}
    """field → source → its last three values, newest first."""
    read: Mapping[str, Sighting] = {}
    """Content already seen (path or asset) → when; bounded."""
    first: Sighting | None = None
    last: Sighting | None = None


class Ownership(Value, frozen=True, gc=False, array_like=True):
    """Which email claims a cookie or a phone: the earliest claim wins, whatever order they arrive in.

    Kept as an array, like a dossier.
    """

    claims: tuple[tuple[Sighting, str], ...] = ()
    """(when received and by which event, email), earliest first, a few an email, bounded. A phone may be claimed by a
    cookie (`identity.claimant_of`); an email lists its attested aliases here."""
    claimed: tuple[IdentifierKey, ...] = ()
    """Which cookies and phones this identifier has claimed, so that an erasure or a retraction finds them; bounded."""

    @property
    def email(self) -> str | None:
        """The owner, or nobody yet."""
        return self.claims[0][1] if self.claims else None


class HeldClick(Value, frozen=True, gc=False):
    """An email click waiting to see whether a burst follows (E8). Times are milliseconds, UTC."""

    event: UUID
    occurred_at: int
    received_at: int
    link: str
    judged: bool = False
    source: str = ""
    name: str = ""
    properties: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    """What the playbook may ask about when it is judged; bounded."""
    identifier: IdentifierKey | None = None
    """Where it counts."""
    signals: tuple[str, ...] = ()
    """What it counted as when it was judged, so that a burst seen too late can take it back."""
    historical: bool = False
    attested: bool = False


class Stay(Value, frozen=True, gc=False):
    """One stay in a nurture track. Milliseconds, UTC; `left` is 0 as long as it lasts."""

    id: UUID
    track: str
    since: int
    left: int = 0


class Return(Value, frozen=True, gc=False):
    """A rep wants to see the lead again: when, who, and what it had been passed to sales for."""

    at: int
    """Milliseconds, UTC."""
    handoff: UUID
    rep: str
    rules: tuple[Rule, ...]
    priority: Priority
    said: str = ""
    """In which words they gave it back."""


class Standing(Value, frozen=True, gc=False):
    """Where a lead stands with marketing and sales: what is not a sum of events but a history of decisions."""

    seq: int = 0
    lifecycle: LifecycleStage = LifecycleStage.LEAD
    armed: bool = True
    """Rule 3 fires only while armed; firing disarms, recycling and a cool-down re-arm."""
    armed_from: int = 0
    """Milliseconds, UTC: a re-armed rule waits until then."""
    handoff: UUID | None = None
    """The one open handoff."""
    triage: UUID | None = None
    """The one open triage item."""
    owner: str = ""
    """The rep who works or worked this lead."""
    clicks: tuple[HeldClick, ...] = ()
    sql: bool = False
    """Rule 2 has fired: it fires once, and again only after recycling and the cool-down."""
    nurture: str = ""
    """The track it is enrolled in; empty once sales has it, or nobody wants it."""
    disqualified: bool = False
    """A person said that this is nobody for sales: only a consultation request or a target's response starts anew."""
    triage_from: int = 0
    """Milliseconds, UTC: a person sent it back to nurture, so interest alone asks nobody again before then."""
    joined: UUID | None = None
    """The account's handoff by rule 4 to which this lead's first response was added."""
    contacts: tuple[int, ...] = ()
    """When a rep tried to reach them (milliseconds, UTC), where the playbook caps that: the latest few, ascending."""
    stays: tuple[Stay, ...] = ()
    """Its last stays in nurture, the latest last: what sales hears of its warm-up."""
    returns: Return | None = None
    """Sales gave it back until then; None for whom nobody has asked to see again."""


class Lead(Value, frozen=True, gc=False):
    """A person we track. `id` is a v5 of the root identifier: the earliest attested email, else the cookie."""

    id: UUID
    known: bool
    """An email or an own phone number is known; otherwise an anonymous visitor."""
    dossiers: Mapping[IdentifierKey, Dossier]
    standing: Standing = Standing()
    erased: bool = False
