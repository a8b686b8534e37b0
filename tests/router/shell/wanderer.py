"""A walk at random through all that can happen, by a real log and real tables: what stands in them is looked at."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas.event import Event
from schemas.feedback import Feedback, TimerKind
from schemas.handoff import OPEN
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.domain.decision import SetTimer
from services.router.domain.handoff import Handoff
from tests.router.domain.orphans import dangling
from tests.router.domain.walked import key_of
from tests.router.domain.walker import Walker
from tests.router.shell.ring import Hand

CLOSED = 15
"""Closed handoffs on which people still act."""
MARGIN = timedelta(minutes=1)
"""After this a timer that is due has been appended."""


class Wanderer(Walker):
    """What a walker does, done to a router."""

    def __init__(self, seed: int, hand: Hand) -> None:
        super().__init__(seed)
        self.hand = hand
        self.facts: list[Event | Feedback] = []
        self.sweeps = False
        self.now = hand.clock.now()

    def take(self, fact: Event | Feedback, *subjects: UUID) -> Iterator[str]:
        """It is put onto the log; what comes of it stands in the tables."""
        self.facts.append(fact)
        return iter(())

    def time(self) -> Iterator[str]:
        """Until the next timer is due."""
        due = [timer.due_at for mine in self.timers.values() for timer in mine.values()]
        self.now = max(self.now, min(due, default=self.now) + MARGIN)
        return iter(())

    def offers(self) -> Iterator[str]:
        """The queue is swept."""
        self.sweeps = True
        return iter(())

    async def wander(self) -> list[str]:
        """One more step; what is wrong after it."""
        self.facts.clear()
        self.sweeps = False
        wrong = self.step()
        hand = self.hand
        hand.desk.shelf.put(self.playbook)
        hand.clock.advance(self.now - hand.clock.now())
        await hand.feed(*self.facts)
        await hand.pump.fire()
        await hand.drain()
        if self.sweeps:
            await hand.offering.sweep()
        await self.look()
        wrong += self.everything()
        for lead in self.world.standings:
            wrong += dangling(lead, list(self.pending(lead)), self.world)
        return wrong

    async def look(self) -> None:
        """What stands in the tables now."""
        hand, world = self.hand, self.world
        handoffs = await hand.handoffs()
        closed = sorted((each for each in handoffs if each.state not in OPEN), key=_age)[-CLOSED:]
        world.handoffs = {each.id: each for each in (*(one for one in handoffs if one.state in OPEN), *closed)}
        items = [codec.TRIAGE.decode(row.item) for row in await hand.rows(tables.TRIAGE)]
        world.triage = {item.id: item for item in items if item.open}
        world.standings = {row.lead: codec.STANDING.decode(row.standing) for row in await hand.rows(tables.STANDING)}
        self.timers = {}
        for row in await hand.rows(tables.TIMER):
            timer = _timer(row)
            self.timers.setdefault(row.subject, {})[key_of(timer)] = timer


def _age(handoff: Handoff) -> Any:
    return handoff.received_at, handoff.id


def _timer(row: Any) -> SetTimer:
    return SetTimer(TimerKind(row.kind), row.subject, instant(row.due_at), row.about, row.round)
