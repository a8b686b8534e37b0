"""What only the SQLite log promises: one writer, many readers, nothing acknowledged lost to a kill."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.clock import ManualClock, SystemClock
from runtime.log import LogUnavailableError, Message, Partition
from runtime.partitioning import partition_of
from runtime.sqlite_log import SqliteLog
from tests.runtime.ledger import Ledger, Member

ROOT = Path(__file__).parents[2]
HOME = Partition("visits", partition_of(b"ada", 4))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

WRITER = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from runtime.clock import SystemClock
    from runtime.log import Message
    from runtime.sqlite_log import SqliteLog

    async def person(log, name):
        number = 0
        while True:
            words = [f"{name} {number} {part}".encode() for part in range(3)]
            await log.append("visits", [Message(name.encode(), word) for word in words])
            print(f"{name} {number}", flush=True)
            number += 1

    async def main():
        async with SqliteLog(Path(sys.argv[1]), partitions=4, clock=SystemClock()) as log:
            await asyncio.gather(*(person(log, name) for name in ("ada", "grace", "mary", "joan")))

    asyncio.run(main())
""")


def writer(path: Path) -> "subprocess.Popen[str]":
    """Another process, which appends for ever and prints what was acknowledged."""
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True)


def acknowledged(process: "subprocess.Popen[str]", count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def files_with(folder: Path, words: bytes) -> list[Path]:
    return [file for file in folder.iterdir() if words in file.read_bytes()]


async def everything(log: SqliteLog) -> list[str]:
    found = []
    for partition in await log.partitions("visits"):
        first, end = await log.bounds(partition)
        while first < end:
            some = await log.read(partition, first)
            found += [one.value.decode() for one in some]
            first = some[-1].offset + 1
    return found


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=ManualClock(NOON)) as opened:
        yield opened


@pytest.mark.faults
@pytest.mark.parametrize("patience", [1, 40, 200])
async def test_after_a_kill_everything_acknowledged_stands_once_and_nothing_in_halves(tmp_path: Path, patience: int):
    path = tmp_path / "log.db"
    process = writer(path)
    said = acknowledged(process, patience)
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    said += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]

    async with SqliteLog(path, partitions=4, clock=SystemClock()) as log:
        found = await everything(log)
        promised = {f"{line.strip()} {part}" for line in said for part in range(3)}

        assert promised <= set(found)
        assert len(found) == len(set(found))
        assert len(found) % 3 == 0
        await log.append("visits", [Message(b"ada", b"and on it goes")])


@pytest.mark.whole
async def test_another_process_may_read_while_one_writes(tmp_path: Path):
    process = writer(tmp_path / "log.db")
    try:
        said = acknowledged(process, 20)
        async with SqliteLog(tmp_path / "log.db", partitions=4, clock=SystemClock()) as log:
            assert {f"{line} 0" for line in said} <= set(await everything(log))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.whole
async def test_a_subscriber_in_another_process_hears_what_is_appended_later(tmp_path: Path):
    path = tmp_path / "log.db"
    ledger = Ledger()
    async with SqliteLog(path, partitions=4, clock=SystemClock()) as reader:
        subscription = reader.subscribe("console", ["visits"], Member(ledger))
        running = asyncio.create_task(subscription.run())
        await ledger.until(lambda: len(ledger.positions) == 4)
        process = writer(path)
        said = acknowledged(process, 5)
        process.kill()
        process.communicate()
        await ledger.until(lambda: {f"{line} 2".encode() for line in said} <= set(ledger.values()))
        subscription.stop()
        await running


@pytest.mark.whole
async def test_the_second_writer_is_refused_and_told_who_the_first_is(tmp_path: Path):
    process = writer(tmp_path / "log.db")
    try:
        acknowledged(process, 1)
        async with SqliteLog(tmp_path / "log.db", partitions=4, clock=SystemClock()) as log:
            with pytest.raises(LogUnavailableError, match=f"in use by process {process.pid} "):
                await log.append("visits", [Message(b"ada", b"me too")])
            assert not await log.ready()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.whole
async def test_a_killed_writer_leaves_no_lock(tmp_path: Path):
    process = writer(tmp_path / "log.db")
    acknowledged(process, 1)
    process.kill()
    process.communicate()
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=SystemClock()) as log:
        await log.append("visits", [Message(b"ada", b"my turn")])

        assert await log.ready()


async def test_a_topic_keeps_the_partitions_it_was_made_with(tmp_path: Path):
    for wanted in (4, 16):
        async with SqliteLog(tmp_path / "log.db", partitions=wanted, clock=SystemClock()) as log:
            assert len(await log.partitions("visits")) == 4


async def test_retention_forgets_what_is_old_and_only_that(tmp_path: Path):
    clock = ManualClock(NOON)
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=clock) as log:
        await log.append("visits", [Message(b"ada", b"old")])
        clock.advance(timedelta(days=29))
        await log.append("visits", [Message(b"ada", b"young")])
        clock.advance(timedelta(days=2))

        assert await log.trim(timedelta(days=30)) == 1
        assert await log.bounds(HOME) == (1, 2)
        assert [one.value for one in await log.read(HOME, 1)] == [b"young"]


async def test_what_was_forgotten_is_not_on_the_disk_any_more(tmp_path: Path):
    clock = ManualClock(NOON)
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=clock) as log:
        await log.append("visits", [Message(b"ada", b"ada@acme.example")])
        clock.advance(timedelta(days=31))
        await log.trim(timedelta(days=30))

        assert not files_with(tmp_path, b"ada@acme.example")


async def test_retention_runs_by_itself(tmp_path: Path):
    clock = ManualClock(NOON)
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=clock) as log:
        await log.append("visits", [Message(b"ada", b"old")])
    clock.advance(timedelta(days=31))
    async with SqliteLog(tmp_path / "log.db", partitions=4, clock=clock, retention=timedelta(days=30)) as log:
        async with asyncio.timeout(60):
            while await log.bounds(HOME) != (1, 1):  # noqa: ASYNC110  (asking is what gives way)
                await asyncio.sleep(0)


async def test_a_trimmed_and_empty_partition_goes_on_counting(log: SqliteLog):
    await log.append("visits", [Message(b"ada", b"one"), Message(b"ada", b"two")])
    await log.trim(timedelta(seconds=-1))
    await log.append("visits", [Message(b"ada", b"three")])

    assert [one.offset for one in await log.read(HOME, 2)] == [2]


async def test_the_time_of_a_record_is_the_clocks(log: SqliteLog):
    await log.append("visits", [Message(b"ada", b"noon")])
    (record,) = await log.read(HOME, 0)

    assert record.at == NOON


async def test_a_full_disk_refuses_honestly(log: SqliteLog):
    await log.append("visits", [Message(b"ada", b"fits")])
    connection = log._stores["write"]._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LogUnavailableError, match="full"):
        await log.append("visits", [Message(b"ada", bytes(500_000))])

    connection.execute("PRAGMA max_page_count = 1000000")
    await log.append("visits", [Message(b"ada", b"again")])
    assert [one.value for one in await log.read(HOME, 0)] == [b"fits", b"again"]


async def test_every_commit_is_synced_to_the_disk(log: SqliteLog):
    execute = log._stores["write"]._connection.execute

    assert execute("PRAGMA synchronous").fetchone() == (2,), "FULL: a commit is on disk when it returns"
    assert execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_whole_crowd_shares_few_commits(log: SqliteLog):
    store = log._stores["write"]
    commits = []
    store._connection.set_trace_callback(lambda line: commits.append(line) if line.startswith("COMMIT") else None)
    await asyncio.gather(*(log.append("visits", [Message(b"ada", b"x")]) for _ in range(500)))

    assert len(commits) <= 5
