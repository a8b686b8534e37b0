"""A vendor as a table: which of its types are which of ours, and at which path of its JSON each thing stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.event import EventType
from schemas.fact import Trust
from services.ingest.documents import document
from services.ingest.draft import Draft
from services.ingest.gathering import Gathering
from services.ingest.hidden import hidden_field
from services.ingest.pages import UTM
from services.ingest.plain import at, instant, text
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A list of questions in a form-builder's own words, with what was answered."""

    each: str
    question: str
    """Path within one element."""
    value: str
    also: str = ""
    """Another path, tried first: the question's machine name, where the author gave one."""
    options: str = ""
    """Where the choices stand, if the value names them by id: a list of objects with `option_id` and `option_text`."""
    option_id: str = "id"
    option_text: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All values are dotted paths into the payload; where several are given, the first that says something counts."""

    kind: str
    kinds: Mapping[str, EventType]
    """The vendor's word → our type. What is not listed becomes `EventType.UNKNOWN`, and keeps its word as name."""
    identity: tuple[str, ...]
    """What, together, is equal on every redelivery and different for every other event."""
    occurred_at: tuple[str, ...]
    name: tuple[str, ...] = ()
    attested: Mapping[str, str] = field(default_factory=dict)
    """Our field (or `email`, `phone`) → where the sender states it of its own record."""
    claimed: Mapping[str, str] = field(default_factory=dict)
    """Our field (or `email`, `phone`) → where it stands, typed by whoever it was."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    """Namespace → where an anonymous id of it stands."""
    properties: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, str] = field(default_factory=dict)
    """Property → the list whose length it is."""
    page: tuple[str, ...] = ()
    utm: str = ""
    """Where an object with `utm_source`, … stands."""
    answers: tuple[Answers, ...] = ()

    def read(self, webhook: Webhook, _verified: Verified) -> Sequence[Draft]:
        """The whole body as one fact: a `Source.read`."""
        return [self.draft(document(webhook.content), webhook.content)]

    def draft(self, payload: Mapping[str, Any], raw: bytes) -> Draft:
        """One object as one fact."""
        return self.settled(self.gathered(payload), payload, raw)

    def gathered(self, payload: Mapping[str, Any]) -> Gathering:
        """What the table finds, for a source that has more to add."""
        found = Gathering()
        for trust, columns in ((Trust.ATTESTED, self.attested), (Trust.CLAIMED, self.claimed)):
            for name, path in columns.items():
                found.state(name, at(payload, path), trust)
        for namespace, path in self.cookies.items():
            found.cookie(namespace, at(payload, path), Trust.CLAIMED)
        for name, path in self.properties.items():
            found.note(name, at(payload, path))
        for name, path in self.counts.items():
            if isinstance(listed := at(payload, path), list):
                found.note(name, len(listed))
        for path in self.page:
            found.page(at(payload, path))
        if self.utm and isinstance(campaign := at(payload, self.utm), dict):
            found.notes({name: campaign.get(name) for name in UTM})
        for answers in self.answers:
            _answered(found, answers, payload)
        return found

    def settled(self, found: Gathering, payload: Mapping[str, Any], raw: bytes) -> Draft:
        """The draft of what was gathered from this payload."""
        word = text(at(payload, self.kind), 100)
        kind = self.kinds.get(word, EventType.UNKNOWN)
        known = [text(at(payload, path), 300) for path in self.identity]
        name = next(filter(None, (text(at(payload, path), 200) for path in self.name)), "")
        return found.draft(
            kind,
            raw,
            identity="\x1f".join(known) if all(known) else "",
            occurred_at=next(filter(None, (instant(at(payload, path)) for path in self.occurred_at)), None),
            name=word if kind is EventType.UNKNOWN else name or word,
        )


def _answered(found: Gathering, answers: Answers, payload: Mapping[str, Any]) -> None:
    listed = at(payload, answers.each)
    for one in listed[:200] if isinstance(listed, list) else []:
        question = text(at(one, answers.also), 200) if answers.also else ""
        hidden_field(found, question or text(at(one, answers.question), 200), _value(answers, one))


def _value(answers: Answers, one: Any) -> Any:
    value = at(one, answers.value)
    listed = at(one, answers.options) if answers.options else None
    if not isinstance(listed, list):
        return value
    words = {text(at(option, answers.option_id), 100): text(at(option, answers.option_text)) for option in listed[:200]}
    chosen = value if isinstance(value, list) else [value]
    return [words.get(text(choice, 100)) or choice for choice in chosen[:200]]
