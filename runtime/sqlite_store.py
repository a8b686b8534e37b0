"""The file under the SQLite log: segments of records, one row each, written and read by one thread at a time.

A group of appends becomes one segment a partition and one commit, which is on disk when it returns
(https://www.sqlite.org/pragma.html#pragma_synchronous: FULL in WAL mode syncs the log at every commit).
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from runtime.log import Message, Partition, Record, lost

Packed: TypeAlias = tuple[bytes, bytes, dict[str, bytes]]
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: "msgspec.msgpack.Decoder[list[Packed]]" = msgspec.msgpack.Decoder(list[Packed])
_SHIFT = 40
"""A segment's row id is its partition's id, shifted, plus its first offset: one b-tree, no second index."""
_MOST_SEGMENTS = 200

_SCHEMA = """
PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS partitions (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, number)
);
CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY, next INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
);
"""


class Kept(NamedTuple):
    """One partition as the file knows it."""

    id: int
    first: int
    next: int


class SqliteStore:
    """One connection to the file, for one thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.executescript(_SCHEMA)
        for pragma in ("synchronous=FULL", "secure_delete=ON", "wal_autocheckpoint=4000", "cache_size=-16000"):
            self._connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def partitions(self, topic: str) -> dict[int, Kept]:
        """A topic's partitions by number; nothing for an unknown topic."""
        rows = self._connection.execute("SELECT number, id, first, next FROM partitions WHERE topic = ?", (topic,))
        return {number: Kept(*rest) for number, *rest in rows}

    def create(self, topic: str, count: int) -> None:
        """Make the topic with `count` partitions, unless somebody has."""
        self._connection.execute("BEGIN IMMEDIATE")
        known = self.partitions(topic)
        rows = [(topic, number) for number in range(count)] if not known else []
        self._connection.executemany("INSERT INTO partitions (topic, number) VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def kept(self, partition: int) -> Kept:
        """What stands in one partition, by id."""
        row = self._connection.execute("SELECT id, first, next FROM partitions WHERE id = ?", (partition,)).fetchone()
        return Kept(*row)

    def append(self, group: Mapping[int, Sequence[Message]], at: datetime) -> dict[int, int]:
        """Append to each partition (by id) its messages; gives the new ends. On disk on return: all of it, or none."""
        execute = self._connection.execute
        moment = _milliseconds(at)
        packed = {
            partition: (len(messages), _ENCODER.encode([(m.key, m.value, m.headers) for m in messages]))
            for partition, messages in group.items()
        }
        ends = {}
        execute("BEGIN IMMEDIATE")
        try:
            for partition, (count, body) in packed.items():
                moved = "UPDATE partitions SET next = next + ? WHERE id = ? RETURNING next"
                ((end,),) = execute(moved, (count, partition)).fetchall()
                ends[partition] = end
                row = (partition << _SHIFT | end - count, end, moment, body)
                execute("INSERT INTO segments (id, next, at, body) VALUES (?, ?, ?, ?)", row)
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        return ends

    def read(self, identifier: int, partition: Partition, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on. Raises `OffsetLostError` if they are no longer held."""
        base = identifier << _SHIFT
        start = "SELECT coalesce(max(id), :wanted) FROM segments WHERE id BETWEEN :base AND :wanted"
        rows = self._connection.execute(
            f"SELECT id, at, body FROM segments WHERE id >= ({start}) AND id < :end ORDER BY id LIMIT {_MOST_SEGMENTS}",  # noqa: S608  (constants)
            {"base": base, "wanted": base + offset, "end": identifier + 1 << _SHIFT},
        )
        found: list[Record] = []
        for row, at, body in rows:
            first = row - base
            moment = datetime.fromtimestamp(at / 1000, UTC)
            records = _DECODER.decode(body)
            skipped = max(0, offset - first)
            wanted = records[skipped : skipped + limit - len(found)]
            found += [
                Record(partition, number, moment, key, value, headers)
                for number, (key, value, headers) in enumerate(wanted, first + skipped)
            ]
            if len(found) >= limit:
                break
        if not found or found[0].offset != offset:
            held = self.kept(identifier)
            if offset < held.first:
                raise lost(partition, offset, held.first, held.next)
        return found

    def trim(self, before: datetime) -> int:
        """Forget whole segments older than `before`; how many."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            gone = execute("DELETE FROM segments WHERE at < ? RETURNING id, next", (_milliseconds(before),)).fetchall()
            for identifier, end in gone:
                forget = "UPDATE partitions SET first = max(first, ?) WHERE id = ?"
                execute(forget, (end, identifier >> _SHIFT))
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        if gone:
            execute("PRAGMA incremental_vacuum").fetchall()
            execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # the erased do not live on in the write-ahead log
        return len(gone)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
