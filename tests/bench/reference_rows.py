"""The limit of B3: the rows a durable router cannot do without, written by a program that decides nothing.

For each batch one transaction with `synchronous_commit=on`: the offset moves by compare-and-set, the rows of the leads
concerned are locked and read, written back from arrays, one narrow row an event goes in by COPY, and one event in fifty
leaves an outbox row. All rows are made before the clock starts.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

_TABLES = """
CREATE SCHEMA IF NOT EXISTS reference;
DROP TABLE IF EXISTS reference.lead, reference.verdict, reference.outbox, reference.place;
CREATE TABLE reference.lead (
    id bigint PRIMARY KEY, counts bytea NOT NULL, points double precision NOT NULL, turn bigint NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE reference.verdict (
    lead bigint, turn bigint, event uuid NOT NULL, at timestamptz NOT NULL, code smallint NOT NULL,
    PRIMARY KEY (lead, turn)
);
CREATE TABLE reference.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, key bytea NOT NULL, value bytea NOT NULL
);
CREATE TABLE reference.place (lane text, number int, next bigint NOT NULL, PRIMARY KEY (lane, number))
    WITH (fillfactor = 10);
INSERT INTO reference.place VALUES ('events', 0, 0);
"""
_CLAIM = "UPDATE reference.place SET next = $2 WHERE lane = 'events' AND number = 0 AND next = $1"
_LOCK = "SELECT id, counts, points, turn FROM reference.lead WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"
_WRITE = (
    "INSERT INTO reference.lead SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::float8[], $4::bigint[]) "
    "ON CONFLICT (id) DO UPDATE SET counts = excluded.counts, points = excluded.points, turn = excluded.turn"
)
_TELL = "INSERT INTO reference.outbox (topic, key, value) SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])"


@dataclass(frozen=True, slots=True)
class Work:
    """One batch's rows, as columns."""

    first: int
    next: int
    leads: tuple[list[int], list[bytes], list[float], list[int]]
    verdicts: list[tuple[int, int, UUID, datetime, int]]
    told: tuple[list[str], list[bytes], list[bytes]]


def prepared(events: int, batch: int, leads: int = 200_000, seed: int = 11) -> list[Work]:
    """The rows of so many events: nine in ten on rarely seen leads, the tenth on a small busy set."""
    chance, turns = random.Random(seed), dict[int, int]()
    busy, now = max(1, leads // 100), datetime.now(UTC)
    return [
        _batch(chance, turns, (first, min(batch, events - first)), (leads, busy), now)
        for first in range(0, events, batch)
    ]


def _batch(
    chance: random.Random, turns: dict[int, int], span: tuple[int, int], leads: tuple[int, int], now: datetime
) -> Work:
    first, count = span
    verdicts = []
    for _ in range(count):
        lead = chance.randrange(leads[1] if chance.random() < 0.1 else leads[0])
        turns[lead] = turns.get(lead, 0) + 1
        verdicts.append((lead, turns[lead], UUID(int=chance.getrandbits(128)), now, chance.randrange(8)))
    touched = sorted({verdict[0] for verdict in verdicts})
    said = count // 50
    return Work(
        first,
        first + count,
        (
            touched,
            [chance.randbytes(120) for _ in touched],
            [1.0 * turns[one] for one in touched],
            [turns[one] for one in touched],
        ),
        verdicts,
        (["plays"] * said, [chance.randbytes(16) for _ in range(said)], [chance.randbytes(1500) for _ in range(said)]),
    )


async def replay(url: str, work: Sequence[Work]) -> float:
    """Write it all into fresh tables of `url`'s database; events a second of wall-clock time."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await claim_tables(connection)
        began = time.perf_counter()
        for one in work:
            await write(connection, one)
        return work[-1].next / (time.perf_counter() - began)
    finally:
        await connection.close()


async def claim_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Fresh, empty tables in a schema of their own."""
    await connection.execute(_TABLES)


async def write(connection: "asyncpg.Connection[asyncpg.Record]", work: Work) -> None:
    """One batch's transaction. Raises `RuntimeError` where another owner moved the offset."""
    async with connection.transaction():
        if await connection.execute(_CLAIM, work.first, work.next) != "UPDATE 1":
            raise RuntimeError("somebody else works in the schema `reference`")
        await connection.fetch(_LOCK, work.leads[0])
        await connection.execute(_WRITE, *work.leads)
        await connection.copy_records_to_table("verdict", records=work.verdicts, schema_name="reference")
        await connection.execute(_TELL, *work.told)
