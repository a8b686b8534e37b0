"""What every part of the router's shell works with, put together once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from runtime.carriage import Carriage
from runtime.outbox import Outbox
from runtime.positions import Positions
from services.router.adapters import codec, tables
from services.router.adapters.ask import Number
from services.router.adapters.codec import milliseconds
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.state import State, state_of
from services.router.domain.playbook import Playbook
from services.router.lanes import Lanes
from services.router.narration import Narration, Observe
from services.router.parking import Parking
from services.router.settings import RouterSettings
from services.router.shelf import Shelf

ASSIGNMENT_LANE = "assignment"
"""The lane of a batch row that is no batch of the log but a draw."""
Place = tuple[str, int, int, int]
"""(lane, partition, first, next): the part of the log that a transaction has decided."""
DRAW: Place = (ASSIGNMENT_LANE, -1, 0, 0)
"""In the place of one: the transaction has drawn."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything open, and everything this process remembers between batches."""

    carriage: Carriage
    settings: RouterSettings
    shelf: Shelf
    state: State
    outbox: Outbox
    positions: Positions
    forgotten: Forgotten
    lanes: Lanes
    parking: Parking
    observe: Observe | None = None
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from a batch's draws to its commit: two partitions of one process would only skip each other's teams."""

    def now(self) -> datetime:
        """The real time, UTC."""
        return self.carriage.clock.now()

    def narrate(self, narrations: Sequence[Narration]) -> None:
        """Tell whoever watches; call after the commit only."""
        if self.observe is not None:
            for narration in narrations:
                self.observe(narration)


def a_desk(carriage: Carriage, settings: RouterSettings, playbook: Playbook, observe: Observe | None = None) -> Desk:
    """The desk of one router process."""
    single = carriage.database.dialect == "sqlite"
    at_once = 1 if single else settings.behaviour_at_once
    return Desk(
        carriage=carriage,
        settings=settings,
        shelf=Shelf(playbook),
        state=state_of(carriage.database),
        outbox=Outbox(carriage.database, tables.OUTBOX, carriage.log, carriage.clock),
        positions=Positions(tables.POSITIONS),
        forgotten=Forgotten(carriage.key_secret),
        lanes=Lanes(carriage.clock, batch=settings.behaviour_batch, at_once=at_once),
        parking=Parking(carriage.clock, settings.park_after),
        observe=observe,
    )


def numbering(*places: Place, playbook: Playbook, at: datetime, dropped: Sequence[tuple[int, str]] = ()) -> Number:
    """Asks for the numbers of what a transaction does, after locking: who touches the same rows is numbered as it went.

    `playbook` is the one that decided; `dropped` names the offsets of the first place that had no effect, and why.
    """
    withouts = (codec.DROPPED.encode(tuple(dropped)) if dropped else codec.EMPTY, codec.EMPTY)
    stamp = (milliseconds(at), playbook.version, playbook.lists_version)
    rows = [(*place, *stamp, withouts[min(count, 1)]) for count, place in enumerate(places)]
    return Number(tables.BATCH, rows)
