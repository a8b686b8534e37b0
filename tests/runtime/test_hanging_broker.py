"""A broker that hangs, its connections open: appends are refused in time, and the log can still be closed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from playcaller.servers.kafka import Kafka, kafka
from runtime.kafka import KafkaLog
from runtime.log import LogUnavailableError
from tests.runtime.stopwatch import Stopwatch
from tests.runtime.test_kafka import TOPIC, ada, on, values


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kafka]:
    """One that nobody else uses."""
    async with kafka(tmp_path_factory.mktemp("hanging"), print) as running:
        yield running


@pytest.mark.servers
@pytest.mark.faults
async def test_a_broker_that_hangs_is_refused_in_time_and_what_was_not_sent_never_turns_up(broker: Kafka):
    async with KafkaLog(on(broker.bootstrap, append_timeout=1.0)) as log:
        await warm(log)
        freeze(broker.pid)
        try:
            in_flight = asyncio.create_task(log.append(TOPIC, ada(b"in flight")))
            await asyncio.wait([in_flight], timeout=0.3)
            async with Stopwatch() as watch:
                with pytest.raises(LogUnavailableError, match=r"did not acknowledge within 1\.0 s"):
                    await log.append(TOPIC, ada(b"queued"))
            with pytest.raises(LogUnavailableError):
                await in_flight
            assert not await log.ready()
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        async with asyncio.timeout(60):
            while b"after" not in (found := await tolerant(log)):
                with contextlib.suppress(LogUnavailableError):
                    await log.append(TOPIC, ada(b"after"))

        assert watch.elapsed > 0.9
        assert watch.taken < 2
        assert b"queued" not in found
        assert found[0] == b"before"


@pytest.mark.servers
@pytest.mark.faults
async def test_a_log_that_is_closed_while_its_broker_hangs_refuses_what_is_in_flight_and_leaves_quietly(
    broker: Kafka, caplog: pytest.LogCaptureFixture
):
    try:
        async with KafkaLog(on(broker.bootstrap, append_timeout=1.0)) as log:
            await warm(log)
            freeze(broker.pid)
            in_flight = asyncio.create_task(log.append(TOPIC, ada(b"in flight")))
            await asyncio.wait([in_flight], timeout=0.3)
        with pytest.raises(LogUnavailableError):
            await in_flight
    finally:
        os.kill(broker.pid, signal.SIGCONT)

    assert not [record for record in caplog.records if record.name == "asyncio"]


def freeze(pid: int) -> None:
    """Stop a child with all its threads; the signal alone returns before a busy broker has stopped answering."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED)


async def warm(log: KafkaLog) -> None:
    """A broker that has just started may need longer than the log's patience: append until the first one stands."""
    async with asyncio.timeout(60):
        while b"before" not in await tolerant(log):
            with contextlib.suppress(LogUnavailableError):
                await log.append(TOPIC, ada(b"before"))


async def tolerant(log: KafkaLog) -> list[bytes]:
    with contextlib.suppress(LogUnavailableError):
        return await values(log)
    return []
