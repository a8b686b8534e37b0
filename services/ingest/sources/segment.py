"""Segment's tracking API, and Segment as a webhook: behaviour from pages, apps and servers (E3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.event import EventType
from schemas.fact import Trust
from schemas.lead import Field
from services.ingest.answer import Answer, json_answer
from services.ingest.documents import bounded, document, is_array, slices, typed
from services.ingest.draft import Draft
from services.ingest.gathering import Gathering
from services.ingest.hidden import ANONYMOUS, USER, hidden_field, is_hidden
from services.ingest.plain import at, instant, text
from services.ingest.source import Cors, Rate, Source
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook
from services.ingest.write_keys import WriteKeyOrSignature

CALLS: Mapping[str, EventType] = {
    "page": EventType.PAGE_VIEWED,
    "screen": EventType.PAGE_VIEWED,
    "track": EventType.TRACKED,
    "identify": EventType.PROFILE_STATED,
    "group": EventType.PROFILE_STATED,
    "alias": EventType.PROFILE_STATED,
}
"""https://segment.com/docs/connections/spec/ (a `delete` call stays `unknown`)"""
TRACKED: Mapping[str, EventType] = {
    "form submitted": EventType.FORM_SUBMITTED,
    "content downloaded": EventType.CONTENT_DOWNLOADED,
    "asset downloaded": EventType.CONTENT_DOWNLOADED,
    "file downloaded": EventType.CONTENT_DOWNLOADED,
    "whitepaper downloaded": EventType.CONTENT_DOWNLOADED,
    "ebook downloaded": EventType.CONTENT_DOWNLOADED,
    "case study downloaded": EventType.CONTENT_DOWNLOADED,
    "email delivered": EventType.EMAIL_DELIVERED,
    "email opened": EventType.EMAIL_OPENED,
    "email link clicked": EventType.EMAIL_CLICKED,
    "email bounced": EventType.EMAIL_BOUNCED,
    "email replied": EventType.EMAIL_REPLIED,
    "email marked as spam": EventType.UNSUBSCRIBED,
    "unsubscribed": EventType.UNSUBSCRIBED,
    "meeting booked": EventType.MEETING_BOOKED,
    "webinar registered": EventType.WEBINAR_REGISTERED,
}
"""Names of tracked events, in lower case. https://segment.com/docs/connections/spec/email/ and the usual ones."""
TRAITS: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "firstName": Field.FIRST_NAME,
    "lastName": Field.LAST_NAME,
    "name": Field.FULL_NAME,
    "title": Field.TITLE,
    "position": Field.TITLE,
    "website": Field.WEBSITE,
    "industry": Field.INDUSTRY,
    "employees": Field.EMPLOYEES,
    "company.name": Field.COMPANY,
    "company.industry": Field.INDUSTRY,
    "company.employee_count": Field.EMPLOYEES,
    "address.country": Field.COUNTRY,
}
"""https://segment.com/docs/connections/spec/identify/#traits"""
GROUP: Mapping[str, str] = {
    "name": Field.COMPANY,
    "website": Field.WEBSITE,
    "industry": Field.INDUSTRY,
    "employees": Field.EMPLOYEES,
    "address.country": Field.COUNTRY,
}
"""https://segment.com/docs/connections/spec/group/#traits"""
DOORS = {
    **{f"/v1/{call}": call for call in (*CALLS, "batch", "import")},
    "/v1/t": "track",
    "/v1/i": "identify",
    "/v1/p": "page",
    "/v1/g": "group",
    "/v1/a": "alias",
    "/v1/s": "screen",
    "/v1/b": "batch",
}
"""The tracking API's paths, and the short ones that analytics.js uses. The door's word is the call's type."""


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: str = ""  # noqa: N815  (the vendor's word)


_BATCH = msgspec.json.Decoder(_Batch)


def read(webhook: Webhook, verified: Verified) -> Sequence[Draft]:
    """Each call of the payload as one fact. Calls of a signed batch that the signature does not cover say so."""
    door, body, sent = webhook.door, webhook.content, None
    if door in {"batch", "import"}:
        batch = typed(body, _BATCH)
        parts, sent = bounded(batch.batch), instant(batch.sentAt)
    else:
        parts = slices(body) if is_array(body) else [body]
    drafts = []
    for number, part in enumerate(parts):
        unsigned = verified.covered is not None and number >= verified.covered
        drafts.append(_call(document(part), part, webhook, sent, unsigned=unsigned))
    return drafts


def _call(call: dict[str, Any], raw: bytes, webhook: Webhook, sent: datetime | None, *, unsigned: bool) -> Draft:
    word = text(call.get("type"), 40) or webhook.door
    kind = CALLS.get(word, EventType.UNKNOWN)
    said = text(call.get("event"), 200)
    if kind is EventType.TRACKED:
        kind = tracked(said)
    found = Gathering()
    _who(found, call)
    if word in {"identify", "group"}:
        _traits(found, call.get("traits"), GROUP if word == "group" else TRAITS)
    _where(found, call, webhook)
    _properties(found, call.get("properties"), kind)
    if unsigned:
        found.note("unsigned", True)
    return found.draft(
        kind,
        raw,
        identity=text(call.get("messageId"), 200),
        occurred_at=_when(call, webhook, sent),
        name=said or call.get("name") or at(call, "properties.title") or word,
        historical=webhook.door == "import",
    )


def tracked(name: str) -> EventType:
    """The type of a tracked event by its name; one that ends in *Downloaded* is a download of content."""
    plain = name.lower()
    if plain.endswith(" downloaded"):
        return EventType.CONTENT_DOWNLOADED
    return TRACKED.get(plain, EventType.TRACKED)


def _who(found: Gathering, call: Mapping[str, Any]) -> None:
    user = text(call.get("userId"), 200)
    for email in (at(call, "context.traits.email"), at(call, "properties.email"), user if "@" in user else None):
        found.email(email, Trust.CLAIMED)
    found.cookie(ANONYMOUS, call.get("anonymousId"), Trust.CLAIMED)
    previous = text(call.get("previousId"), 200)
    for known in (user, previous):
        if known and "@" not in known:
            found.cookie(USER, known, Trust.CLAIMED)
    if previous:  # an alias may name the anonymous id it was before
        found.cookie(ANONYMOUS, previous, Trust.CLAIMED)


def _traits(found: Gathering, traits: Any, table: Mapping[str, str]) -> None:
    if not isinstance(traits, dict):
        return
    for path, field in table.items():
        found.state(field, at(traits, path), Trust.CLAIMED)
    for name, value in traits.items():
        if name not in table and isinstance(value, str | int | float | bool):
            found.answer(str(name), value, Trust.CLAIMED)


def _where(found: Gathering, call: Mapping[str, Any], webhook: Webhook) -> None:
    context = call.get("context")
    properties = call.get("properties")
    found.page(at(properties, "url") or at(context, "page.url"))
    found.notes(
        {
            "path": at(properties, "path") or at(context, "page.path"),
            "page_title": at(properties, "title") or at(context, "page.title"),
            "referrer": at(properties, "referrer") or at(context, "page.referrer"),
            "utm_campaign": at(context, "campaign.name"),
            "utm_source": at(context, "campaign.source"),
            "utm_medium": at(context, "campaign.medium"),
            "utm_term": at(context, "campaign.term"),
            "utm_content": at(context, "campaign.content"),
        }
    )
    found.agent = text(at(context, "userAgent"), 300) or (webhook.header(b"user-agent")[:300] if webhook.door else "")
    found.address = text(at(context, "ip"), 60) or (webhook.address if webhook.door else "")


def _properties(found: Gathering, properties: Any, kind: EventType) -> None:
    if not isinstance(properties, dict):
        return
    if kind is EventType.CONTENT_DOWNLOADED:
        found.note("asset", _first(properties, "asset", "asset_title", "title", "name", "file", "filename"))
    if kind is EventType.EMAIL_CLICKED:
        found.note("link", _first(properties, "link_url", "link", "url"))
    form = kind is EventType.FORM_SUBMITTED
    for name, value in properties.items():
        if form and not is_hidden(str(name)):
            found.answer(str(name), value, Trust.CLAIMED)
        elif form:
            hidden_field(found, str(name), value)
        elif name != "email" and isinstance(value, str | int | float | bool):
            found.note(str(name), value)


def _first(properties: Mapping[str, Any], *names: str) -> Any:
    return next((properties[name] for name in names if properties.get(name)), None)


def _when(call: Mapping[str, Any], webhook: Webhook, sent: datetime | None) -> datetime | None:
    """By our clock: a browser's own clock is put right by how long ago, on that clock, it was sent."""
    happened = instant(call.get("timestamp")) or instant(call.get("originalTimestamp"))
    left = instant(call.get("sentAt")) or sent
    if webhook.door and happened and left and happened <= left:
        return webhook.received_at - (left - happened)
    return happened


def answer(_webhook: Webhook) -> Answer:
    """What Segment's libraries expect."""
    return json_answer(b'{"success":true}')


SOURCE = Source(
    name="segment",
    title="Segment",
    docs=(
        "https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/",
        "https://segment.com/docs/connections/destinations/catalog/actions-webhook/",
    ),
    attested="Nothing: a write key stands in every visitor's browser.",
    claimed="Everything; and of a signed batch only the first call was signed at all.",
    identified_by="The call's messageId.",
    verification=WriteKeyOrSignature(),
    read=read,
    retries_for=timedelta(hours=4),
    media_types=("application/json", "text/plain"),
    doors=DOORS,
    answer=answer,
    cors=Cors.ANY,
    rate=Rate(per_second=2000, burst=10_000),
)
