"""Makes UUIDs of version 7 (RFC 9562, section 5.7): sorted by time, also within one millisecond of one process."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.ingest.webhook import EPOCH

_COUNTER = 1 << 12
_MILLISECOND = timedelta(milliseconds=1)
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)


class Uuid7:
    """Gives ids that never go backwards: `rand_a` is a counter within the millisecond (RFC 9562, section 6.2, 1)."""

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy
        self._millisecond, self._count = 0, 0
        self._pool, self._at = b"", 0

    def at(self, moment: datetime) -> UUID:
        """The next id, stamped with `moment` (UTC) or, where that lies before the last id, with the last id's time."""
        millisecond = (moment - EPOCH) // _MILLISECOND
        if millisecond > self._millisecond:
            self._millisecond, self._count = millisecond, self._random(1) >> 1  # room to count up from
        else:
            self._count += 1
            if self._count >= _COUNTER:
                self._millisecond, self._count = self._millisecond + 1, 0
        rest = self._random(8) & ((1 << 62) - 1)
        return UUID(int=self._millisecond << 80 | self._count << 64 | _VERSION_AND_VARIANT | rest)

    def _random(self, size: int) -> int:
        if self._at + size > len(self._pool):
            self._pool, self._at = self._entropy(4096), 0
        taken = self._pool[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken)
