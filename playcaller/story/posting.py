"""Makes one webhook of the story an HTTP request, signed exactly as its vendor signs."""

import json
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlencode, urlsplit

import httpx

from playcaller.story.script import Post
from runtime.discovery import discover
from services.ingest.source import Source
from services.ingest.webhook import Site, Webhook

ORIGIN = "https://www.brightwater.example"
"""Where the story's company has its website, and its form."""
FORM = "application/x-www-form-urlencoded"


@cache
def sources() -> dict[str, Source]:
    """All sources of this house."""
    return discover("services.ingest.sources", "SOURCE", Source)


def events_in(post: Post) -> int:
    """How many events the payload holds: a batch counts each of its elements that says that something happened."""
    if isinstance(post.payload, dict) and isinstance(post.payload.get("batch"), list):
        return len(post.payload["batch"])
    return 1


def request(door: str, post: Post, secret: str) -> httpx.Request:
    """The request with the vendor's own headers. `door` is the address under which the vendor knows us."""
    source = sources()[post.source]
    path = post.door or f"/webhooks/{post.source}"
    url = f"{door}{path}"
    media_type = "application/json" if "application/json" in source.media_types else FORM
    body = json.dumps(post.payload).encode() if media_type == "application/json" else urlencode(post.payload).encode()
    webhook = Webhook(
        received_at=datetime.now(UTC),
        body=body,
        content=body,
        headers={b"content-type": media_type.encode()},
        path=urlsplit(url).path,
        door=source.doors.get(path, ""),
        site=Site(public_url=door, origins=frozenset({ORIGIN})),
    )
    signed = source.verification.sign(webhook, secret.encode())
    return httpx.Request("POST", url, content=body, headers={"Content-Type": media_type, **signed})
