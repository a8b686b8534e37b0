"""Reads request bodies: in pieces, never more than is allowed, and with their content encoding undone."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

from services.ingest.draft import MalformedError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_SWALLOWED, _PATIENCE = 64_000_000, 10.0
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class TooLargeError(Exception):
    """The body is larger than the door takes."""


class GoneError(Exception):
    """The sender hung up before its body was whole."""


class EncodingError(Exception):
    """The body is encoded in a way that we do not undo."""


class Stream:
    """One request's body as it comes. It knows when it has ended: to ask for more then would wait for ever."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self.ended = receive, False

    async def piece(self) -> bytes:
        """The next piece. Raises `GoneError` where the sender hangs up."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        self.ended = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is left of it."""
        while not self.ended:
            yield await self.piece()

    async def swallow(self) -> None:
        """Take the rest and forget it, so that the sender hears our answer instead of a reset; within reason."""
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                async for piece in self.pieces():
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
    if len(body) > limit:
        raise TooLargeError
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
