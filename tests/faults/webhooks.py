"""Really signed webhooks of five senders about the same people, each findable again by a token in its own payload."""

import base64
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from runtime.discovery import discover
from services.ingest.source import Source
from services.ingest.webhook import Site, Webhook
from tests.faults.journal import Posting, Request

PUBLIC_URL = "https://hooks.acme.example"
SECRETS = {
    "hubspot": "b51ee7c2-hubspot-client-secret",
    "typeform": "typeform-secret-of-acme",
    "calendly": "calendly-signing-key-of-acme",
    "standard_webhooks": "whsec_" + base64.b64encode(b"a shared secret of acme, 32 byte").decode(),
    "segment": "acme-write-key",
}
PER_PERSON = 8
"""Webhooks about each person, on average: enough to meet merges, updates and second reasons."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom several tools tell us about."""

    number: int

    @property
    def email(self) -> str:
        """Where they are reached."""
        return f"ada.{self.number}@company{self.number}.example"

    @property
    def anonymous(self) -> str:
        """What the browser knows them by."""
        return f"visitor-{self.number:06}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of webhook: from which source, by which door, and how its body is written."""

    name: str
    source: str
    path: str
    write: Callable[[str, Person, datetime], Payload]
    events: int = 1


def _views(token: str, person: Person, at: datetime) -> Payload:
    pages = [
        {
            "type": "page",
            "messageId": f"{token}-{number}",
            "anonymousId": person.anonymous,
            "timestamp": at.isoformat(),
            "properties": {"url": f"https://www.acme.example/{page}", "title": page, "path": f"/{page}"},
        }
        for number, page in enumerate(("pricing", "product", "blog"))
    ]
    return {"batch": pages, "sentAt": at.isoformat()}


def _identified(token: str, person: Person, at: datetime) -> Payload:
    traits = {"email": person.email, "title": "Vice President Marketing", "company": f"Company {person.number}"}
    return {
        "messageId": f"{token}-0",
        "anonymousId": person.anonymous,
        "userId": f"user-{person.number}",
        "timestamp": at.isoformat(),
        "traits": traits,
    }


def _typeform(token: str, person: Person, at: datetime) -> Payload:
    fields = [("email", "email", "Your email"), ("role", "short_text", "Job title"), ("demo", "yes_no", "Want a call?")]
    answers: list[dict[str, Any]] = [
        {"type": "email", "email": person.email, "field": {"id": "email", "ref": "email", "type": "email"}},
        {
            "type": "text",
            "text": "Marketing Manager",
            "field": {"id": "role", "ref": "job_title", "type": "short_text"},
        },
    ]
    return {
        "event_id": f"event-{token}",
        "event_type": "form_response",
        "form_response": {
            "form_id": f"form{person.number % 40}",
            "token": f"{token}-0",
            "submitted_at": at.isoformat(),
            "hidden": {"anonymous_id": person.anonymous},
            "definition": {"title": "Newsletter", "fields": [{"id": i, "type": t, "title": q} for i, t, q in fields]},
            "answers": answers,
        },
    }


def _hubspot(token: str, person: Person, at: datetime) -> Payload:
    def typed(value: str) -> dict[str, Any]:
        return {"value": value, "versions": [{"value": value, "source-type": "FORM"}]}

    stated = {"email": typed(person.email), "firstname": typed("Ada"), "lastname": typed(f"Number{person.number}")}
    if person.number % 3 == 0:
        stated["consultation"] = typed("yes")
    if person.number % 2 == 0:
        stated["numemployees"] = typed("2000")  # the enterprise team's, some of whom read mail first
    submission = {
        "conversion-id": f"{token}-0",
        "timestamp": int(at.timestamp() * 1000),
        "form-id": f"hubspot-form-{person.number % 40}",
        "page-url": "https://www.acme.example/contact",
        "title": "Talk to us",
    }
    return {"vid": person.number + 1, "portal-id": 62515, "properties": stated, "form-submissions": [submission]}


def _booking(token: str, person: Person, at: datetime) -> Payload:
    return {
        "event": "invitee.created",
        "created_at": at.isoformat(),
        "payload": {
            "email": person.email,
            "name": f"Ada Number{person.number}",
            "uri": f"https://api.calendly.com/scheduled_events/E/invitees/{token}-0",
            "timezone": "Europe/Berlin",
            "scheduled_event": {"name": "Intro call", "start_time": (at + timedelta(days=2)).isoformat()},
            "questions_and_answers": [],
        },
    }


def _standard(kind: str, **data: str) -> Callable[[str, Person, datetime], Payload]:
    def write(token: str, person: Person, at: datetime) -> Payload:
        stated = {"email": person.email, "note": f"{token}-0", **data}
        return {"type": kind, "timestamp": at.isoformat(), "data": stated}

    return write


KINDS = (
    Kind("page views", "segment", "/v1/batch", _views, events=3),
    Kind("identify", "segment", "/v1/identify", _identified),
    Kind("typeform", "typeform", "/webhooks/typeform", _typeform),
    Kind("hubspot form", "hubspot", "/webhooks/hubspot", _hubspot),
    Kind("booking", "calendly", "/webhooks/calendly", _booking),
    Kind(
        "download", "standard_webhooks", "/webhooks/standard_webhooks", _standard("content.downloaded", asset="guide")
    ),
    Kind("open", "standard_webhooks", "/webhooks/standard_webhooks", _standard("email.opened")),
    Kind("click", "standard_webhooks", "/webhooks/standard_webhooks", _standard("email.clicked", link="/pricing")),
)
_WEIGHTS = (24, 10, 14, 14, 3, 15, 15, 5)


def postings(count: int, seed: int) -> list[Posting]:
    """`count` webhooks in a shuffled order, none equal to another."""
    chance = random.Random(seed)
    people = max(1, count // PER_PERSON)
    return [
        _posting(number, chance.choices(KINDS, _WEIGHTS)[0], Person(chance.randrange(people)))
        for number in range(count)
    ]


def _posting(number: int, kind: Kind, person: Person) -> Posting:
    token, at = f"tok{number:06}", datetime.now(UTC)
    body = json.dumps(kind.write(token, person, at), separators=(",", ":")).encode()
    tokens = tuple(f"{token}-{event}" for event in range(kind.events))
    return Posting(kind.source, kind.name, tokens, person.email, lambda now: signed(kind.source, kind.path, body, now))


@cache
def source(name: str) -> Source:
    """The source's own file: it knows how its vendor signs."""
    return discover("services.ingest.sources", "SOURCE", Source)[name]


def signed(name: str, path: str, body: bytes, now: datetime) -> Request:
    """The request as this vendor would send it at this moment."""
    plain = ("content-type", "application/json")
    sender = source(name)
    webhook = Webhook(
        received_at=now,
        body=body,
        content=body,
        headers=[(plain[0].encode(), plain[1].encode())],
        path=path,
        door=sender.doors.get(path, ""),
        site=Site(public_url=PUBLIC_URL),
    )
    return Request(path, (plain, *sender.verification.sign(webhook, SECRETS[name].encode()).items()), body)
