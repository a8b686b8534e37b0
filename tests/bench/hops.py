"""The limit of B6: one hop over the bare log and one bare transaction for one event, twice each, nothing decided."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from statistics import median
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.bench.reference_rows import claim_tables, prepared, write

_SENT_EVERY = 0.005
"""Seconds: 200 a second, as in the measure itself."""


async def floor_ms(bootstrap: str, database_url: str, samples: int = 400) -> float:
    """Two single hops and two single-event transactions, in milliseconds, each by its median."""
    return 2 * (await hop_ms(bootstrap, samples) + await commit_ms(database_url, samples))


async def hop_ms(bootstrap: str, samples: int) -> float:
    """One record from an idempotent, fully acknowledged send to a consumer's `getmany`: the median in milliseconds."""
    topic = f"bench-hop-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    arrived: dict[int, float] = {}
    reading = asyncio.create_task(_read(consumer, arrived, samples))
    try:
        sent = await _send(producer, topic, samples)
        await reading
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await consumer.stop()
        await producer.stop()
        await admin.delete_topics([topic])
        await admin.close()
    return median(arrived[number] - sent[number] for number in range(samples)) * 1000


async def _send(producer: AIOKafkaProducer, topic: str, samples: int) -> Sequence[float]:
    sent, under_way, began = [], [], time.perf_counter()
    for number in range(samples):
        await asyncio.sleep(max(0.0, began + number * _SENT_EVERY - time.perf_counter()))
        sent.append(time.perf_counter())
        under_way.append(await producer.send(topic, number.to_bytes(4) + bytes(700)))
    await asyncio.gather(*under_way)
    return sent


async def _read(consumer: AIOKafkaConsumer, arrived: dict[int, float], samples: int) -> None:
    while len(arrived) < samples:
        found = await consumer.getmany(timeout_ms=1000)
        now = time.perf_counter()
        arrived |= {int.from_bytes(record.value[:4]): now for records in found.values() for record in records}


async def commit_ms(database_url: str, samples: int) -> float:
    """One event's durable transaction, as in the reference router, at the same pace: the median in milliseconds."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    took: list[float] = []
    try:
        await claim_tables(connection)
        start = time.perf_counter()
        for work in prepared(samples, 1):
            await asyncio.sleep(max(0.0, start + len(took) * _SENT_EVERY - time.perf_counter()))
            began = time.perf_counter()
            await write(connection, work)
            took.append(time.perf_counter() - began)
    finally:
        await connection.close()
    return median(took) * 1000
