"""What a batch costs to pack: every batch of this process goes out at LZ4's fast level, and reads as it was."""

from aiokafka.codec import lz4_decode, lz4_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from runtime.kafka_codec import compress_fast

LZ4_FRAME = b"\x04\x22\x4d\x18"
VALUES = [b'{"path":"/pricing","lead":"ada-%d","company":"acme"}' % number * 9 for number in range(40)]


def batch() -> bytes:
    builder = BatchBuilder(1_000_000, DefaultRecordBatch.CODEC_LZ4)
    for value in VALUES:
        assert builder.append(timestamp=None, key=b"ada", value=value, headers=[("source", b"acme")]) is not None
    return bytes(builder._build())


def test_a_batch_is_packed_at_the_fast_level_and_reads_as_it_was():
    compress_fast()
    packed = batch()
    payload = packed[packed.index(LZ4_FRAME) :]
    records = MemoryRecords(packed).next_batch()
    plain = lz4_decode(payload)

    assert records is not None
    assert records.validate_crc()
    assert [one.value for one in records] == VALUES
    assert payload == lz4_encode(plain, level=1) != lz4_encode(plain, level=9)
