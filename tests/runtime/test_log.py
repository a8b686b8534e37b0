"""What every log promises, on SQLite and on a really running Apache Kafka."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from runtime.clock import SystemClock
from runtime.log import Log, LogUnavailableError, Message, OffsetLostError, Partition, Record, RecordTooLargeError
from runtime.opening import make_log
from runtime.partitioning import RECORD_LIMIT, partition_of
from runtime.settings import LogEngine, Settings
from tests.runtime.stopwatch import Stopwatch

TOPIC = "visits"


async def everything(log: Log, topic: str = TOPIC) -> list[Record]:
    """All records of a topic, partition by partition."""
    found: list[Record] = []
    for partition in await log.partitions(topic):
        first, end = await log.bounds(partition)
        while first < end:
            found += (some := await log.read(partition, first))
            first = some[-1].offset + 1
    return found


def numbered(key: bytes, count: int) -> list[Message]:
    return [Message(key, str(number).encode()) for number in range(count)]


async def test_what_was_appended_is_read_back_with_key_headers_and_time(log: Log):
    before = SystemClock().now()
    await log.append(TOPIC, [Message(b"ada", b'{"page": "/pricing"}', {"trace": b"\x00\xff", "source": b"website"})])
    after = SystemClock().now()

    (record,) = await everything(log)

    assert (record.key, record.value) == (b"ada", b'{"page": "/pricing"}')
    assert record.headers == {"trace": b"\x00\xff", "source": b"website"}
    assert before.timestamp() - 0.002 <= record.at.timestamp() <= after.timestamp() + 0.002


async def test_a_topic_has_the_partitions_of_the_settings(log: Log):
    assert await log.partitions(TOPIC) == [Partition(TOPIC, number) for number in range(4)]


async def test_equal_keys_stay_in_order_on_the_partition_that_kafkas_hash_names(log: Log):
    people = [b"ada", b"grace", b"mary", b"acme", uuid4().bytes, b""]
    for key in people:
        await log.append(TOPIC, numbered(key, 20))

    for key in people:
        records = [one for one in await everything(log) if one.key == key]

        assert [one.value for one in records] == [str(number).encode() for number in range(20)]
        assert {one.partition.number for one in records} == {partition_of(key, 4)}


async def test_offsets_are_dense_and_bounds_say_where_they_end(log: Log):
    await log.append(TOPIC, numbered(b"ada", 7))
    await log.append(TOPIC, numbered(b"ada", 5))
    home = Partition(TOPIC, partition_of(b"ada", 4))

    assert [one.offset for one in await log.read(home, 0)] == list(range(12))
    assert await log.bounds(home) == (0, 12)


async def test_reading_begins_inside_a_batch_and_ends_at_the_limit(log: Log):
    await log.append(TOPIC, numbered(b"ada", 50))
    home = Partition(TOPIC, partition_of(b"ada", 4))

    assert [one.offset for one in await log.read(home, 17, limit=3)] == [17, 18, 19]
    assert await log.read(home, 50) == []


async def test_many_tasks_appending_at_once_lose_and_double_nothing(log: Log):
    sent = [f"{number}".encode() for number in range(600)]
    await asyncio.gather(*(log.append(TOPIC, [Message(value[-2:], value)]) for value in sent))

    assert sorted(one.value for one in await everything(log)) == sorted(sent)


async def test_one_append_larger_than_a_batch_arrives_whole_and_in_order(log: Log):
    large = [Message(b"ada", str(number).encode().ljust(300_000, b".")) for number in range(12)]
    await log.append(TOPIC, large)

    assert [one.value for one in await everything(log)] == [one.value for one in large]


async def test_nothing_appended_is_nothing_to_wait_for(log: Log):
    await log.append(TOPIC, [])

    assert await everything(log) == []


async def test_a_record_at_the_limit_is_taken(log: Log):
    await log.append(TOPIC, [Message(b"ada", bytes(RECORD_LIMIT - 3))])

    (record,) = await everything(log)

    assert len(record.value) == RECORD_LIMIT - 3


async def test_a_record_over_the_limit_is_refused_before_anything_is_appended(log: Log):
    with pytest.raises(RecordTooLargeError, match="1000001"):
        await log.append(TOPIC, [Message(b"ada", b"small"), Message(b"ada", bytes(RECORD_LIMIT - 3), {"x": b""})])

    assert await everything(log) == []


async def test_reading_what_lies_beyond_the_beginning_is_a_loss_never_a_reset(
    log: Log, forget: Callable[[Log, Partition], "asyncio.Future[None]"]
):
    home = Partition(TOPIC, partition_of(b"ada", 4))
    await log.append(TOPIC, numbered(b"ada", 5))
    await forget(log, home)
    await log.append(TOPIC, [Message(b"ada", b"new")])

    with pytest.raises(OffsetLostError, match="begins at 5"):
        await log.read(home, 3)
    assert await log.bounds(home) == (5, 6)
    assert [one.value for one in await log.read(home, 5)] == [b"new"]


async def test_a_second_start_goes_on_where_the_first_stopped(log_settings: Settings):
    home = Partition(TOPIC, partition_of(b"ada", 4))
    for start in range(3):
        async with make_log(log_settings, SystemClock()) as log:
            await log.append(TOPIC, [Message(b"ada", f"start {start}".encode())])

    async with make_log(log_settings, SystemClock()) as log:
        assert [one.value for one in await log.read(home, 0)] == [b"start 0", b"start 1", b"start 2"]


async def test_a_log_that_is_reached_says_so(log: Log):
    await log.append(TOPIC, [Message(b"ada", b"hello")])

    assert await log.ready()


async def test_a_log_out_of_reach_refuses_within_its_patience_and_is_not_ready(
    log_engine: str, log_settings: Settings, unreachable: Callable[[Settings], Settings]
):
    async with make_log(unreachable(log_settings), SystemClock()) as log:
        async with Stopwatch() as watch:
            with pytest.raises(LogUnavailableError):
                await log.append(TOPIC, [Message(b"ada", b"lost?")])

        assert watch.taken < 1.5
        assert not await log.ready()


async def test_two_prefixes_are_two_logs(log: Log, log_settings: Settings):
    other = log_settings.model_copy(update={"topic_prefix": "other" + log_settings.topic_prefix})
    await log.append(TOPIC, [Message(b"ada", b"ours")])
    if log_settings.log_engine is LogEngine.SQLITE:
        other = other.model_copy(update={"data": log_settings.data / "other"})
    async with make_log(other, SystemClock()) as theirs:
        assert await everything(theirs) == []
