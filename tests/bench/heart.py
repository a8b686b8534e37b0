"""The router's real handler on a real log and database, ready to be driven with batches made beforehand."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from playcaller.preparing import prepare
from runtime.carriage import Carriage
from runtime.collector import calm_collector
from runtime.log import Batch, Handler, Partition, Position
from runtime.opening import open_carriage
from runtime.settings import Settings
from schemas.event import Event
from schemas.topics import EVENTS_BEHAVIOUR, TOPICS
from services.router.adapters.playbook_files import load
from services.router.consumer import Consumer
from services.router.desk import a_desk
from services.router.offering import Offering
from services.router.settings import RouterSettings
from tests.bench.traffic import batches

ROOT = Path(__file__).parents[2]
LANE = Partition(EVENTS_BEHAVIOUR.name, 0)


@contextlib.asynccontextmanager
async def heart(settings: Settings) -> AsyncIterator[tuple[Handler, Carriage]]:
    """The handler with the straw-man playbook and everything on; its tables and topics are there."""
    async with open_carriage(settings, topics=[topic.name for topic in TOPICS]) as carriage:
        await prepare(carriage)
        own = RouterSettings(playbook=ROOT / "playbook", **settings.model_dump())
        desk = a_desk(carriage, own, load(own.playbook))
        consumer = Consumer(desk, Offering(desk))
        with calm_collector():  # as the router's process does
            yield consumer, carriage
            await consumer.idle()


async def handled(handler: Handler, work: Sequence[Batch]) -> float:
    """Hand the batches over one after another; seconds."""
    began = time.perf_counter()
    for batch in work:
        await handler.handle(batch)
    return time.perf_counter() - began


async def overlapped(handler: Handler, *lanes: Sequence[Batch]) -> float:
    """Hand each lane's batches over in order, the lanes side by side; seconds."""
    began = time.perf_counter()
    await asyncio.gather(*(handled(handler, lane) for lane in lanes))
    return time.perf_counter() - began


class Runway:
    """Batches for one lane, each run going on where the last ended."""

    def __init__(self, lane: Partition, position: Position) -> None:
        self._lane, self._position = lane, position

    def prepared(self, events: Sequence[Event], size: int) -> list[Batch]:
        """The next batches; they have to be handled in order before more are asked for."""
        made = batches(events, size, self._position, self._lane)
        self._position = Position(made[-1].next, self._position.epoch)
        return made


async def runway(handler: Handler, lane: Partition = LANE) -> Runway:
    """Take the lane over, as a consumer does."""
    return Runway(lane, await handler.assigned(lane))
