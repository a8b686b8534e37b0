"""Standard Webhooks: any sender that signs as the specification says, Svix's customers among them."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.event import EventType
from schemas.fact import Trust
from services.ingest.documents import document
from services.ingest.draft import Draft
from services.ingest.hidden import hidden_field, is_hidden
from services.ingest.keyring import Keyring
from services.ingest.plain import at
from services.ingest.signatures import missing, same, stale, stamp, unstamped, wrong
from services.ingest.source import Source
from services.ingest.table import Table
from services.ingest.verification import SECRETS, VERIFIED, Verdict, Verified
from services.ingest.webhook import Site, Webhook

TOLERANCE = 300
RAW_KEYS, ATTESTED = "raw_keys", "attested"
_SECRET, _PUBLIC, _PRIVATE = b"whsec_", b"whpk_", b"whsk_"
_HEADER = "webhook-signature"
_MOST_SIGNATURES = 20
_LOW_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
"""Ed25519 keys of small order, under which one signature fits many messages. A test computes them from the curve."""


@lru_cache(maxsize=64)
def hmac_key(secret: bytes, *, raw: bool) -> bytes:
    """The bytes to sign with: base64 after `whsec_`, also without that prefix; the text itself where `raw`."""
    if raw:
        return secret
    text = secret.removeprefix(_SECRET)
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return b""


@lru_cache(maxsize=64)
def public_key(secret: bytes) -> Ed25519PublicKey | None:
    """The key after `whpk_`; nothing where it is none, or one of small order."""
    try:
        key = base64.b64decode(secret.removeprefix(_PUBLIC), validate=True)
        return None if key in _LOW_ORDER else Ed25519PublicKey.from_public_bytes(key)
    except (binascii.Error, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class StandardSignature:
    """`v1` (HMAC-SHA256) and `v1a` (Ed25519) over `<id>.<seconds>.<body>`, under `webhook-*` or `svix-*` names.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """

    needs: str = SECRETS

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """A `whsec_` secret or a `whpk_` public key."""
        return len(keyring) > 0

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        family = "webhook" if webhook.header(b"webhook-id") else "svix"
        identity, time, given = (
            webhook.header(f"{family}-{part}".encode()) for part in ("id", "timestamp", "signature")
        )
        if not identity or not given:
            return missing(_HEADER)
        seconds = stamp(time)
        if seconds is None:
            return unstamped("webhook-timestamp")
        content = f"{identity}.{time}.".encode("latin-1") + webhook.body
        signatures = [one.partition(",") for one in given.split(" ")[:_MOST_SIGNATURES]]
        symmetric = [value for version, _, value in signatures if version == "v1" and value]
        asymmetric = [value for version, _, value in signatures if version == "v1a" and value]
        raw = RAW_KEYS in webhook.site.options
        if not any([_fits(secret, content, symmetric, asymmetric, raw=raw) for secret in keyring]):  # noqa: C419  (no early exit)
            return wrong(_HEADER)
        if abs(webhook.seconds() - seconds) > TOLERANCE:
            return stale("webhook-timestamp", TOLERANCE)
        return VERIFIED

    def sign(self, webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`; with a private key (`whsk_`) it is `v1a`. The id is a hash of the body."""
        identity = "msg_" + hmac.digest(b"id", webhook.body, "sha256").hex()[:24]
        time = str(int(webhook.seconds()))
        content = f"{identity}.{time}.".encode() + webhook.body
        if secret.startswith(_PRIVATE):
            seed = base64.b64decode(secret.removeprefix(_PRIVATE))[:32]
            digest, version = Ed25519PrivateKey.from_private_bytes(seed).sign(content), "v1a"
        else:
            key = hmac_key(secret, raw=RAW_KEYS in webhook.site.options)
            digest, version = hmac.digest(key, content, "sha256"), "v1"
        signature = f"{version},{base64.b64encode(digest).decode()}"
        return {"webhook-id": identity, "webhook-timestamp": time, _HEADER: signature}


def _fits(secret: bytes, content: bytes, symmetric: list[str], asymmetric: list[str], *, raw: bool) -> bool:
    if secret.startswith(_PUBLIC):
        key = public_key(secret)
        return key is not None and any([_signed(key, content, one) for one in asymmetric])  # noqa: C419  (the same)
    known = hmac_key(secret, raw=raw)
    if not known.strip(b"\x00"):
        return False
    expected = base64.b64encode(hmac.digest(known, content, "sha256"))
    return any([same(expected, one) for one in symmetric])  # noqa: C419  (no early exit)


def _signed(key: Ed25519PublicKey, content: bytes, signature: str) -> bool:
    try:
        key.verify(base64.b64decode(signature.encode("latin-1"), validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


OURS_ALONE = frozenset({EventType.RETRACTED, EventType.LEAD_BROUGHT, EventType.UNKNOWN})
"""Types that no generic sender may state."""
NESTED = frozenset({"attributes", "contact", "customer", "lead", "object", "person", "properties", "traits", "user"})
"""Where in `data` senders keep the person."""
ABOUT_THE_MESSAGE = frozenset({"id", "type", "created_at", "updated_at", "occurred_at", "link", "asset", "object"})

TABLE = Table(
    kind="type",
    kinds={
        **{kind.value.replace("_", "."): kind for kind in EventType if kind not in OURS_ALONE},
        **{kind.value: kind for kind in EventType if kind not in OURS_ALONE},
        "contact.created": EventType.PROFILE_STATED,
        "contact.updated": EventType.PROFILE_STATED,
        "user.created": EventType.PROFILE_STATED,
        "user.updated": EventType.PROFILE_STATED,
        "lead.created": EventType.PROFILE_STATED,
        "form.response": EventType.FORM_SUBMITTED,
        "booking.created": EventType.MEETING_BOOKED,
        "booking.canceled": EventType.MEETING_CANCELED,
        "asset.downloaded": EventType.CONTENT_DOWNLOADED,
    },
    identity=(),
    occurred_at=("timestamp", "data.occurred_at", "data.created_at"),
    name=("data.name", "data.title"),
    properties={"subject": "data.id", "link": "data.link", "asset": "data.asset"},
)


def read(webhook: Webhook, _verified: Verified) -> Sequence[Draft]:
    """One message as one fact; the fields of `data` are understood by their names."""
    payload = document(webhook.content)
    found = TABLE.gathered(payload)
    trust = Trust.ATTESTED if ATTESTED in webhook.site.options else Trust.CLAIMED
    data = at(payload, "data")
    stated = data if isinstance(data, dict) else {}
    persons = [value for name, value in stated.items() if name in NESTED and isinstance(value, dict)]
    for person in persons or [stated]:
        for name, value in person.items():
            if name not in ABOUT_THE_MESSAGE:
                hidden_field(found, name, value, trust)
    if persons:  # then what stands beside the person is about the thing, whatever it is called
        for name, value in stated.items():
            if is_hidden(name):
                hidden_field(found, name, value, trust)
    identity = webhook.header(b"webhook-id") or webhook.header(b"svix-id")
    return [msgspec.structs.replace(TABLE.settled(found, payload, webhook.content), identity=identity)]


SOURCE = Source(
    name="standard_webhooks",
    title="Standard Webhooks",
    docs=(
        "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    ),
    attested="That the sender sent it, of which type, and when.",
    claimed="All of `data`, unless the option `attested` says that this sender states its own records there.",
    identified_by="The webhook-id (or svix-id) header, which stays the same over retries.",
    verification=StandardSignature(),
    read=read,
    retries_for=timedelta(hours=76),
    options={
        RAW_KEYS: "sign with the secret's text itself, as some adopters do, instead of what it decodes to",
        ATTESTED: "the sender states its own records in `data`: believe them over what people type",
    },
)
