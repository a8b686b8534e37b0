"""Gathers what one payload says into a draft: normalised, bounded, and with who vouches for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.event import Attachment, Claim, EventType, Identifier
from schemas.fact import Trust
from schemas.lead import Field
from services.ingest import identity, pages, vocabulary
from services.ingest.draft import Draft, Scalar
from services.ingest.plain import text

MOST_CLAIMS, MOST_PROPERTIES, MOST_IDENTIFIERS = 80, 60, 8
_LONGEST_PROPERTY = 500
_LONGEST_NAME = 60
_NUMBERS = (bool, int, float)
_EMAIL, _PHONE, _CHOICES = vocabulary.EMAIL, vocabulary.PHONE, vocabulary.CHOICES


class Gathering:
    """Fill it with what the payload says, then ask for the `draft`. Nothing here raises on garbage."""

    agent = ""
    address = ""
    honeypot = False
    attachments: tuple[Attachment, ...] = ()

    def __init__(self) -> None:
        self._identifiers: dict[Identifier, None] = {}
        self._claims: dict[tuple[str, Trust], str] = {}
        self._properties: dict[str, Scalar] = {}
        self._phones: list[tuple[str, Trust]] = []

    def email(self, value: Any, trust: Trust) -> None:
        """An email address of the person."""
        if value:
            self._identify(identity.email(value, trust))

    def phone(self, value: Any, trust: Trust) -> None:
        """A phone number of the person; read at the end, when the country is known."""
        if (number := text(value)) and len(self._phones) < MOST_IDENTIFIERS:
            self._phones.append((number, trust))

    def cookie(self, namespace: str, value: Any, trust: Trust) -> None:
        """An id that a system gave the browser or the person, in that system's namespace."""
        if value is not None:
            self._identify(identity.cookie(namespace, value, trust))

    def claim(self, field: str, value: Any, trust: Trust) -> None:
        """A field of the profile; a closed field's answer is brought to our choices."""
        if value is None or not (plain := text(value)) or len(self._claims) >= MOST_CLAIMS:
            return
        if field in _CHOICES:
            field, plain = vocabulary.answered(field, plain)
        self._claims.setdefault((field, trust), plain)

    def state(self, name: str, value: Any, trust: Trust) -> None:
        """One of our fields, or `email` or `phone`, by its exact name."""
        if name == _EMAIL:
            self.email(value, trust)
        elif name == _PHONE:
            self.phone(value, trust)
        else:
            self.claim(name, value, trust)

    def answer(self, question: str, value: Any, trust: Trust = Trust.CLAIMED) -> None:
        """A question in somebody's own words and what was answered; an unknown question keeps its name."""
        known = vocabulary.meaning(question)
        if known is not None:
            self.state(known, value, trust)
        elif name := vocabulary.custom_name(question):
            self.claim(name, value, trust)

    def note(self, name: str, value: Any) -> None:
        """A property that the playbook may ask about; the first value of a name stays."""
        if value is None or name in self._properties or len(self._properties) >= MOST_PROPERTIES:
            return
        if isinstance(value, _NUMBERS):
            self._properties[name[:_LONGEST_NAME]] = value
        elif plain := text(value, _LONGEST_PROPERTY):
            self._properties[name[:_LONGEST_NAME]] = plain

    def notes(self, values: Mapping[str, Any]) -> None:
        """Several properties."""
        for name, value in values.items():
            self.note(name, value)

    def page(self, url: Any) -> None:
        """The page where it happened: `url`, `path`, `host`, `utm_*`."""
        if isinstance(url, str) and url:
            for name, value in pages.described(url):
                self._properties.setdefault(name, value)

    def has(self, field: str) -> bool:
        """Has anybody said this field?"""
        return any(name == field for name, _ in self._claims)

    def draft(
        self,
        kind: EventType,
        raw: bytes,
        *,
        identity: str = "",
        occurred_at: datetime | None = None,
        name: Any = "",
        historical: bool = False,
        media_type: str = "",
    ) -> Draft:
        """What was gathered, as one fact of this type."""
        if self._phones:
            self._read_phones()
        return Draft(
            type=kind,
            raw=raw,
            identity=identity,
            occurred_at=occurred_at,
            name=text(name, 200),
            identifiers=tuple(self._identifiers),
            claims=tuple([Claim(field=field, value=said, trust=by) for (field, by), said in self._claims.items()]),
            properties=self._properties,
            attachments=self.attachments,
            historical=historical,
            honeypot=self.honeypot,
            agent=self.agent,
            address=self.address,
            media_type=media_type,
        )

    def _identify(self, identifier: Identifier | None) -> None:
        if identifier is not None and len(self._identifiers) < MOST_IDENTIFIERS:
            self._identifiers.setdefault(identifier)

    def _read_phones(self) -> None:
        country = next((said for (field, _), said in self._claims.items() if field == Field.COUNTRY), "")
        for number, trust in self._phones:
            found = identity.phone(number, trust, country)
            if found is None:
                self._claims.setdefault(("phone_as_typed", trust), number[:100])
            self._identify(found)
