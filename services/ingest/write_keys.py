"""Segment's two ways of saying who sends: a public write key, and a signature that covers a batch's first call."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from services.ingest.documents import is_array
from services.ingest.keyring import Keyring
from services.ingest.refusal import Refusal
from services.ingest.signatures import Encoding, missing, same, written, wrong
from services.ingest.verification import VERIFIED, Refused, Verdict, Verified
from services.ingest.webhook import Site, Webhook

WRITE_KEY, SIGNATURE = "write_key", "signature"
_HEADER = "X-Signature"


class _Keyed(msgspec.Struct):
    writeKey: str = ""  # noqa: N815  (the vendor's word)


_KEYED = msgspec.json.Decoder(_Keyed)
_FIRST = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class WriteKeyOrSignature:
    """The `/v1` doors take a write key, the webhook door a signature; neither opens the other's door."""

    needs: str = (
        "set PLAYCALLER_SOURCE_{name}_SECRETS to the write keys, "
        "with signature:<shared secret> beside them for Segment's webhooks"
    )

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """A write key or a shared secret."""
        return len(keyring) > 0

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        return self._by_key(webhook, keyring) if webhook.door else self._by_signature(webhook, keyring)

    def sign(self, webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`."""
        label, colon, value = secret.partition(b":")
        if not webhook.door:
            key = value if label.decode() == SIGNATURE and colon else secret
            return {_HEADER: _digest(key, _signed_part(webhook.body)).decode()}
        key = value if label.decode() == WRITE_KEY and colon else secret
        return {"Authorization": "Basic " + base64.b64encode(key + b":").decode()}

    def _by_key(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        given = _stated_key(webhook)
        if not given:
            return Refused(Refusal.CREDENTIAL_MISSING, "send the write key as the user of Basic auth, or as `writeKey`")
        keys = _of(keyring, WRITE_KEY)
        if not keys:
            return Refused(
                Refusal.SOURCE_OFF, "no write key is configured: add it to PLAYCALLER_SOURCE_SEGMENT_SECRETS"
            )
        fits = [hmac.compare_digest(key, given) for key in keys]
        if any(fits):
            return VERIFIED
        return Refused(Refusal.CREDENTIAL_WRONG, "this write key is not one of ours: copy it again")

    def _by_signature(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        given = webhook.header(_HEADER.lower().encode()).lower()
        keys = _of(keyring, SIGNATURE)
        if not keys:
            return Refused(Refusal.SOURCE_OFF, "add signature:<shared secret> to PLAYCALLER_SOURCE_SEGMENT_SECRETS")
        if not given:
            return missing(_HEADER)
        part = _signed_part(webhook.body)
        fits = [same(_digest(key, part), given) for key in keys]
        if not any(fits):
            return wrong(_HEADER)
        return Verified(covered=1) if is_array(webhook.body) else VERIFIED


def _of(keyring: Keyring, label: str) -> list[bytes]:
    return [value for known, value in keyring.labelled(default=WRITE_KEY) if known == label]


def _digest(key: bytes, part: bytes) -> bytes:
    return written(hmac.digest(key, part, "sha1"), Encoding.HEX)


def _signed_part(body: bytes) -> bytes:
    """Of a batch only the first call's own text is signed; Segment's destination signs `JSON.stringify(batch[0])`."""
    if not is_array(body):
        return body
    try:
        calls = _FIRST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body
    return bytes(calls[0]) if calls else body


def _stated_key(webhook: Webhook) -> bytes:
    scheme, _, credentials = webhook.header(b"authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials.strip(), validate=True).partition(b":")[0]
        except (binascii.Error, ValueError):
            return b""
    try:
        return _KEYED.decode(webhook.content).writeKey.encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return b""
