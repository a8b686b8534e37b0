"""What a service is handed by whoever composes it: an open log, a database, a clock. One process may share them."""

import asyncio
from dataclasses import dataclass, field

from runtime.clock import Clock
from runtime.database import Database
from runtime.health import Health
from runtime.log import Log


@dataclass(frozen=True, slots=True)
class Carriage:
    """Everything open that a service runs on. `stop` is set on SIGTERM: finish what is under way, then return."""

    log: Log
    database: Database
    clock: Clock
    stop: asyncio.Event
    key_secret: bytes
    """Keys the hashes that stand as keys on the log."""
    health: Health = field(default_factory=Health)
    """Where services say what makes them ready and what keeps them alive."""
