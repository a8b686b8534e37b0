"""Opens a carriage as the settings say: which log, which database, the key, the lock of the embedded engine."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sqlalchemy.exc import ArgumentError

from runtime.carriage import Carriage
from runtime.clock import Clock, SystemClock
from runtime.database import Database
from runtime.lockfile import HeldError, Lockfile
from runtime.log import Log, LogError
from runtime.settings import LogEngine, Settings
from runtime.sqlite_log import SqliteLog
from runtime.worker import DEFAULT_BACKOFF, Backoff

KEY_LENGTH = 32


@contextlib.asynccontextmanager
async def open_carriage(
    settings: Settings, *, topics: Sequence[str] = (), clock: Clock | None = None
) -> AsyncIterator[Carriage]:
    """Everything a service runs on, open while the block runs; `topics` are made where the log is on hand.

    The embedded engine (a log or a database under `settings.data`) belongs to one process at a time.
    Raises `SystemExit` with the mend where it is taken, or the settings do not hold together.
    """
    ticking = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        try:
            if settings.log_engine is LogEngine.SQLITE or settings.database_url is None:
                lock = Lockfile(settings.data / "lock")
                lock.take()
                stack.callback(lock.release)
            database = Database(database_url(settings))
            stack.push_async_callback(database.close)
            log = await stack.enter_async_context(make_log(settings, ticking))
        except (HeldError, LogError) as fault:
            raise SystemExit(str(fault)) from None
        except ArgumentError:
            raise SystemExit("PLAYCALLER_DATABASE_URL: write postgresql+asyncpg://user:password@host/name") from None
        if settings.log_engine is LogEngine.SQLITE:
            for topic in topics:
                await log.partitions(topic)
        carriage = Carriage(log, database, ticking, asyncio.Event(), key_secret(settings))
        carriage.health.ready("log", log.ready)
        carriage.health.ready("database", database.ready)
        yield carriage


def make_log(settings: Settings, clock: Clock, *, backoff: Backoff = DEFAULT_BACKOFF) -> Log:
    """The log, not yet open. Raises `LogError` where the settings do not hold together."""
    if settings.log_engine is LogEngine.KAFKA:
        from runtime.kafka import KafkaLog  # the embedded engine starts without Kafka's client

        return KafkaLog(settings, clock=clock, backoff=backoff)
    return SqliteLog(
        settings.data / "log.db",
        partitions=settings.partitions,
        clock=clock,
        prefix=settings.topic_prefix,
        append_timeout=settings.append_timeout,
        retention=settings.retention,
        grace=settings.grace,
        backoff=backoff,
    )


def database_url(settings: Settings) -> str:
    """The URL of the database; SQLite under `data` where none is given."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return f"sqlite+aiosqlite:///{settings.data.absolute()}/state.db"


def key_secret(settings: Settings) -> bytes:
    """What keys the hashes on the log: from the settings, else generated once under `data`, readable by us only.

    Raises `SystemExit` where several processes would each generate their own, which would part equal keys.
    """
    if settings.key_secret:
        return settings.key_secret.get_secret_value().encode()
    if settings.log_engine is LogEngine.KAFKA:
        raise SystemExit(
            "PLAYCALLER_KEY_SECRET is missing: set it, or PLAYCALLER_KEY_SECRET_FILE, to the same long random text for "
            "every process (for example the output of `openssl rand -hex 32`)"
        )
    return _generated(settings.data / "key")


def _generated(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_LENGTH))
    return path.read_bytes()
