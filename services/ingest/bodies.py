"""Reads request bodies: in pieces, never more than is allowed, and with their content encoding undone."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

from services.ingest.draft import MalformedError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_SWALLOWED = 64_000_000
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class TooLargeError(Exception):
    """The body is larger than the door takes."""


class GoneError(Exception):
    """The sender hung up before its body was whole."""


class EncodingError(Exception):
    """The body is encoded in a way that we do not undo."""


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The rest of the body as it comes. Raises `GoneError` where the sender hangs up."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def swallow(receive: Receive) -> None:
    """Take the rest and forget it, so that the sender hears our answer instead of a reset; within reason."""
    taken = 0
    async for piece in pieces(receive):
        taken += len(piece)
        if taken > _SWALLOWED:
            return


def limited(receive: Receive, limit: int) -> Receive:
    """The same body for the app, which answers 413 (by an `HTTPException`) where it is larger than `limit`."""
    taken = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, f"the body may have {limit} bytes: send less")
        return message

    return bounded


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encoding (RFC 9110, section 8.4), at most `limit` bytes of it.

    Raises `EncodingError` for one that is not known, `MalformedError` for a broken one, `TooLargeError`.
    """
    if not encoding or encoding.lower() == "identity":
        return body
    window = _WINDOWS.get(encoding.strip().lower())
    if window is None:
        raise EncodingError
    stream = zlib.decompressobj(window)
    try:
        content = stream.decompress(body, limit + 1)
    except zlib.error:
        raise MalformedError(
            f"the body is no {encoding.strip().lower()[:10]}: encode it whole, or not at all"
        ) from None
    if len(content) > limit:
        raise TooLargeError
    if not stream.eof:
        raise MalformedError("the encoded body is cut short: send it whole")
    return content
