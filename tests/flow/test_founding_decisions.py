"""How the ring decides: clocks that start when somebody is asked, draws apart from verdicts, locks in one order."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.migrations import migrate
from schemas.handoff import HandoffState
from services.router.adapters import codec, tables
from services.router.domain.assignment import Rotation
from services.router.domain.business_time import add
from services.router.domain.deadlines import hours_of, level_of
from services.router.migrations import PACKAGE
from services.router.replay import replay
from tests.faults.evidence import gathered
from tests.flow.founding import Founding, eventually
from tests.flow.senders import Post, brought, consultation, identified, page, typeform, whitepaper
from tests.flow.shelves import handoffs, lead_of, rows, rulings
from tests.router.shell.ring import Hand

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ORDER = ("positions", "seen", "identifier", "standing", "account", "handoff", "flood")
"""Offset, de-duplication keys, identifiers, leads, accounts with their handoffs, flood counters."""
MADE = "seen"
"""Its rows are made: whoever makes one waits for a lock of ours (`_AT_THE_DOOR`), and holds no row of it before."""
_AT_THE_DOOR = f"""
CREATE FUNCTION at_the_door() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END';
CREATE TRIGGER at_the_door BEFORE INSERT ON router_{MADE} FOR EACH ROW EXECUTE FUNCTION at_the_door();
"""


async def test_clocks_do_not_start_at_now(founding: Founding) -> None:
    (book,) = founding.books.values()
    before = await founding.metric("offer_seconds_sum")
    async with founding.database_held():
        (event,) = await founding.take(consultation("outage", founding.clock.now(), email="ada@outage.example"))
        founding.clock.advance(2 * HOUR)
    (verdict,) = await founding.judged([event])
    (handoff,) = await handoffs(founding.database, (await lead_of(founding.database, "ada@outage.example")).id)
    (drawn,) = [row for row in await rows(founding.database, tables.ASSIGNMENT) if row.handoff == handoff.id]
    (card,) = [one for one in founding.witness.cards if one.handoff == handoff.id]
    hours, within = hours_of(handoff, book), level_of(handoff, book).accept_within

    assert handoff.offered_at is not None
    assert handoff.offered_at - event.received_at >= 2 * HOUR
    assert handoff.accept_by == add(hours, handoff.offered_at, within) == card.accept_by
    assert handoff.accept_by > founding.clock.now() > add(hours, event.received_at, within)
    assert codec.instant(drawn.at) == handoff.offered_at
    assert (verdict.at, handoff.received_at) == (event.received_at, event.received_at)
    assert await founding.metric("offer_seconds_sum") - before >= 7200
    assert (handoff.state, handoff.reminders) == (HandoffState.OFFERED, 0)
    assert [one.what for one in founding.witness.heard if one.kind == "timer" and one.handoff == handoff.id] == []


async def test_assignment_does_not_sit_in_the_batch(founding: Founding) -> None:
    now = founding.clock.now()
    people = [f"{number}@queue-{number}.example" for number in range(6)]
    async with drawing_held(founding):
        events = await founding.take(*(consultation(f"queue-{who}", now, email=who) for who in people))
        if founding.engine == "postgresql":
            await founding.witness.until(lambda: all(founding.witness.verdict_on(one.id) for one in events), seconds=60)
            waiting = [await handoffs(founding.database, (await lead_of(founding.database, who)).id) for who in people]
            assert [(one.state, one.team, one.assignee) for (one,) in waiting] == [
                (HandoffState.QUEUED, "inside_sales", "")
            ] * 6
    verdicts = await founding.judged(events)
    lanes = {row.number: row.lane for row in await rows(founding.database, tables.BATCH)}
    drawn = {row.handoff: row for row in await rows(founding.database, tables.ASSIGNMENT)}
    for verdict in verdicts:
        assert verdict.lead is not None
        (ruling,) = await rulings(founding.database, verdict.lead)
        (offered,) = await handoffs(founding.database, verdict.lead)
        draw = drawn[offered.id]

        assert (verdict.state, verdict.assignee) == ("queued", "")
        assert (lanes[ruling.batch], lanes[draw.batch]) == ("events.urgent", "assignment")
        assert draw.batch > ruling.batch
        assert (offered.state, offered.assignee) == (HandoffState.OFFERED, draw.rep)

    (owned,) = await founding.say(
        brought("owner", now, email="boss@globex.example", title="Chief Operating Officer", consultation="yes")
    )
    assert owned.lead is not None
    (theirs,) = await handoffs(founding.database, owned.lead)
    assert (theirs.wanted, theirs.assignee) == ("jonas", "jonas")


@asynccontextmanager
async def drawing_held(founding: Founding) -> AsyncIterator[None]:
    """While the block runs somebody else draws for inside sales. SQLite has one writer: there it is nobody."""
    if founding.engine == "sqlite":
        yield
        return
    never_drawn = codec.ROTATION.encode(Rotation())
    async with founding.postgres() as connection:
        row = "INSERT INTO router_rotation VALUES ('inside_sales', $1) ON CONFLICT DO NOTHING"
        await connection.execute(row, never_drawn)
        async with connection.transaction():
            held = "SELECT team FROM router_rotation WHERE team = 'inside_sales' FOR UPDATE"
            assert await connection.fetchval(held) == "inside_sales"
            yield


async def test_locks_are_taken_in_one_order(founding: Founding) -> None:
    now, email = founding.clock.now(), "ada@globex.example"
    await founding.say(consultation("locks", now, email=email))
    if founding.engine == "sqlite":
        told = await asyncio.to_thread(another_process, founding.settings.data)
        assert told.returncode != 0
        assert "Traceback" not in told.stderr
        assert str(founding.settings.data) in told.stderr
    else:
        async with founding.postgres() as connection:
            await connection.execute(_AT_THE_DOOR)
        for place, table in enumerate(ORDER):
            assert await held_before(founding, table, typeform(f"locks-{table}", now, email=email)) == set(
                ORDER[:place]
            ) - {MADE}
        async with founding.postgres() as connection:
            assert await deadlocks(connection) == 0
    await a_storm(founding)
    found = await gathered(founding.ring.log, founding.database)

    assert found.letters == []
    assert len({one.event for one in found.rulings}) == len(found.rulings)
    if founding.engine == "postgresql":
        async with founding.postgres() as connection:
            assert await deadlocks(connection) == 0


def another_process(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Somebody who wants to write beside the running ring."""
    return subprocess.run(
        [sys.executable, "-m", "playcaller", "dead-letters", "retry", "--data", str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={"PATH": "/usr/bin:/bin", "PLAYCALLER_TOPIC_PREFIX": "founding."},
    )


async def held_before(founding: Founding, table: str, post: Post) -> set[str]:
    """The tables of which a batch holds rows when it comes to one of which somebody else holds all."""
    async with founding.postgres() as connection, connection.transaction():
        rows = f"SELECT FROM router_{table} FOR UPDATE"
        await connection.execute("SELECT pg_advisory_xact_lock(7)" if table == MADE else rows)
        events = await founding.take(post)

        async def waits() -> bool:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            return bool(await connection.fetchval(f"{waiting} AND datname = current_database()"))

        await eventually(waits)
        found = {one for one in ORDER if one not in {MADE, table} and await somebody_holds(connection, one)}
    await founding.judged(events)
    return found


async def somebody_holds(connection: "asyncpg.Connection[Any]", table: str) -> bool:
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(f"SELECT FROM router_{table} FOR UPDATE NOWAIT")
    except asyncpg.LockNotAvailableError:
        return True
    finally:
        await attempt.rollback()
    return False


async def deadlocks(connection: "asyncpg.Connection[Any]") -> int:
    return int(await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


async def a_storm(founding: Founding) -> None:
    """Everything at once, on both lanes: few people, shared browsers and phones, in contrary orders."""
    now = founding.clock.now()
    posts: list[Post] = []
    for number in range(12):
        one, other = f"{number % 4}@storm.example", f"{(number + 1) % 4}@storm.example"
        phones = f"+44 20 7946 08{10 + number % 3}"
        posts += [
            typeform(f"storm-{number}", now, email=one, phone=phones),
            identified(f"storm-i-{number}", now, cookie=f"storm-{number % 3}", email=other),
            page(f"storm-p-{number}", "/pricing", now, cookie=f"storm-{number % 3}"),
            consultation(f"storm-c-{number}", now, email=other, phone=phones),
        ]
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = await asyncio.gather(*(founding.post(client, one) for one in [*posts, *posts[::-1]]))
    assert {one.status_code for one in answers} == {200}
    await founding.settled()


async def test_decisions_are_replayable(founding: Founding, tmp_path: Path) -> None:
    now, ada = founding.clock.now(), "ada@replay.example"
    await founding.say(
        page("replay-1", "/pricing", now, cookie="replay"),
        whitepaper("replay-2", now, cookie="replay", email=ada),
        consultation("replay-3", now, email=ada),
    )
    lead = await lead_of(founding.database, ada)
    (handoff,) = await handoffs(founding.database, lead.id)
    await founding.press(handoff.id, handoff.assignee, "accept")
    await founding.say(page("replay-4", "/customers/harbor-electric", now, cookie="replay"))
    lead = await lead_of(founding.database, ada)
    numbers = [one.seq for one in await rulings(founding.database, lead.id)]
    acts = [row.seq for row in await rows(founding.database, tables.ACT) if row.lead == lead.id]

    assert (await handoffs(founding.database, lead.id))[0].state is HandoffState.ACCEPTED
    assert sorted([*numbers, *acts]) == list(range(1, lead.standing.seq + 1))
    done = await again(founding, tmp_path / "again.db", founding.books)
    live = await rows(founding.database, tables.VERDICT)
    assert done.differences == []
    assert done.verdicts == len(live) >= 3
    assert done.draws >= 1
    assert {(row.playbook, row.lists) for row in live} <= founding.books.keys()

    stricter = {
        edition: replace(book, scoring=replace(book.scoring, threshold=book.scoring.threshold * 2))
        for edition, book in founding.books.items()
    }
    assert (await again(founding, tmp_path / "stricter.db", stricter)).differences != []


async def again(founding: Founding, file: Path, books: Any) -> Any:
    """The whole log decided once more, in an empty database of its own, while the ring goes on."""
    scratch = Database(f"sqlite+aiosqlite:///{file}")
    try:
        await migrate(scratch, PACKAGE)
        hand = Hand(scratch, founding.ring.log, founding.clock, next(iter(books.values())))
        return await replay(founding.database, founding.ring.log, hand.desk, books)
    finally:
        await scratch.close()
