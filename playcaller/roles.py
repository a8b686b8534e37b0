"""One service in a process of its own: `playcaller ingest`, `router` or `notifier`."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import uvloop

from playcaller.narration import Listening, Routed, say
from playcaller.stopping import stops
from runtime.carriage import Carriage
from runtime.health import serve_health
from runtime.opening import open_carriage
from runtime.settings import Settings
from runtime.telemetry import configure
from services.router.narration import Narration

NARRATE = "PLAYCALLER_NARRATE"
"""Set by a parent that reads this process's standard output: then news goes there, one JSON line each."""

Serve = Callable[[Carriage], Awaitable[None]]


def _announce(role: str) -> Callable[[str], None]:
    def announce(url: str) -> None:
        if NARRATE in os.environ:
            say(Listening(role=role, url=url))

    return announce


def _observe(narration: Narration) -> None:
    if NARRATE in os.environ:
        say(Routed(narration=narration))


async def _ingest(carriage: Carriage) -> None:
    from services.ingest.service import serve
    from services.ingest.settings import IngestSettings

    await serve(carriage, IngestSettings.load(), _announce("ingest"))


async def _router(carriage: Carriage) -> None:
    from services.router.service import serve
    from services.router.settings import RouterSettings

    await serve(carriage, RouterSettings.load(), _observe)


async def _notifier(carriage: Carriage) -> None:
    from services.notifier.service import serve
    from services.notifier.settings import NotifierSettings

    await serve(carriage, NotifierSettings.load(), _announce("notifier"))


ROLES: dict[str, Serve] = {"ingest": _ingest, "router": _router, "notifier": _notifier}


def run(role: str) -> None:
    """Run one service until it is told to stop; what is under way is finished first."""
    settings = Settings.load()
    configure(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(ROLES[role], settings))


async def _run(serve: Serve, settings: Settings) -> None:
    async with (
        open_carriage(settings) as carriage,
        serve_health(carriage.health, settings.health_host, settings.health_port),
    ):
        with stops(carriage.stop):
            await serve(carriage)
