"""The whole ring in one process: three services on one event loop, one SQLite file each for log and state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from playcaller.audience import Audience
from playcaller.preparing import prepare
from playcaller.ring import Addresses, Ring
from playcaller.stopping import stops
from runtime.clock import Clock
from runtime.health import serve_health
from runtime.opening import open_carriage
from runtime.settings import Settings
from services.ingest.service import serve as serve_ingest
from services.ingest.settings import IngestSettings
from services.notifier.service import serve as serve_notifier
from services.notifier.settings import NotifierSettings
from services.router.service import serve as serve_router
from services.router.settings import RouterSettings


@asynccontextmanager
async def embedded(settings: Settings, audience: Audience, *, clock: Clock | None = None) -> AsyncIterator[Ring]:
    """Run the ring while the block runs. Where a service fails, the block is cancelled and the failure raised.

    `clock` is the machine's where none is given.
    """
    async with (
        open_carriage(settings, clock=clock) as carriage,
        serve_health(carriage.health, settings.health_host, settings.health_port) as port,
    ):
        await prepare(carriage)
        addresses = Addresses()
        with stops(carriage.stop):
            async with asyncio.TaskGroup() as services:
                services.create_task(serve_router(carriage, RouterSettings.load(), audience.hear), name="router")
                services.create_task(
                    serve_notifier(carriage, NotifierSettings.load(), partial(addresses.announce, "notifier")),
                    name="notifier",
                )
                services.create_task(
                    serve_ingest(carriage, IngestSettings.load(), partial(addresses.announce, "ingest")), name="ingest"
                )
                await addresses.complete.wait()
                facts = {
                    "runs on": f"one process, SQLite in {settings.data}",
                    "health": f"http://{settings.health_host}:{port}/ready, /live, /metrics",
                }
                try:
                    yield Ring(addresses, carriage.log, carriage.stop, facts)
                finally:
                    carriage.stop.set()
