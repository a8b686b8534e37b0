"""Signature schemes that several vendors share, over the raw bytes, in constant time, with several secrets at once."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.ingest.keyring import Keyring
from services.ingest.refusal import Refusal
from services.ingest.verification import SECRETS, VERIFIED, Refused, Verdict
from services.ingest.webhook import Site, Webhook

_LONGEST_STAMP = 15
"""Digits; more is no time, and would only cost time to parse."""


class Encoding(StrEnum):
    """How a digest is written down."""

    HEX = "hex"
    BASE64 = "base64"


def written(digest: bytes, encoding: Encoding) -> bytes:
    """The digest in letters."""
    return digest.hex().encode() if encoding is Encoding.HEX else base64.b64encode(digest)


def same(expected: bytes, given: str) -> bool:
    """Constant-time comparison of a digest in letters with what a header says."""
    return hmac.compare_digest(expected, given.encode("latin-1", "replace"))


def stamp(text: str) -> int | None:
    """A whole, non-negative number of (milli)seconds from a header; nothing where it is anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_STAMP else None


def missing(header: str) -> Refused:
    """There is no signature, or two that differ, which is the same as none."""
    return Refused(Refusal.SIGNATURE_MISSING, f"send exactly one {header} header, signed with a secret of this source")


def wrong(header: str) -> Refused:
    """No secret gives this signature."""
    return Refused(
        Refusal.SIGNATURE_WRONG,
        f"{header} fits no secret of this source: compare the secrets, and sign the exact bytes",
    )


def stale(header: str, tolerance: int) -> Refused:
    """Its time is too far from ours: a replay, or a wrong clock."""
    return Refused(Refusal.TIMESTAMP_STALE, f"the time in {header} is over {tolerance} s from ours: set the clock")


def unstamped(header: str) -> Refused:
    """Its time is no time."""
    return Refused(Refusal.TIMESTAMP_MALFORMED, f"the time in {header} is no whole number: send it as the vendor does")


@dataclass(frozen=True, slots=True)
class BodyHmac:
    """HMAC over the body alone, in one header: Typeform, Tally, GitHub and many others. It carries no time."""

    header: str
    encoding: Encoding
    algorithm: str = "sha256"
    prefix: str = ""
    """Has to stand before the digest."""
    needs: str = SECRETS

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """One secret is enough."""
        return len(keyring) > 0

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        given = webhook.header(self.header.lower().encode())
        if not given or not given.startswith(self.prefix):
            return missing(self.header)
        digest = given[len(self.prefix) :].strip()
        if self.encoding is Encoding.HEX:
            digest = digest.lower()
        matches = [same(self._expected(secret, webhook.body), digest) for secret in keyring]
        return VERIFIED if any(matches) else wrong(self.header)

    def sign(self, webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`."""
        return {self.header: self.prefix + self._expected(secret, webhook.body).decode()}

    def _expected(self, secret: bytes, body: bytes) -> bytes:
        return written(hmac.digest(secret, body, self.algorithm), self.encoding)


@dataclass(frozen=True, slots=True)
class StampedHmac:
    """`t=<seconds>,v1=<hex>` over `<t>.<body>`: Calendly, and whoever else follows Stripe. Several `v1` may stand."""

    header: str
    tolerance: int = 300
    """Seconds, both ways."""
    needs: str = SECRETS

    def configured(self, keyring: Keyring, _site: Site) -> bool:
        """One secret is enough."""
        return len(keyring) > 0

    def verify(self, webhook: Webhook, keyring: Keyring) -> Verdict:
        """See `Verification`."""
        parts = [part.strip().partition("=") for part in webhook.header(self.header.lower().encode()).split(",")]
        times = {value for name, _, value in parts if name == "t"}
        digests = [value.lower() for name, _, value in parts if name == "v1" and value]
        if len(times) != 1 or not digests:
            return missing(self.header)
        time = times.pop()
        seconds = stamp(time)
        if seconds is None:
            return unstamped(self.header)
        expected = [self._expected(secret, time, webhook.body) for secret in keyring]
        if not any([same(one, digest) for one in expected for digest in digests]):  # noqa: C419  (no early exit)
            return wrong(self.header)
        if abs(webhook.seconds() - seconds) > self.tolerance:
            return stale(self.header, self.tolerance)
        return VERIFIED

    def sign(self, webhook: Webhook, secret: bytes) -> Mapping[str, str]:
        """See `Verification`."""
        time = str(int(webhook.seconds()))
        return {self.header: f"t={time},v1={self._expected(secret, time, webhook.body).decode()}"}

    def _expected(self, secret: bytes, time: str, body: bytes) -> bytes:
        return written(hmac.digest(secret, time.encode() + b"." + body, "sha256"), Encoding.HEX)
