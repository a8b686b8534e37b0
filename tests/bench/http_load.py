"""A load generator: keep-alive connections, each with one request under way, over raw sockets.

It counts and times answers; it parses no more of HTTP than a status and a content length, so that it outruns the door.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Load:
    """What came of a run: seconds a request (in order of completion), and how often each status was answered."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    took: float = 0.0

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Sender(asyncio.Protocol):
    """One connection: sends the next request when the last was answered."""

    def __init__(self, requests: Iterator[bytes], load: Load, done: asyncio.Future[None]) -> None:
        self._requests, self._load, self._done = requests, load, done
        self._buffer = b""
        self._needed = 0
        self._began = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one without saying so
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._needed:
            end = self._buffer.find(_HEAD_END)
            if end < 0:
                return
            self._needed = end + 4 + _content_length(self._buffer[:end])
        if len(self._buffer) < self._needed:
            return
        status = int(self._buffer[9:12])
        self._load.seconds.append(time.perf_counter() - self._began)
        self._load.statuses[status] = self._load.statuses.get(status, 0) + 1
        self._buffer, self._needed = self._buffer[self._needed :], 0
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the door closed the connection"))


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(_LENGTH)
    if start < 0:
        raise ValueError(f"an answer without a length: {head[:120]!r}")
    return int(lower[start + len(_LENGTH) :].split(b"\r\n", 1)[0])


async def drive(port: int, requests: Sequence[bytes], connections: int = 64) -> Load:
    """Send every request once, over so many connections, as fast as they are answered. Raises where one breaks."""
    loop = asyncio.get_running_loop()
    load, queue = Load(), iter(requests)
    done = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    for future in done:
        await loop.create_connection(lambda future=future: _Sender(queue, load, future), "127.0.0.1", port)
    await asyncio.gather(*done)
    load.took = time.perf_counter() - began
    return load
