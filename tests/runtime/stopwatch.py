"""Measures how long something takes, and how much of that this process was not let run: a busy machine is no fault."""

import asyncio
from typing import Self

_BEAT = 0.02


class Stopwatch:
    """Runs while its block does. `elapsed` is the clock's time, `taken` leaves out what the event loop came late."""

    elapsed = taken = 0.0

    async def __aenter__(self) -> Self:
        self._late = 0.0
        self._began = self._due = asyncio.get_running_loop().time()
        self._beat()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._beating.cancel()
        now = asyncio.get_running_loop().time()
        self.elapsed = now - self._began
        self.taken = self.elapsed - self._late - max(0.0, now - self._due)

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._late += max(0.0, now - self._due)
        self._due = now + _BEAT
        self._beating = loop.call_at(self._due, self._beat)
