"""One webhook as it arrived: its bytes, its headers, when, from where, and by which of the source's doors."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from services.ingest.forms import Form

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator set for one source here: where the world reaches us, and what is allowed."""

    public_url: str = ""
    """Scheme and host as senders see them, without a trailing slash: `https://hooks.acme.example`."""
    options: frozenset[str] = frozenset()
    """Words from `PLAYCALLER_SOURCE_<NAME>_OPTIONS` that the source understands."""
    origins: frozenset[str] = frozenset()
    """Web origins whose pages may post forms and read the answer."""
    redirects: tuple[str, ...] = ()
    """Thank-you pages (or prefixes ending in `/`) to which a form may send its visitor; the first is the default."""


def unambiguous(headers: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Each header once. One that is given twice with different values is empty: nobody can say which one counts."""
    found = dict(headers)
    if len(found) == len(headers):  # the common case: every header once
        return found
    found.clear()
    for name, value in headers:
        if found.setdefault(name, value) != value:
            found[name] = b""
    return found


class Webhook(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request to one source. Times are UTC."""

    received_at: datetime
    body: bytes = b""
    """The bytes as they came, before any decoding: what a signature is over."""
    headers: Mapping[bytes, bytes] = {}
    """Lower-case name → value; see `unambiguous`."""
    method: str = "POST"
    path: str = "/"
    """As it stood on the wire, still percent-encoded."""
    query: str = ""
    door: str = ""
    """Which of the source's further doors it came by; empty for `/webhooks/<source>`."""
    address: str = ""
    """The sender's network address, as far as the trusted proxies say it."""
    content: bytes = b""
    """The body with its content encoding undone."""
    form: Form | None = None
    """The fields, where the body was a multipart form that was read as a stream."""
    site: Site = Site()

    def header(self, name: bytes) -> str:
        """The header's value; empty where it is missing, or given more than once with different values."""
        found = self.headers.get(name)
        return found.decode("latin-1") if found else ""

    def media_type(self) -> str:
        """The content type without its parameters, lower-case."""
        return _media_type(self.headers.get(b"content-type", b""))

    def url(self) -> str:
        """The whole URL as the sender wrote it: never from what a proxy claims, always from our configured address."""
        return f"{self.site.public_url}{self.path}?{self.query}" if self.query else f"{self.site.public_url}{self.path}"

    def seconds(self) -> float:
        """When it arrived, in seconds since the epoch."""
        return (self.received_at - EPOCH).total_seconds()


@lru_cache(maxsize=256)
def _media_type(stated: bytes) -> str:
    return stated.decode("latin-1").partition(";")[0].strip().lower()
