"""Typeform: a form was filled in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from schemas.event import EventType
from schemas.fact import Trust
from services.ingest.documents import document
from services.ingest.draft import Draft
from services.ingest.hidden import hidden_field
from services.ingest.plain import at, text
from services.ingest.signatures import BodyHmac, Encoding
from services.ingest.source import Source
from services.ingest.table import Table
from services.ingest.verification import Verified
from services.ingest.vocabulary import EMAIL, PHONE, meaning
from services.ingest.webhook import Webhook

# https://www.typeform.com/developers/webhooks/secure-your-webhooks/
SIGNATURE = BodyHmac(header="Typeform-Signature", encoding=Encoding.BASE64, prefix="sha256=")

# https://www.typeform.com/developers/webhooks/example-payload/
TABLE = Table(
    kind="event_type",
    kinds={"form_response": EventType.FORM_SUBMITTED},
    identity=("form_response.token",),
    occurred_at=("form_response.submitted_at",),
    name=("form_response.definition.title",),
    properties={"form_id": "form_response.form_id", "score": "form_response.calculated.score"},
    counts={"form_fields": "form_response.definition.fields"},
)

VALUES = {
    "text": "text",
    "email": "email",
    "phone_number": "phone_number",
    "boolean": "boolean",
    "number": "number",
    "date": "date",
    "url": "url",
    "file_url": "file_url",
    "choice": "choice.label",
    "choices": "choices.labels",
}
"""An answer's type → where its value stands."""
IDENTIFIERS = {"email": EMAIL, "phone_number": PHONE}


def read(webhook: Webhook, _verified: Verified) -> Sequence[Draft]:
    """One response as one form submission; each answer is understood by its reference, else by its question."""
    payload = document(webhook.content)
    found = TABLE.gathered(payload)
    hidden = at(payload, "form_response.hidden")
    for name, value in hidden.items() if isinstance(hidden, dict) else ():
        hidden_field(found, str(name), value)
    titles = {
        text(at(one, "id")): text(at(one, "title")) for one in _listed(payload, "form_response.definition.fields")
    }
    for answer in _listed(payload, "form_response.answers"):
        kind = text(at(answer, "type"))
        value = at(answer, VALUES.get(kind, kind))
        found.answer(_question(answer, titles, kind), value, Trust.CLAIMED)
    return [TABLE.settled(found, payload, webhook.content)]


def _question(answer: Any, titles: Mapping[str, str], kind: str) -> str:
    if kind in IDENTIFIERS:
        return IDENTIFIERS[kind]
    reference = text(at(answer, "field.ref"), 200)
    title = titles.get(text(at(answer, "field.id")), "")
    return title if title and meaning(reference) is None else reference or title


def _listed(payload: Mapping[str, Any], path: str) -> Iterator[Any]:
    listed = at(payload, path)
    yield from listed[:200] if isinstance(listed, list) else ()


SOURCE = Source(
    name="typeform",
    title="Typeform",
    docs=("https://www.typeform.com/developers/webhooks/",),
    attested="That this form was submitted, and when.",
    claimed="Every answer and every hidden field: both come from the visitor's browser.",
    identified_by="The submission's token.",
    verification=SIGNATURE,
    read=read,
    retries_for=timedelta(hours=10),
)
