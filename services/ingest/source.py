"""The contract of a source: everything the door needs to know about one sender, in one file of `sources/`.

A source is a table: what the vendor's types and fields are called, and what they are called here. To add one, write
`sources/<name>.py` with a `SOURCE`, put sample payloads into `samples/<name>/`, and run the promise suite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from services.ingest.answer import ACCEPTED, Answer
from services.ingest.draft import Draft
from services.ingest.verification import Verification, Verified
from services.ingest.webhook import Webhook

REMEMBERED = timedelta(days=4)
"""How long redeliveries are recognised: no source may need longer (product.md E6, design.md §3)."""

Read = Callable[[Webhook, Verified], Sequence[Draft]]
"""Makes drafts of a verified webhook. Raises `MalformedError`, `NotUnderstoodError` or `TooManyEventsError`."""


class Cors(StrEnum):
    """Which web pages' scripts may read our answer (the Fetch standard's CORS protocol)."""

    NONE = "none"
    CONFIGURED = "configured"
    """Those of the configured origins."""
    ANY = "any"
    """All: the sender's credential is public anyway."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How much one address may send: a token bucket."""

    per_second: float
    burst: float


def accepted(_webhook: Webhook) -> Answer:
    """The plain 200."""
    return ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured sender of webhooks. Raises `ValueError` where a promise is not filled in."""

    name: str
    """As in `POST /webhooks/<name>`, in `PLAYCALLER_SOURCE_<NAME>_…`, and as the file is called."""
    title: str
    docs: tuple[str, ...]
    """The vendor's own pages."""
    attested: str
    """What the sender states of its own record, in a sentence (E12)."""
    claimed: str
    """What anybody may have typed, in a sentence."""
    identified_by: str
    """What makes a redelivery recognisable, in a sentence (E6)."""
    verification: Verification
    read: Read
    retries_for: timedelta
    """How long the sender tries again; zero means never, so that the door spools when the log is away (E4)."""
    media_types: tuple[str, ...] = ("application/json",)
    methods: tuple[str, ...] = ("POST",)
    doors: Mapping[str, str] = field(default_factory=dict)
    """Further paths → the word by which `Webhook.door` tells them apart."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Words for `PLAYCALLER_SOURCE_<NAME>_OPTIONS` → what they do."""
    answer: Callable[[Webhook], Answer] = accepted
    """What the sender is told once its events are durable."""
    cors: Cors = Cors.NONE
    rate: Rate = Rate(per_second=20_000, burst=40_000)
    files: bool = False
    """Takes multipart forms, with files kept by reference (E9)."""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ValueError(f"name {self.name!r}: write it in lower case, as a Python identifier")
        for promise in ("title", "attested", "claimed", "identified_by"):
            if not getattr(self, promise).strip():
                raise ValueError(f"{promise} is empty: say it in a sentence")
        if not self.docs or not all(link.startswith("https://") for link in self.docs):
            raise ValueError("docs: give the https:// address of at least one of the vendor's own pages")
        if not timedelta() <= self.retries_for <= REMEMBERED:
            raise ValueError(f"retries_for: redeliveries are recognised for {REMEMBERED}, so it cannot be longer")
        if any(not path.startswith("/") or path.startswith("/webhooks/") for path in self.doors):
            raise ValueError("doors: a further path starts with / and lies outside /webhooks/")

    @property
    def retries(self) -> bool:
        """Does the sender try again when we answer 503?"""
        return self.retries_for > timedelta()
