"""Who may post a form: pages of configured web origins, or anybody where the operator says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.ingest.keyring import Keyring
from services.ingest.refusal import Refusal
from services.ingest.verification import VERIFIED, Refused, Verdict
from services.ingest.webhook import Site, Webhook

OPEN = "open"


@dataclass(frozen=True, slots=True)
class KnownOrigin:
    """The `Origin` (RFC 6454), else the `Referer`, is one of ours. It keeps other pages out, not programs."""

    needs: str = (
        "set PLAYCALLER_INGEST_ORIGINS to your pages' origins (https://www.acme.example), "
        "or PLAYCALLER_SOURCE_{name}_OPTIONS=open to take forms from anywhere"
    )

    def configured(self, _keyring: Keyring, site: Site) -> bool:
        """An origin, or the option `open`."""
        return bool(site.origins) or OPEN in site.options

    def verify(self, webhook: Webhook, _keyring: Keyring) -> Verdict:
        """See `Verification`."""
        if OPEN in webhook.site.options:
            return VERIFIED
        given = webhook.header(b"origin") or origin_of(webhook.header(b"referer"))
        if given.lower() in webhook.site.origins:
            return VERIFIED
        return Refused(
            Refusal.ORIGIN_REFUSED, "this page may not post here: add its origin to PLAYCALLER_INGEST_ORIGINS"
        )

    def sign(self, webhook: Webhook, _secret: bytes) -> Mapping[str, str]:
        """See `Verification`: a browser's header."""
        return {"Origin": min(webhook.site.origins, default="null")}


def origin_of(address: str) -> str:
    """The origin of a URL; empty where there is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""
