"""What only Kafka can do wrong, on a really running Apache Kafka: outages, kills, refusals, other people's topics."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from pydantic import SecretStr

from playcaller.servers.kafka import kafka
from playcaller.servers.ports import free_ports
from runtime.consumer import settled
from runtime.kafka import KafkaLog
from runtime.log import LogError, LogUnavailableError, Message, Partition, Position, RecordTooLargeError
from runtime.partitioning import partition_of
from runtime.settings import LogEngine, Settings
from tests.runtime.ledger import Ledger, Member

TOPIC = "visits"
HOME = Partition(TOPIC, partition_of(b"ada", 4))


def on(bootstrap: str, **more: object) -> Settings:
    """Settings for topics of its own on this broker."""
    given = {"partitions": 4, "append_timeout": 20.0, "topic_prefix": f"t{uuid4().hex[:12]}.", **more}
    return Settings(log_engine=LogEngine.KAFKA, kafka_bootstrap=bootstrap, **given)  # type: ignore[arg-type]  # pydantic validates


@contextlib.asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def member_of(log: KafkaLog, member: Member) -> AsyncIterator[None]:
    subscription = log.subscribe("router", [TOPIC], member)
    running = asyncio.create_task(subscription.run())
    try:
        yield
    finally:
        subscription.stop()
        await running


def ada(*words: bytes) -> list[Message]:
    return [Message(b"ada", word) for word in words]


async def values(log: KafkaLog, partition: Partition = HOME) -> list[bytes]:
    return [one.value for one in await log.read(partition, 0, limit=100_000)]


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"kafka_compression": "brotli"}, r"PLAYCALLER_KAFKA_COMPRESSION is 'brotli'.*write snappy, lz4, zstd or none"),
        ({"kafka_security": "TLS"}, r"PLAYCALLER_KAFKA_SECURITY: write PLAINTEXT, SSL"),
        ({"kafka_security": "SSL", "kafka_ca": Path("/none")}, r"check PLAYCALLER_KAFKA_CA"),
        ({"kafka_security": "SASL_PLAINTEXT", "kafka_user": "ada"}, r"needs PLAYCALLER_KAFKA_USER and"),
    ],
    ids=["compression", "protocol", "certificate", "password"],
)
async def test_settings_that_cannot_work_are_refused_before_anything_is_sent(settings: dict[str, object], mend: str):
    with pytest.raises(LogError, match=mend):
        KafkaLog(on("127.0.0.1:1", **settings))


async def test_the_password_is_in_no_error():
    settings = on("127.0.0.1:1", kafka_security="SASL_PLAINTEXT", kafka_password=SecretStr("hunter2"))
    with pytest.raises(LogError) as raised:
        KafkaLog(settings)

    assert "hunter2" not in str(raised.value) + repr(settings)


@pytest.mark.servers
@pytest.mark.parametrize("codec", ["snappy", "lz4", "zstd", "none"])
async def test_each_compression_is_written_and_read(kafka_bootstrap: str, codec: str):
    async with KafkaLog(on(kafka_bootstrap, kafka_compression=codec)) as log:
        await log.append(TOPIC, ada(b"x" * 5000, b"y"))

        assert await values(log) == [b"x" * 5000, b"y"]


@pytest.mark.servers
async def test_a_missing_topic_is_made_to_forget_within_the_retention(kafka_bootstrap: str):
    settings = on(kafka_bootstrap)
    async with KafkaLog(settings) as log, administrator(kafka_bootstrap) as client:
        await log.ensure_topics([TOPIC, "plays"])
        resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic_prefix + "plays")
        (answer,) = await client.describe_configs([resource])
        configs = {name: value for name, value, *_ in answer.resources[0][4]}

        assert int(configs["retention.ms"]) + int(configs["segment.ms"]) == 30 * 24 * 3600 * 1000
        assert configs["cleanup.policy"] == "delete"
        assert len(await log.partitions("plays")) == 4


@pytest.mark.servers
async def test_a_topic_that_exists_keeps_its_partitions(kafka_bootstrap: str):
    settings = on(kafka_bootstrap)
    async with KafkaLog(settings) as log, administrator(kafka_bootstrap) as client:
        await client.create_topics([NewTopic(settings.topic_prefix + TOPIC, 7, 1)])
        await log.append(TOPIC, ada(b"x"))

        assert len(await log.partitions(TOPIC)) == 7
        assert await values(log, Partition(TOPIC, partition_of(b"ada", 7))) == [b"x"]


@pytest.mark.servers
async def test_after_the_broker_refused_a_batch_the_next_one_goes_through(kafka_bootstrap: str):
    settings = on(kafka_bootstrap, kafka_compression="none")
    async with KafkaLog(settings) as log, administrator(kafka_bootstrap) as client:
        small = NewTopic(settings.topic_prefix + TOPIC, 4, 1, topic_configs={"max.message.bytes": "2000"})
        await client.create_topics([small])
        await log.append(TOPIC, ada(b"before"))
        with pytest.raises(RecordTooLargeError, match=r"message\.max\.bytes"):
            await log.append(TOPIC, ada(b"x" * 5000))
        for number in range(5):
            await log.append(TOPIC, ada(b"after %d" % number))

        assert await values(log) == [b"before", *(b"after %d" % number for number in range(5))]


@pytest.mark.servers
async def test_offsets_are_mirrored_for_lag_tools_and_never_read_back(kafka_bootstrap: str):
    settings, ledger = on(kafka_bootstrap), Ledger()
    group, place = f"{settings.topic_prefix}router.{TOPIC}", TopicPartition(settings.topic_prefix + TOPIC, HOME.number)
    async with KafkaLog(settings) as log:
        await log.append(TOPIC, ada(*[b"%d" % number for number in range(10)]))
        async with member_of(log, Member(ledger)):
            await ledger.until(lambda: len(ledger.effects) == 10)
        async with administrator(kafka_bootstrap) as client:
            mirrored = await client.list_consumer_group_offsets(group)
        tool = AIOKafkaConsumer(group_id=group, bootstrap_servers=kafka_bootstrap, enable_auto_commit=False)
        await tool.start()
        tool.assign([place])
        await tool.commit({place: 9})
        await tool.stop()
        ledger.positions[HOME] = Position(3, 5)
        again = Member(ledger)
        async with member_of(log, again):
            await ledger.until(lambda: len(ledger.effects) == 17)

    assert mirrored[place].offset == 10
    assert [batch.first for batch in again.seen] == [3]


@contextlib.asynccontextmanager
async def door(target: str, port: int) -> AsyncIterator[None]:
    """Lets connections to `port` through to `target`."""
    host, _, number = target.partition(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(number))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(through, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


@pytest.mark.servers
async def test_a_broker_that_comes_late_is_waited_for(kafka_bootstrap: str):
    (port,) = free_ports(1)
    ledger = Ledger()
    settings = on(f"127.0.0.1:{port}", append_timeout=1.0)
    async with KafkaLog(settings) as log, member_of(log, Member(ledger)):
        assert not await log.ready()
        with pytest.raises(LogUnavailableError):
            await log.append(TOPIC, ada(b"too early"))
        async with door(kafka_bootstrap, port):
            async with asyncio.timeout(60):
                while True:
                    with contextlib.suppress(LogUnavailableError):
                        await log.append(TOPIC, ada(b"welcome"))
                        break
            await ledger.until(lambda: b"welcome" in ledger.values())

            assert await log.ready()
        assert b"too early" not in ledger.values()


@pytest.mark.servers
@pytest.mark.faults
async def test_a_broker_killed_and_back_loses_nothing_acknowledged_and_members_go_on(tmp_path: Path):
    (port,) = free_ports(1)
    acknowledged: list[bytes] = []
    ledger, member = Ledger(), Member(Ledger())
    member.ledger = ledger
    going = True

    async def visitor(log: KafkaLog, name: bytes) -> None:
        number = 0
        while going:
            word = b"%s %d" % (name, number)
            with contextlib.suppress(LogUnavailableError):
                await log.append(TOPIC, [Message(name, word)])
                acknowledged.append(word)
            number += 1
            await ledger.tell()
            await asyncio.sleep(0)

    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(kafka(tmp_path / "k", print, port=port))
        log = await stack.enter_async_context(KafkaLog(on(broker.bootstrap, append_timeout=1.0)))
        subscription = log.subscribe("router", [TOPIC], member)
        running = asyncio.create_task(subscription.run())
        visitors = [asyncio.create_task(visitor(log, name)) for name in (b"ada", b"grace", b"mary")]
        await ledger.until(lambda: len(ledger.effects) > 50)
        os.kill(broker.pid, signal.SIGKILL)
        standing = len(acknowledged)
        async with kafka(tmp_path / "k", print, port=port):
            await ledger.until(lambda: len(acknowledged) > standing + 200, within=60)
            going = False
            await asyncio.gather(*visitors)
            await ledger.until(lambda: set(acknowledged) <= set(ledger.values()), within=60)

            assert settled(subscription.progress())
            subscription.stop()
            await running
            await log.__aexit__(None, None, None)
    offsets = [(where, offset) for where, offset, _ in ledger.effects]
    assert len(offsets) == len(set(offsets))
    assert len(set(ledger.values())) == len(ledger.values())
