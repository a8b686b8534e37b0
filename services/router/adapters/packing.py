"""Rows of a table as compressed bytes and back, in buckets by their lead, a few at a time."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, Uuid

BUCKETS = 256
_AT_ONCE = 200
_LENGTH = 4
_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER = msgspec.msgpack.Decoder(list[list[Any]])

Values = Mapping[str, Any]
"""A row: column → value."""


def bucket_of(lead: UUID) -> int:
    """In which bucket a lead's rows stand: ids are hashes, so all are equally full."""
    return lead.bytes[-1]


class Bucket:
    """Rows on their way into one part. What is held is compressed, but for the last few."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._waiting: list[list[Any]] = []
        self._packer, self._packed = zlib.compressobj(6), bytearray()
        self._write([[str(name) for name in columns]])

    def add(self, values: Sequence[Any]) -> None:
        """One more row, its values in the order of the columns."""
        self._waiting.append(list(values))
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def bytes(self) -> bytes:
        """The part. Nothing can be added any more."""
        self._flush()
        return bytes(self._packed + self._packer.flush())

    def _flush(self) -> None:
        if self._waiting:
            self._write(self._waiting)
            self._waiting = []

    def _write(self, rows: list[list[Any]]) -> None:
        packed = _ENCODER.encode(rows)
        self._packed += self._packer.compress(len(packed).to_bytes(_LENGTH, "big") + packed)


def packed(columns: Sequence[str], rows: Iterable[Values]) -> bytes:
    """These rows as one part."""
    bucket = Bucket(columns)
    for row in rows:
        bucket.add([row[name] for name in columns])
    return bucket.bytes()


def unpacked(part: bytes, table: Table) -> Iterator[dict[str, Any]]:
    """The rows in a part of this table, by the names of the columns they had then. Raises `zlib.error`."""
    plain = memoryview(zlib.decompress(part))
    ids = {column.name for column in table.columns if isinstance(column.type, Uuid)}
    columns: list[str] = []
    while plain:
        length = int.from_bytes(plain[:_LENGTH], "big")
        rows = _DECODER.decode(plain[_LENGTH : _LENGTH + length])
        plain = plain[_LENGTH + length :]
        if not columns:
            (columns,), rows = rows, []
        for row in rows:
            yield {
                name: UUID(bytes=value) if name in ids and value is not None else value
                for name, value in zip(columns, row, strict=True)
            }
