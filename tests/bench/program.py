"""What every measuring program shares: what it is told, the servers it may use, and how it says what it saw.

A program is a process of its own, so that its core, its memory and its heap are its own too. It prints one JSON line a
repetition (`Pair`) and a line a remark (`Note`); the runner reads them.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
from sqlalchemy import make_url

from playcaller.servers.kafka import kafka
from playcaller.servers.postgres import postgres
from tests.bench.measure import Note, Pair

KAFKA, DATABASE = "PLAYCALLER_TEST_KAFKA", "PLAYCALLER_TEST_DATABASE_URL"
_DECODER: "msgspec.json.Decoder[Pair | Note]" = msgspec.json.Decoder(Pair | Note)


@dataclass(frozen=True, slots=True)
class Bench:
    """One program's run. `full` asks for the figures' full size where the usual run takes less of it."""

    rounds: int
    full: bool
    folder: Path
    servers: AsyncExitStack

    async def kafka(self) -> str:
        """The bootstrap address of a real broker: a given one, else one started for this run."""
        if KAFKA not in os.environ:
            broker = await self.servers.enter_async_context(kafka(self.folder / "kafka", _tell))
            os.environ[KAFKA] = broker.bootstrap
        return os.environ[KAFKA]

    async def postgres(self) -> str:
        """The SQLAlchemy URL of an empty database on a real PostgreSQL; it is dropped at the end of the run."""
        if DATABASE not in os.environ:
            server = await self.servers.enter_async_context(postgres(self.folder / "postgres", _tell))
            os.environ[DATABASE] = server.url
        url = make_url(os.environ[DATABASE])
        name = f"bench_{uuid4().hex[:12]}"
        server_url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        await _administer(server_url, f'CREATE DATABASE "{name}"')
        self.servers.push_async_callback(_administer, server_url, f'DROP DATABASE "{name}" WITH (FORCE)')
        return url.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)


Program = Callable[[Bench], AsyncIterator[Pair | Note]]


def run(program: Program, loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
    """The body of a program's `__main__`: take its arguments, run it (on such an event loop), print what it saw."""
    ask = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--full", action="store_true")
    told = ask.parse_args()
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_run(program, told.rounds, full=told.full))


async def _run(program: Program, rounds: int, *, full: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="playcaller-bench-") as folder:
        async with AsyncExitStack() as servers:
            async for line in program(Bench(rounds, full, Path(folder), servers)):
                sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
                sys.stdout.buffer.flush()


def heard(line: bytes) -> Pair | Note | None:
    """What a program said; None for a line that is neither."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None


async def _administer(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
