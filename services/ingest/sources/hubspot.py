"""HubSpot: what the CRM says of its contacts, and forms that a workflow passes on."""

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from runtime.keys import hmac_sha256
from schemas.event import EventType
from schemas.fact import Trust
from schemas.lead import Field
from services.ingest.documents import document, is_array, slices
from services.ingest.draft import Draft
from services.ingest.gathering import Gathering
from services.ingest.keyring import Keyring
from services.ingest.pages import UTM
from services.ingest.plain import instant, text
from services.ingest.signatures import missing, same, stale, stamp, unstamped, wrong
from services.ingest.source import Source
from services.ingest.table import Table
from services.ingest.verification import SECRETS, VERIFIED, Verdict, Verified
from services.ingest.webhook import Site, Webhook

TOLERANCE = 300
_V3, _TIME, _OLD, _VERSION = (
    "X-HubSpot-Signature-v3",
    "X-HubSpot-Request-Timestamp",
    "X-HubSpot-Signature",
    "X-HubSpot-Signature-Version",
)
_DECODED = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def signed_uri(url: str) -> str:
    """The URI as HubSpot signs it: twelve escapes are undone, and only those.

    https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
    """
    return _DECODED.sub(lambda found: chr(int(found[0][1:], 16)), url) if "%" in url else url


@dataclass(frozen=True, slots=True)
class HubSpotSignature:
    """Version 3: base64 HMAC-SHA256 over method, URI, body and milliseconds. Versions 1 and 2 only where opted in."""

    needs: str = SECRETS

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """The app's client secret."""
        return len(keyring) > 0

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        given = webhook.header(b"x-hubspot-signature-v3")
        if not given:
            return self._verify_old(webhook, keyring)
        time = webhook.header(b"x-hubspot-request-timestamp")
        milliseconds = stamp(time)
        if milliseconds is None:
            return unstamped(_TIME)
        matches = [same(_v3(secret, webhook, time), given) for secret in keyring]
        if not any(matches):
            return wrong(_V3)
        if abs(webhook.seconds() * 1000 - milliseconds) > TOLERANCE * 1000:
            return stale(_TIME, TOLERANCE)
        return VERIFIED

    def sign(self, webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`; always version 3."""
        time = str(int(webhook.seconds() * 1000))
        return {_V3: _v3(secret, webhook, time).decode(), _TIME: time}

    def _verify_old(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        given = webhook.header(b"x-hubspot-signature").lower()
        version = webhook.header(b"x-hubspot-signature-version") or "v1"
        if not given or f"accept_{version}" not in webhook.site.options:
            return missing(_V3)
        prefix = b"" if version == "v1" else webhook.method.encode() + signed_uri(webhook.url()).encode()
        matches = [same(_hash(secret, prefix, webhook.body), given) for secret in keyring]
        return VERIFIED if version in {"v1", "v2"} and any(matches) else wrong(_OLD)


def _v3(secret: bytes, webhook: Webhook, time: str) -> bytes:
    signed = _signed_head(webhook.method, webhook.url()) + webhook.body + time.encode()
    return b2a_base64(hmac_sha256(secret, signed), newline=False)


@lru_cache(maxsize=64)
def _signed_head(method: str, url: str) -> bytes:
    return (method + signed_uri(url)).encode("utf-8", "replace")


def _hash(secret: bytes, prefix: bytes, body: bytes) -> bytes:
    return hashlib.sha256(secret + prefix + body).hexdigest().encode()


FIELDS: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "mobilephone": "phone",
    "firstname": Field.FIRST_NAME,
    "lastname": Field.LAST_NAME,
    "jobtitle": Field.TITLE,
    "company": Field.COMPANY,
    "website": Field.WEBSITE,
    "country": Field.COUNTRY,
    "hs_language": Field.LANGUAGE,
    "hs_timezone": Field.TIME_ZONE,
    "numemployees": Field.EMPLOYEES,
    "industry": Field.INDUSTRY,
    "hubspot_owner_id": Field.OWNER,
    "lifecyclestage": "lifecycle_stage",
    "message": Field.MESSAGE,
    "budget": Field.BUDGET,
    "budget_approved": Field.BUDGET,
    "time_frame": Field.TIME_FRAME,
    "decision_time_frame": Field.TIME_FRAME,
    "product_of_interest": Field.PRODUCT,
    "preferred_contact_method": Field.CONTACT_WAY,
    "consultation": Field.CONSULTATION,
    "request_consultation": Field.CONSULTATION,
}
"""A contact's property → our field. What else a contact has stays in the raw payload."""
KEPT = FIELDS.keys() | {*UTM, "hs_analytics_source"}
"""Everything that is read of a contact: a large one has hundreds of properties."""
TYPED = frozenset({"FORM", "FORMS", "MEETINGS", "CHAT", "BOT", "CONVERSATIONS"})
"""Change sources behind which a visitor sat, not the CRM."""

# https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
CRM = Table(
    kind="subscriptionType",
    kinds={
        f"{thing}.{change}": EventType.PROFILE_STATED
        for thing in ("contact", "object")
        for change in ("creation", "propertyChange", "deletion", "privacyDeletion", "merge", "restore")
    },
    identity=("portalId", "subscriptionId", "objectId", "subscriptionType", "occurredAt", "eventId"),
    occurred_at=("occurredAt",),
    properties={"change_source": "changeSource", "property": "propertyName", "portal": "portalId"},
)


def read(webhook: Webhook, _verified: Verified) -> Sequence[Draft]:
    """An array is a batch of CRM notifications, an object what a workflow posts about one contact."""
    if is_array(webhook.content):
        return [_notification(part) for part in slices(webhook.content)]
    return [_workflow(webhook.content)]


def _notification(raw: bytes) -> Draft:
    payload = document(raw)
    if "subscriptionType" not in payload and "eventType" in payload:  # the documentation's table says eventType
        payload = {**payload, "subscriptionType": payload["eventType"]}
    found = CRM.gathered(payload)
    changed = payload.get("propertyName")
    if text(payload.get("subscriptionType")).startswith(("contact.", "object.")):
        _contact(found, payload.get("portalId"), payload.get("objectId"))
        if isinstance(changed, str):
            _property(found, changed, payload.get("propertyValue"), payload.get("changeSource"))
    draft = CRM.settled(found, payload, raw)
    if draft.identity and changed:
        return msgspec.structs.replace(draft, identity=f"{draft.identity}\x1f{text(changed)}")
    return draft


class _Written(msgspec.Struct, gc=False):
    by: Any = msgspec.field(default="", name="source-type")


class _Stated(msgspec.Struct):
    value: Any = None
    versions: list[_Written] = []
    """The newest first."""


class _Submission(msgspec.Struct, rename="kebab"):
    timestamp: Any = None
    conversion_id: Any = None
    form_id: Any = None
    page_url: Any = None
    page_title: Any = None
    title: Any = None


class _Contact(msgspec.Struct, rename="kebab"):
    """What a workflow posts, as far as it is read: the rest of a large contact is not even decoded."""

    properties: dict[str, _Stated]
    portal_id: Any = None
    vid: Any = None
    object_id: Any = msgspec.field(default=None, name="objectId")
    form_submissions: list[_Submission] = []


_CONTACT = msgspec.json.Decoder(_Contact)


def _workflow(raw: bytes) -> Draft:
    try:
        contact = _CONTACT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        contact = _leniently(document(raw))
    found = Gathering()
    for name, stated in contact.properties.items():
        if name in KEPT:
            versions = stated.versions
            _property(found, name, stated.value, versions[0].by if versions else "")
    _contact(found, contact.portal_id, contact.vid or contact.object_id)
    sent = contact.form_submissions
    if not sent:
        return found.draft(EventType.PROFILE_STATED, raw, name="workflow")
    newest = sent[0] if len(sent) == 1 else max(sent, key=lambda one: text(one.timestamp).zfill(20))
    found.page(newest.page_url)
    found.note("form_id", newest.form_id)
    found.note("page_title", newest.page_title)
    conversion = text(newest.conversion_id, 100)
    return found.draft(
        EventType.FORM_SUBMITTED,
        raw,
        identity=f"form\x1f{conversion}" if conversion else "",
        occurred_at=instant(newest.timestamp),
        name=newest.title,
    )


def _leniently(payload: Mapping[str, Any]) -> _Contact:
    """The same of a contact in another shape: bare values, properties at the top, parts that are no objects."""
    properties = payload.get("properties", payload)
    submissions = payload.get("form-submissions")
    return _Contact(
        properties={name: _stated(properties[name]) for name in properties} if isinstance(properties, dict) else {},
        portal_id=payload.get("portal-id"),
        vid=payload.get("vid"),
        object_id=payload.get("objectId"),
        form_submissions=[msgspec.convert(one, _Submission) for one in submissions if isinstance(one, dict)]
        if isinstance(submissions, list)
        else [],
    )


def _stated(value: Any) -> _Stated:
    """A property with its history, or as a bare value."""
    if not isinstance(value, dict):
        return _Stated(value)
    history = value.get("versions")
    newest = history[0] if isinstance(history, list) and history else None
    written = [_Written(newest.get("source-type", ""))] if isinstance(newest, dict) else []
    return _Stated(value.get("value"), written)


def _property(found: Gathering, name: str, value: Any, written_by: Any) -> None:
    known = FIELDS.get(name)
    if known is not None:
        typed = isinstance(written_by, str) and (written_by in TYPED or text(written_by, 40).upper() in TYPED)
        found.state(known, value, Trust.CLAIMED if typed else Trust.ATTESTED)
    elif name in KEPT:
        found.note(name, value)


def _contact(found: Gathering, portal: Any, contact: Any) -> None:
    if number := text(contact, 40):
        found.cookie("hubspot", f"{text(portal, 40)}:{number}", Trust.ATTESTED)


SOURCE = Source(
    name="hubspot",
    title="HubSpot",
    docs=(
        "https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide",
        "https://knowledge.hubspot.com/workflows/how-do-i-use-webhooks-with-hubspot-workflows",
    ),
    attested="The CRM's own record of a contact: its fields, its owner, its lifecycle stage, that a form came in.",
    claimed="Fields whose history says that a form, a chat or a meeting page wrote them: a visitor typed those.",
    identified_by=(
        "A form's conversion id; a notification's portal, subscription, object, kind, property, time and event id."
    ),
    verification=HubSpotSignature(),
    read=read,
    retries_for=timedelta(days=3),
    options={
        "accept_v1": "also take signature version 1, which has no time and no key derivation",
        "accept_v2": "also take signature version 2 (workflows), which has no time",
    },
)
