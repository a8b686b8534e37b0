"""A member that sleeps through its own eviction wakes up, and changes nothing: on real Kafka and real PostgreSQL."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, select

from runtime.database import Database
from runtime.kafka import KafkaLog
from runtime.log import Batch, FencedError, Message, Partition, Position
from runtime.positions import Positions, positions_table
from runtime.settings import LogEngine, Settings

ROOT = Path(__file__).parents[2]
METADATA = MetaData()
POSITIONS = Positions(positions_table(METADATA, "positions"))
EFFECTS = Table(
    "effects",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("offset", BigInteger),
    Column("by", Text),
)


class Accountant:
    """A handler as services write them: offset first, then the effect, in one transaction."""

    def __init__(self, database: Database, name: str, *, waits: bool = False) -> None:
        self._database, self._name, self._waits = database, name, waits
        self.done = asyncio.Event()

    async def assigned(self, partition: Partition) -> Position:
        async with self._database.transaction() as connection:
            return await POSITIONS.take(connection, partition)

    async def handle(self, batch: Batch) -> None:
        if self._waits:
            say("holding")
            await asyncio.to_thread(sys.stdin.readline)
        try:
            async with self._database.transaction() as connection:
                await POSITIONS.move(connection, batch)
                rows = [{"offset": one.offset, "by": self._name} for one in batch.records]
                await connection.execute(EFFECTS.insert(), rows)
        except FencedError:
            say("fenced")
            raise
        say("committed")
        self.done.set()

    async def revoked(self, partition: Partition) -> None:
        """Nothing is cached."""


def say(word: str) -> None:
    """To whoever started this process."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def shared(bootstrap: str, prefix: str) -> Settings:
    return Settings(
        log_engine=LogEngine.KAFKA,
        kafka_bootstrap=bootstrap,
        topic_prefix=prefix,
        partitions=1,
        grace=2.0,
        append_timeout=20.0,
    )


async def sleeper(bootstrap: str, prefix: str, url: str) -> None:
    """The process that will be a zombie."""
    database = Database(url)
    async with KafkaLog(shared(bootstrap, prefix)) as log:
        await log.subscribe("router", ["visits"], Accountant(database, "zombie", waits=True)).run()


@pytest.mark.servers
@pytest.mark.faults
async def test_who_slept_through_the_eviction_is_fenced_at_the_first_attempt(
    kafka_bootstrap: str, fresh_postgres_url: str
):
    prefix = f"t{uuid4().hex[:12]}."
    database = Database(fresh_postgres_url)
    async with database.transaction() as connection:
        await connection.run_sync(METADATA.create_all)
    command = "import asyncio, sys; from tests.runtime.test_zombie import sleeper; asyncio.run(sleeper(*sys.argv[1:]))"
    zombie = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", command, kafka_bootstrap, prefix, fresh_postgres_url),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert zombie.stdin is not None
    assert zombie.stdout is not None
    try:
        async with KafkaLog(shared(kafka_bootstrap, prefix)) as log, asyncio.timeout(150):
            await log.append("visits", [Message(b"ada", b"x") for _ in range(5)])
            assert await zombie.stdout.readline() == b"holding\n"
            zombie.send_signal(signal.SIGSTOP)
            await asyncio.to_thread(os.waitid, os.P_PID, zombie.pid, os.WSTOPPED)
            heir = Accountant(database, "heir")
            subscription = log.subscribe("router", ["visits"], heir)
            running = asyncio.create_task(subscription.run())
            await heir.done.wait()
            zombie.send_signal(signal.SIGCONT)
            zombie.stdin.write(b"go on\n")

            assert await zombie.stdout.readline() == b"fenced\n"
            subscription.stop()
            await running
    finally:
        zombie.kill()
        await zombie.communicate()
    async with database.reading() as connection:
        rows = await connection.execute(select(EFFECTS.c.offset, EFFECTS.c.by).order_by(EFFECTS.c.id))
        assert [tuple(row) for row in rows] == [(number, "heir") for number in range(5)]
    await database.close()
