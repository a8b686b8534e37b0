"""The past, asked by commands: what was decided is what the log says, and what a playbook would have done."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop
from hypothesis import settings as hypothesis_settings

from runtime.settings import Settings
from schemas.event import Event
from tests.bench.embedded import through
from tests.bench.heart import heart
from tests.bench.traffic import Traffic

ROOT = Path(__file__).parents[2]
KEY = "a key of the tests"
pytestmark = pytest.mark.hypothesis  # it knows full counts
FULL = 1000
"""Examples of the profile that counts in full."""
EVENTS = 102_000
"""A tenth of them leave a verdict each: 10 000 in full counts."""


@dataclass(frozen=True)
class Past:
    """A data directory with everything that was decided in it, and how many verdicts that left."""

    data: Path

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Of the router's database, for changing it, too."""
        with sqlite3.connect(self.data / "state.db") as database:
            return database.execute(statement, values).fetchall()

    def asked(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Say a command in a process of its own, in another time zone and with other hashes than ours."""
        environment = {"PLAYCALLER_DATA": str(self.data), "PLAYCALLER_KEY_SECRET": KEY, "TZ": "Asia/Kathmandu"}
        return subprocess.run(
            [sys.executable, "-m", "playcaller", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "4711", "COLUMNS": "200", **environment},
        )


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A tenth of the events leave a verdict each: 10 000 of them in full counts, 400 else."""
    events = EVENTS if hypothesis_settings.default.max_examples >= FULL else 4_000
    data = tmp_path_factory.mktemp("past")

    async def decide() -> None:
        async with heart(Settings(data=data, key_secret=KEY)) as (handler, carriage):
            await through(handler, carriage, list(Traffic(10).events(events)))

    uvloop.run(decide())
    return Past(data)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """One with a snapshot in the middle, and nothing left of the batches before it; none of its verdicts either."""
    events = list(Traffic(11).events(EVENTS if hypothesis_settings.default.max_examples >= FULL else 4_000))
    made = Past(tmp_path_factory.mktemp("half"))

    async def decide(part: Sequence[Event]) -> None:
        async with heart(Settings(data=made.data, key_secret=KEY)) as (handler, carriage):
            await through(handler, carriage, part)

    uvloop.run(decide(events[: len(events) // 2]))
    done = made.asked("snapshot")
    assert done.returncode == 0, done.stdout + done.stderr
    uvloop.run(decide(events[len(events) // 2 :]))
    ((number,),) = made.rows("SELECT number FROM router_snapshot")
    made.rows("DELETE FROM router_batch WHERE number <= ?", number)
    made.rows("DELETE FROM router_verdict WHERE batch <= ?", number)
    return made


def test_every_receipt_behind_a_snapshot_comes_out_of_it_and_the_log(half: Past) -> None:
    ((count,),) = half.rows("SELECT count(*) FROM router_verdict")
    done = half.asked("audit")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "From the snapshot of " in done.stdout
    assert f"{count:,} verdicts, byte for byte what the log says" in done.stdout


def test_a_backtest_of_what_is_behind_a_snapshot_decides_the_same(half: Past) -> None:
    ((count,),) = half.rows("SELECT count(*) FROM router_verdict")
    done = half.asked("backtest")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {count:,} kept verdicts come out as they were." in done.stdout


def test_without_a_snapshot_half_a_past_is_refused(half: Past) -> None:
    ((number,),) = half.rows("SELECT number FROM router_snapshot")
    half.rows("UPDATE router_snapshot SET number = -1")
    done = half.asked("audit")
    half.rows("UPDATE router_snapshot SET number = ?", number)

    assert done.returncode == 1
    assert "`playcaller snapshot` one now" in " ".join((done.stdout + done.stderr).split())


def test_every_receipt_comes_out_of_the_log_byte_for_byte(past: Past) -> None:
    ((count,),) = past.rows("SELECT count(*) FROM router_verdict")
    done = past.asked("audit")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count:,} verdicts, byte for byte what the log says" in done.stdout


def test_one_receipt_that_was_touched_is_found(past: Past) -> None:
    held = "SELECT hex(lead), seq, receipt FROM router_verdict WHERE length(receipt) > 0 ORDER BY lead LIMIT 1"
    ((lead, seq, receipt),) = past.rows(held)
    change = "UPDATE router_verdict SET receipt = ? WHERE hex(lead) = ? AND seq = ?"
    assert isinstance(receipt, bytes)
    past.rows(change, receipt.replace(b"score", b"scare", 1), lead, seq)
    done = past.asked("audit")
    past.rows(change, receipt, lead, seq)

    assert done.returncode == 1
    assert "1 of " in done.stdout
    assert f"#{seq}: receipt" in done.stdout


def test_the_playbook_that_decided_would_decide_the_same(past: Past) -> None:
    ((count,),) = past.rows("SELECT count(*) FROM router_verdict")
    done = past.asked("backtest")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {count:,} kept verdicts come out as they were." in done.stdout


def test_who_came_is_told_with_the_play_that_is_for_them(past: Past) -> None:
    ((count,),) = past.rows("SELECT count(*) FROM router_handoff")
    done = past.asked("plays", "--days", "36500")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {count:,} have a play of their own." in done.stdout or f"of {count:,} (" in done.stdout
