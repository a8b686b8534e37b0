"""Keys go where Kafka's own clients send them; patience is shared and kept."""

import asyncio

import pytest
from aiokafka.partitioner import murmur2 as kafkas_murmur2
from hypothesis import given
from hypothesis import strategies as st

from runtime.deadlines import Deadlines
from runtime.log import Message, RecordTooLargeError
from runtime.partitioning import RECORD_LIMIT, murmur2, partition_of, refuse_too_large


@given(st.binary(max_size=70))
def test_the_hash_is_kafkas(key: bytes):
    assert murmur2(key) == kafkas_murmur2(key)


@given(st.binary(max_size=30), st.integers(1, 200))
def test_every_key_has_a_partition(key: bytes, count: int):
    assert 0 <= partition_of(key, count) < count


@given(st.integers(0, 40), st.integers(0, 40))
def test_key_value_and_headers_count_together(key: int, header: int):
    rest = RECORD_LIMIT - key - header - 1
    refuse_too_large([Message(bytes(key), bytes(rest), {"h": bytes(header)})])
    with pytest.raises(RecordTooLargeError):
        refuse_too_large([Message(bytes(key), bytes(rest + 1), {"h": bytes(header)})])


async def test_a_promise_kept_in_time_is_kept():
    deadlines = Deadlines(0.05, TimeoutError)
    promise = deadlines.promise()
    promise.set_result(None)
    late = deadlines.promise()

    with pytest.raises(TimeoutError):
        await late
    assert promise.result() is None
    deadlines.close()


async def test_closing_fails_what_still_waits():
    deadlines = Deadlines(60, TimeoutError)
    promise = deadlines.promise()
    deadlines.close()

    with pytest.raises(TimeoutError):
        await promise


async def test_a_promise_lasts_as_long_as_it_should_even_after_a_quiet_time():
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(0.1, TimeoutError)
    deadlines.promise().set_result(None)
    with pytest.raises(TimeoutError):
        await deadlines.promise()
    began = loop.time()
    with pytest.raises(TimeoutError):
        await deadlines.promise()

    assert 0.09 < loop.time() - began < 1
