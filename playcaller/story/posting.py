"""Makes one webhook of the story an HTTP request, signed exactly as its vendor signs."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from playcaller.story.script import Post
from services.ingest.forms import URLENCODED
from services.ingest.reading import source_named
from services.ingest.sample import signed
from services.ingest.webhook import Site

ORIGIN = "https://www.brightwater.example"
"""Where the story's company has its website, and its form."""


def events_in(post: Post) -> int:
    """How many events the payload holds: a batch counts each of its elements."""
    if isinstance(post.payload, dict) and isinstance(post.payload.get("batch"), list):
        return len(post.payload["batch"])
    return 1


def request(door: str, post: Post, secret: str) -> httpx.Request:
    """The request with the vendor's own headers. `door` is the address under which the vendor knows us."""
    as_form = "application/json" not in source_named(post.source).media_types
    headers, body = signed(
        post.source,
        (urlencode(post.payload) if as_form else json.dumps(post.payload)).encode(),
        secret,
        datetime.now(UTC),
        path=post.door,
        media_type=URLENCODED if as_form else "application/json",
        site=Site(public_url=door, origins=frozenset({ORIGIN})),
    )
    return httpx.Request("POST", f"{door}{post.door or f'/webhooks/{post.source}'}", content=body, headers=headers)
