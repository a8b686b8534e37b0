"""Brings the database's tables and the log's topics up to this version, before any service starts."""

import asyncio

from playcaller.ring import RingError
from runtime.carriage import Carriage
from runtime.migrations import migrate
from runtime.opening import open_carriage
from runtime.settings import Settings
from runtime.telemetry import configure
from schemas.topics import TOPICS

PACKAGES = ("services.router.migrations", "services.notifier.migrations")


async def prepare(carriage: Carriage) -> None:
    """Migrate every service's tables and make every topic that is missing. Safe to run several times at once.

    Raises `RingError` where the database is away, `MigrationError`, `LogError`.
    """
    try:
        for package in PACKAGES:
            await migrate(carriage.database, package)
    except OSError as fault:
        raise RingError(f"the database does not answer ({fault}): check PLAYCALLER_DATABASE_URL") from None
    for topic in TOPICS:
        await carriage.log.partitions(topic.name)


def run() -> None:
    """The `migrate` command."""
    settings = Settings.load()
    configure(settings.log_level, settings.log_format)
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    async with open_carriage(settings) as carriage:
        await prepare(carriage)
