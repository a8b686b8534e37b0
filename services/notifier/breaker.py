"""A circuit breaker a channel: a provider that is down or refuses us is left alone for a while, then asked once."""

from collections import deque
from typing import assert_never

from runtime.clock import Clock
from services.notifier.channel import Delivered, Failed, Fault, Outcome, Unknown

TROUBLES = 5
WITHIN = 60.0
"""Five troubles within a minute open it."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 300.0


class Breaker:
    """Closed: everything passes. Open: nothing passes until the pause is over, then one probe decides.

    It counts what speaks of the channel: its configuration, its outages, its silence. A dead address does not count.
    Each process learns for itself; what it learns is worth a minute, and a table would be one more thing to be down.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._troubles: deque[float] = deque(maxlen=TROUBLES)
        self._pause = FIRST_PAUSE
        self._open_until = 0.0
        self._probing = False

    def wait(self) -> float:
        """Seconds to leave the channel alone; 0 when a message may go out."""
        return max(self._open_until - self._clock.monotonic(), 0.0)

    @property
    def half_open(self) -> bool:
        """The pause is over and nothing has got through since: send one message, not many."""
        return self._probing

    def hold(self, seconds: float) -> None:
        """The provider asked for a pause of its own (`Retry-After`)."""
        self._open_until = max(self._open_until, self._clock.monotonic() + seconds)

    def note(self, outcome: Outcome) -> None:
        """Learn from what came of a message."""
        match outcome:
            case Delivered():
                self._troubles.clear()
                self._pause, self._probing = FIRST_PAUSE, False
            case Failed(fault=Fault.PERMANENT):
                return
            case Failed(fault=Fault.RETRY, retry_after=float() as seconds):
                self.hold(seconds)
            case Failed() | Unknown():
                self._trouble()
            case _:
                assert_never(outcome)

    def _trouble(self) -> None:
        now = self._clock.monotonic()
        self._troubles.append(now)
        full = len(self._troubles) == TROUBLES and now - self._troubles[0] <= WITHIN
        if self._probing or full:
            self._open_until = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._probing = True
