"""How much one address may send to one source: token buckets, bounded in number."""

import math

from services.ingest.source import Rate

MOST = 50_000
"""Addresses remembered; beyond that the fullest buckets, which limit nobody, are forgotten."""


class Buckets:
    """Token buckets of one source. Times are monotonic seconds."""

    def __init__(self, rate: Rate, factor: float = 1.0, most: int = MOST) -> None:
        self._per_second, self._burst = rate.per_second * factor, max(1.0, rate.burst * factor)
        self._off, self._most = factor <= 0, most
        self._levels: dict[str, tuple[float, float]] = {}

    def wait(self, address: str, now: float) -> int:
        """Take a token: 0 when there was one, else the whole seconds after which there will be."""
        if self._off:
            return 0
        known = self._levels.get(address)
        if known is None:
            if len(self._levels) >= self._most:
                self._forget(now)
            tokens = self._burst
        else:
            tokens = min(self._burst, known[0] + (now - known[1]) * self._per_second)
        if tokens < 1:
            self._levels[address] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / self._per_second))
        self._levels[address] = (tokens - 1, now)
        return 0

    def _forget(self, now: float) -> None:
        full = [
            address
            for address, (tokens, then) in self._levels.items()
            if tokens + (now - then) * self._per_second >= self._burst
        ]
        for address in full:
            del self._levels[address]
        if not full:  # all are in use: the oldest half goes, rather than our memory
            for address in list(self._levels)[: self._most // 2]:
                del self._levels[address]
