"""A broker that hangs, its connections open: appends are refused in time, and the log can still be closed."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from playcaller.servers.kafka import kafka
from runtime.kafka import KafkaLog
from runtime.log import LogUnavailableError
from tests.runtime.test_kafka import TOPIC, ada, on, values


@pytest.mark.servers
@pytest.mark.faults
async def test_a_broker_that_hangs_is_refused_in_time_and_what_was_not_sent_never_turns_up(tmp_path: Path):
    loop = asyncio.get_running_loop()
    async with kafka(tmp_path, print) as broker, KafkaLog(on(broker.bootstrap, append_timeout=1.0)) as log:
        await log.append(TOPIC, ada(b"before"))
        freeze(broker.pid)
        try:
            in_flight = asyncio.create_task(log.append(TOPIC, ada(b"in flight")))
            await asyncio.wait([in_flight], timeout=0.3)
            began = loop.time()
            with pytest.raises(LogUnavailableError, match=r"did not acknowledge within 1\.0 s"):
                await log.append(TOPIC, ada(b"queued"))
            took = loop.time() - began
            with pytest.raises(LogUnavailableError):
                await in_flight
            assert not await log.ready()
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while b"after" not in await tolerant(log):
                with contextlib.suppress(LogUnavailableError):
                    await log.append(TOPIC, ada(b"after"))

        found = await values(log)
        assert 0.9 < took < 2
        assert b"queued" not in found
        assert found[0] == b"before"


@pytest.mark.servers
@pytest.mark.faults
async def test_a_log_that_is_closed_while_its_broker_hangs_refuses_what_is_in_flight_and_leaves_quietly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with kafka(tmp_path, print) as broker:
        try:
            async with KafkaLog(on(broker.bootstrap, append_timeout=1.0)) as log:
                await log.append(TOPIC, ada(b"before"))
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


async def tolerant(log: KafkaLog) -> list[bytes]:
    with contextlib.suppress(LogUnavailableError):
        return await values(log)
    return []
