"""The past, asked by commands: what was decided is what the log says, and what a playbook would have done."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid5

import pytest
import uvloop
from hypothesis import settings as hypothesis_settings
from sqlalchemy import select

from runtime.database import Database
from runtime.log import Message
from runtime.settings import Settings
from schemas.event import Event
from schemas.fact import encode
from schemas.feedback import TriageChoice, TriageDecided
from schemas.topics import FEEDBACK
from services.router.adapters import codec, tables
from services.router.adapters.playbook_files import load
from services.router.domain.plays import fallback
from tests.bench.embedded import through, worked_off
from tests.bench.heart import heart
from tests.bench.traffic import Traffic
from tests.router.shell.building import a_whitepaper

ROOT = Path(__file__).parents[2]
KEY = "a key of the tests"
pytestmark = pytest.mark.hypothesis  # it knows full counts
FULL = hypothesis_settings.default.max_examples >= 1000
"""Whether this is the profile that counts in full."""
EVENTS, RECEIPTS = (104_000, 10_000) if FULL else (4_000, 300)
"""A tenth of the events leave a verdict each."""
BEFORE = 4_000 if FULL else 2_000
"""Events of which only a snapshot is left."""


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
    """Everything that was decided, from the first event on."""
    data = tmp_path_factory.mktemp("past")

    async def decide() -> None:
        made = list(Traffic(10).events(EVENTS))
        async with heart(Settings(data=data, key_secret=KEY)) as (handler, carriage):
            readers = [a_whitepaper(f"{who}@brunel.example", at=made[0].received_at) for who in ("grace", "joan")]
            await through(handler, carriage, [*made[: EVENTS // 2], *readers])
            await worked_off(handler, carriage, {FEEDBACK.name: await passed_by_a_person(carriage.database)})
            await through(handler, carriage, made[EVENTS // 2 :])

    uvloop.run(decide())
    return Past(data)


async def passed_by_a_person(database: Database) -> list[Message]:
    """Whoever waits in triage goes to sales, also where no rule held."""
    table, last = tables.TRIAGE, load(ROOT / "playbook").last_resort
    async with database.reading() as connection:
        rows = list(await connection.execute(select(table).where(table.c.open).order_by(table.c.id)))
    items = [codec.TRIAGE.decode(row.item) for row in rows]
    assert [item for item in items if not item.rules]
    acts = [
        TriageDecided(
            id=uuid5(item.id, "pass"), handoff=item.id, actor=last, at=item.opened_at, choice=TriageChoice.PASS
        )
        for item in items
    ]
    return [Message(act.handoff.bytes, encode(act), {"content-type": b"application/json"}) for act in acts]


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """One with a snapshot in it, and nothing left of the batches before that; none of their verdicts either."""
    events = list(Traffic(11).events(BEFORE + EVENTS))
    made = Past(tmp_path_factory.mktemp("half"))

    async def decide(part: Sequence[Event]) -> None:
        async with heart(Settings(data=made.data, key_secret=KEY)) as (handler, carriage):
            await through(handler, carriage, part)

    uvloop.run(decide(events[:BEFORE]))
    done = made.asked("snapshot")
    assert done.returncode == 0, done.stdout + done.stderr
    uvloop.run(decide(events[BEFORE:]))
    ((number,),) = made.rows("SELECT number FROM router_snapshot")
    made.rows("DELETE FROM router_batch WHERE number <= ?", number)
    made.rows("DELETE FROM router_verdict WHERE batch <= ?", number)
    return made


def test_every_receipt_behind_a_snapshot_comes_out_of_it_and_the_log(half: Past) -> None:
    ((count,),) = half.rows("SELECT count(*) FROM router_verdict")
    done = half.asked("audit")

    assert done.returncode == 0, done.stdout + done.stderr
    assert count >= RECEIPTS  # type: ignore[operator]  # a number, as SQL says
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

    assert count >= RECEIPTS  # type: ignore[operator]  # a number, as SQL says
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


def test_whom_a_person_passed_without_a_rule_has_a_play_for_what_brought_them(past: Past) -> None:
    held = [codec.HANDOFF.decode(row[0]) for row in past.rows("SELECT handoff FROM router_handoff")]  # type: ignore[arg-type]  # bytes, as the column says
    by_word = [one for one in held if one.trigger is not None]

    assert by_word
    assert [one for one in by_word if one.play == fallback(load(ROOT / "playbook")).name] == []


def test_who_came_is_told_with_the_play_that_is_for_them(past: Past) -> None:
    ((count,),) = past.rows("SELECT count(*) FROM router_handoff")
    done = past.asked("plays", "--days", "36500")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {count:,} have a play of their own." in done.stdout or f"of {count:,} (" in done.stdout
