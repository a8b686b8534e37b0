"""Parks a source most of whose own records poison, and only those: what strangers typed never parks anything.

An event counts towards parking only when every claim and identifier it carries is attested: then the machine that
signed it made it, and its fault is the machine's. A form that somebody filled with rubbish counts for nothing here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.clock import Clock
from schemas.event import Event
from schemas.fact import Trust
from services.router.adapters import tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.state import State
from services.router.metrics import PARKED

_FRESH = 5.0
"""Seconds for which the list of parked sources is believed; another replica's parking is seen by then."""
_WINDOW = 400
"""Events of a source after which what was counted is halved, so that the share is of recent ones."""


@dataclass(slots=True)
class _Count:
    good: int = 0
    bad: int = 0


class Parking:
    """Which sources are parked, and how close the others are to it. One a process."""

    def __init__(self, clock: Clock, after: int) -> None:
        self._clock, self._after = clock, after
        self._counts: dict[str, _Count] = {}
        self._parked: frozenset[str] = frozenset()
        self._read = float("-inf")

    async def parked(self, connection: AsyncConnection) -> frozenset[str]:
        """The parked sources."""
        if self._clock.monotonic() - self._read > _FRESH:
            rows = await connection.execute(select(tables.PARKED.c.source))
            self._parked = frozenset(row.source for row in rows)
            self._read = self._clock.monotonic()
            PARKED.set(len(self._parked))
        return self._parked

    async def count(
        self, connection: AsyncConnection, state: State, good: Iterable[Event], bad: Sequence[tuple[Event, str]]
    ) -> tuple[str, ...]:
        """Count what a batch has decided and what poisoned it; park, and name, the sources that are over the limit."""
        if not bad and not self._counts:
            return ()
        for event in good:
            if event.source in self._counts and _attested(event):
                self._counts[event.source].good += 1
        for event, _ in bad:
            if _attested(event):
                self._counts.setdefault(event.source, _Count()).bad += 1
        over = tuple(source for source, count in self._counts.items() if self._over(count))
        whys = {event.source: why for event, why in bad}
        at = milliseconds(self._clock.now())
        await state.put(connection, tables.PARKED, [(source, at, whys.get(source, "")[:500]) for source in over])
        for source in over:
            del self._counts[source]
        if over:
            self._read = float("-inf")
        self._age()
        return over

    def _over(self, count: _Count) -> bool:
        return count.bad >= self._after and count.bad > count.good

    def _age(self) -> None:
        for source, count in list(self._counts.items()):
            if count.good + count.bad > _WINDOW:
                count.good, count.bad = count.good // 2, count.bad // 2
            if not count.bad:
                del self._counts[source]


async def unpark(connection: AsyncConnection, state: State, sources: Sequence[str]) -> int:
    """Let these sources through again, before their dead letters are driven again; how many were parked."""
    return await state.remove(connection, tables.PARKED, "source", sources)


def _attested(event: Event) -> bool:
    said = [one.trust for one in event.identifiers] + [claim.trust for claim in event.claims]
    return bool(said) and all(trust is Trust.ATTESTED for trust in said)
