"""A real Apache Kafka from packages, one KRaft process on loopback, for tests and for trying things out."""

import contextlib
import signal
import uuid
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playcaller.servers.child import Child, ServerError, Tell, made
from playcaller.servers.jars import KAFKA, find_java, kafka_jars
from playcaller.servers.ports import LOOPBACK, answers, free_ports


@dataclass(frozen=True, slots=True)
class Kafka:
    """A running broker."""

    bootstrap: str
    version: str
    pid: int


@contextlib.asynccontextmanager
async def kafka(
    folder: Path, tell: Tell = print, *, heap: str = "512m", port: int | None = None
) -> AsyncIterator[Kafka]:
    """Run Kafka on loopback (on `port`, else on a free one) while the block runs; its data stay in `folder`.

    Raises `ServerError` with the mend where Kafka cannot be fetched or does not start.
    """
    java, jars = find_java(), await kafka_jars(tell)
    folder = made(folder)
    free, controller = free_ports(2)
    port = port or free
    properties = folder / "server.properties"
    properties.write_text(_properties(folder, port, controller), "utf-8")
    command = [java, f"-Xmx{heap}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", ":".join(map(str, jars))]
    if not (folder / "data" / "meta.properties").exists():
        await _format(command, folder, properties)
    server = Child([*command, "kafka.Kafka", str(properties)], folder / "kafka.log", death=signal.SIGKILL)
    try:
        if not await answers(port, within=90, alive=server.alive):
            raise ServerError(
                f"Apache Kafka did not start:\n{server.last_words()}\nTo mend it: rm -r {folder} (its data are lost)"
            )
        yield Kafka(f"{LOOPBACK}:{port}", KAFKA, server.pid)
    finally:
        await server.stop(signal.SIGTERM, within=15)


async def _format(command: list[str], folder: Path, properties: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    arguments = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)]
    formatting = Child([*command, *arguments], folder / "format.log", death=signal.SIGKILL)
    if await formatting.wait() != 0:
        raise ServerError(
            f"Kafka's storage could not be formatted:\n{formatting.last_words()}\nTo mend it: rm -r {folder}"
        )


def _properties(folder: Path, port: int, controller: int) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": folder / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "broker.session.timeout.ms": 2000,  # after a kill, a new start waits for the old session to end
        "broker.heartbeat.interval.ms": 500,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.retention.check.interval.ms": 30_000,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
