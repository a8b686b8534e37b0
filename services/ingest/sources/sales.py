"""Sales' own leads (E11): a rep's API call, form or list, judged by exactly the rules that judge everybody's."""

import csv
import hmac
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from schemas.event import EventType
from schemas.fact import Trust
from schemas.lead import Field
from services.ingest.answer import ACCEPTED_ALOUD
from services.ingest.documents import MOST_EVENTS, document, is_array, slices
from services.ingest.draft import Draft, MalformedError, TooManyEventsError
from services.ingest.gathering import Gathering
from services.ingest.keyring import Keyring
from services.ingest.pages import UTM
from services.ingest.plain import instant, text
from services.ingest.refusal import Refusal
from services.ingest.source import Source
from services.ingest.verification import Refused, Verdict, Verified
from services.ingest.vocabulary import EMAIL, PHONE
from services.ingest.webhook import Site, Webhook

_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class RepToken:
    """A bearer token a rep (RFC 6750). Secrets are written `<rep>:<token>`, the rep as the playbook calls them."""

    needs: str = "set PLAYCALLER_SOURCE_{name}_SECRETS to <rep>:<token>, one for each rep who may bring leads"

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """One rep's token."""
        return any(rep for rep, _ in keyring.labelled())

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        given = webhook.header(b"authorization")
        if not given.startswith(_BEARER):
            return Refused(Refusal.CREDENTIAL_MISSING, "send `Authorization: Bearer <your token>`, once")
        token = given[len(_BEARER) :].strip().encode("latin-1")
        fits = [rep for rep, secret in keyring.labelled() if hmac.compare_digest(secret, token) and rep]
        if not fits:
            return Refused(Refusal.CREDENTIAL_WRONG, "this token belongs to no rep: ask for a new one")
        return Verified(actor=fits[0])

    def sign(self, _webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`."""
        return {"Authorization": _BEARER + secret.partition(b":")[2].decode()}


_META = frozenset({"id", "occurred_at", "met_at"})
_EXACT = frozenset(Field) | {EMAIL, PHONE}


def read(webhook: Webhook, verified: Verified) -> Sequence[Draft]:
    """One lead as a JSON object, several as an array, or a CSV file whose first row names the columns."""
    if webhook.media_type() == "text/csv":
        return [_lead(row, raw, verified.actor) for row, raw in _rows(webhook.content)]
    parts = slices(webhook.content) if is_array(webhook.content) else [webhook.content]
    return [_lead(document(part), part, verified.actor) for part in parts]


def _lead(stated: Mapping[str, Any], raw: bytes, rep: str) -> Draft:
    found = Gathering()
    for name, value in stated.items():
        if name in _META:
            continue
        if name in _EXACT:
            found.state(name, value, Trust.ATTESTED)
        elif name in UTM or name == "campaign":
            found.note("utm_campaign" if name == "campaign" else name, value)
        else:
            found.answer(name, value, Trust.ATTESTED)
    if rep and not found.has(Field.OWNER):
        found.claim(Field.OWNER, rep, Trust.ATTESTED)
    found.note("brought_by", rep)
    met = instant(stated.get("occurred_at") or stated.get("met_at"))
    draft = found.draft(
        EventType.LEAD_BROUGHT,
        raw,
        identity=text(stated.get("id"), 200),
        occurred_at=met,
        name="lead brought by sales",
        media_type="application/json",
    )
    if not draft.identifiers:
        raise MalformedError(
            "a lead needs an email, or a phone number with its country code: add one and send it again"
        )
    return draft


def _rows(content: bytes) -> Sequence[tuple[Mapping[str, str], bytes]]:
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise MalformedError(f"the list is no CSV in UTF-8 ({type(fault).__name__}): export it again") from None
    if not lines:
        raise MalformedError("the list is empty: its first row names the columns")
    if len(lines) > MOST_EVENTS:
        raise TooManyEventsError(f"{len(lines) - 1} leads in one list: send at most {MOST_EVENTS - 1} at once")
    rows = [dict(zip((column.strip() for column in lines[0]), line, strict=False)) for line in lines[1:] if any(line)]
    return [(row, msgspec.json.encode(row)) for row in rows]


SOURCE = Source(
    name="sales",
    title="Sales' own leads",
    docs=("https://www.rfc-editor.org/rfc/rfc6750",),
    attested="Everything: a rep who is known to us vouches for it.",
    claimed="Nothing.",
    identified_by="The lead's `id` where the sender gives one, else what is said of it.",
    verification=RepToken(),
    read=read,
    retries_for=timedelta(hours=24),
    media_types=("application/json", "text/csv"),
    answer=lambda _webhook: ACCEPTED_ALOUD,
)
