"""Promises with one common patience: those not kept in time fail, at the cost of one timer for all of them."""

import asyncio
from collections import deque
from collections.abc import Callable

_SETTLED_AT_ONCE = 3


class Deadlines:
    """Hands out futures that fail with `late()` once they are `seconds` old."""

    def __init__(self, seconds: float, late: Callable[[], Exception]) -> None:
        self._seconds, self._late = seconds, late
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Asked for once: until Python 3.12 each asking is a system call (it looks whether the process was forked)."""

    def promise(self) -> "asyncio.Future[None]":
        """A future for the caller to wait on and for somebody else to keep."""
        loop = self._loop = self._loop or asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting
        for _ in range(_SETTLED_AT_ONCE):  # a little with each promise, instead of a pause for all of them later
            if waiting and waiting[0][1].done():
                waiting.popleft()
        waiting.append((loop.time() + self._seconds, future))
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._sweep)
        return future

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= now):
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(self._late())
        self._timer = loop.call_at(self._waiting[0][0], self._sweep) if self._waiting else None

    def close(self) -> None:
        """Let the timer go; what still waits fails now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(self._late())
        self._waiting.clear()
