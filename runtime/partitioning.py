"""Which partition a key belongs to, as Kafka's own clients decide it, and how large a record may be."""

import struct
from collections.abc import Sequence

from runtime.log import Message, RecordTooLargeError

RECORD_LIMIT = 1_000_000
"""Bytes of key, value and headers together. Kafka's default limit for a batch is 1 048 588 (`message.max.bytes`)."""

_MASK = 0xFFFFFFFF
_FACTOR = 0x5BD1E995
_SEED = 0x9747B28C
_WORDS_OF_A_KEY = 4
_four_words = struct.Struct("<4I").unpack_from


def partition_of(key: bytes, count: int) -> int:
    """The number of the partition, of `count`, where records with this key stand (KIP-480: positive murmur2)."""
    return (murmur2(key) & 0x7FFFFFFF) % count


def murmur2(data: bytes) -> int:
    """Austin Appleby's MurmurHash2, 32 bits unsigned, with the seed that Kafka's clients use."""
    hashed = _SEED ^ len(data)
    whole = len(data) // 4
    for word in _four_words(data) if whole == _WORDS_OF_A_KEY else struct.unpack_from(f"<{whole}I", data):
        mixed = (word * _FACTOR) & _MASK
        hashed = (hashed * _FACTOR ^ (mixed ^ (mixed >> 24)) * _FACTOR) & _MASK
    if rest := data[whole * 4 :]:
        hashed = ((hashed ^ int.from_bytes(rest, "little")) * _FACTOR) & _MASK
    hashed = ((hashed ^ (hashed >> 13)) * _FACTOR) & _MASK
    return hashed ^ (hashed >> 15)


def refuse_too_large(messages: Sequence[Message]) -> None:
    """Raises `RecordTooLargeError` if any of the messages would not fit."""
    for message in messages:
        size = len(message.key) + len(message.value)
        if message.headers:
            size += sum(len(name) + len(value) for name, value in message.headers.items())
        if size > RECORD_LIMIT:
            raise RecordTooLargeError(f"{size} bytes are more than the {RECORD_LIMIT} that a record may have")
