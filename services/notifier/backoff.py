"""When to try again: plays go stale in minutes, so the budget is a deadline and not a number of tries."""

from datetime import datetime, timedelta

STEPS = (5.0, 30.0, 120.0, 300.0, 600.0)
"""Seconds after the first, second, … failure; the last one repeats."""
SPREAD = 0.2
LONGEST = timedelta(minutes=30)
"""No channel is tried for longer than this before the next address gets its turn."""


def delay(attempts: int, chance: float, retry_after: float | None = None) -> float:
    """Seconds until the next try after `attempts` tries. `chance` in [0, 1) spreads it by ±20 %.

    Never sooner than the provider asked for (`Retry-After`, seconds).
    """
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1]
    return max(step * (1 - SPREAD + 2 * SPREAD * chance), retry_after or 0.0)


def budget(now: datetime, expires_at: datetime | None) -> datetime:
    """Until when one channel is tried."""
    end = now + LONGEST
    return min(end, expires_at) if expires_at is not None else end
