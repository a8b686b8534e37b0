"""What a page's address says: path, host, campaign."""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from services.ingest.plain import text

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_LONGEST = 2000


@lru_cache(maxsize=2048)
def described(url: str) -> tuple[tuple[str, str], ...]:
    """(property, value) pairs: `url` without its query's secrets, `path`, `host`, `utm_*`. Empty for no address."""
    return tuple(_described(text(url, _LONGEST)))


def _described(url: str) -> Iterator[tuple[str, str]]:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    if not parts.path and not host:
        return
    yield "url", f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if host else parts.path
    yield "path", parts.path or "/"
    if host:
        yield "host", host.lower()
    try:
        pairs = parse_qsl(parts.query, max_num_fields=100)
    except ValueError:
        return
    for name, value in pairs:
        if name.lower() in UTM and text(value, 200):
            yield name.lower(), text(value, 200)
