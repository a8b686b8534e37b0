"""What another batch does between a batch's look and its lock: who is only looked at is guarded like who is written."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, Partition
from runtime.migrations import migrate
from schemas.event import EventType, Mark
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK
from services.router.adapters import codec, tables
from services.router.adapters.ask import Filled, size
from services.router.applying import More, apply
from services.router.consumer import Consumer
from services.router.domain.business_time import add
from services.router.domain.deadlines import hours_of, level_of
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.offering import Offering
from services.router.replay import replay
from tests.router.shell.building import a_consultation, an_accept, an_erasure, an_event
from tests.router.shell.ring import Hand

COOKIE, ADA = "web:ada-laptop", "ada@acme.example"
BEHAVIOUR, URGENT = Partition(EVENTS_BEHAVIOUR.name, 0), Partition(EVENTS_URGENT.name, 0)


class Interrupted:
    """A state that lets something happen once, before rows of one table are first locked, created or numbered."""

    def __init__(self, state: Any, call: str, table: Any, happens: Callable[[], Awaitable[None]]) -> None:
        self._state, self._call, self._table, self._happens = state, call, table, happens
        self._over = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def lock(self, connection: Any, table: Any, keys: Any, **named: Any) -> Any:
        await self._now("lock", table)
        return await self._state.lock(connection, table, keys, **named)

    async def ask(self, connection: Any, *asks: Any) -> Any:
        for one in asks:
            if not isinstance(one, Filled) and size(one):
                await self._now(type(one).__name__.lower(), one.table)
        return await self._state.ask(connection, *asks)

    async def _now(self, call: str, table: Any) -> None:
        if (call, table) == (self._call, self._table) and not self._over:
            self._over = True
            await self._happens()


def interrupted(hand: Hand, call: str, table: Any, happens: Callable[[], Awaitable[None]]) -> None:
    hand.desk = replace(hand.desk, state=Interrupted(hand.desk.state, call, table, happens))
    hand.offering = Offering(hand.desk)
    hand.consumer = Consumer(hand.desk, hand.offering)


async def differences(hand: Hand, folder: Path) -> list[str]:
    """Where a replay comes to something else."""
    database = Database(f"sqlite+aiosqlite:///{folder}/again.db")
    await migrate(database, PACKAGE)
    again = Hand(database, hand.log, hand.clock, hand.desk.shelf.current)
    done = await replay(hand.database, hand.log, again.desk, hand.desk.shelf.books)
    await database.close()
    return done.differences


@pytest.fixture
async def two(house: Database, log: Log, clock: ManualClock, playbook: Playbook) -> tuple[Hand, Hand]:
    """Two processes: the first has a machine's page view before it, the second the form by which Ada is known."""
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    marked = an_event(EventType.PAGE_VIEWED, cookie=COOKIE, marks=(Mark.BOT,), properties={"path": "/pricing"})
    await one.append(marked, a_consultation(ADA, cookie=COOKIE))
    return one, other


async def test_who_asks_to_be_forgotten_while_their_first_form_is_counted_is_forgotten(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    form = a_consultation(ADA, cookie=COOKIE)
    await one.append(form, an_erasure(ADA, form.received_at + timedelta(minutes=1)))
    meanwhile: list[asyncio.Task[None]] = []

    async def she_asks() -> None:
        meanwhile.append(asyncio.create_task(handled(other, Partition(FEEDBACK.name, 0))))
        if one.desk.state.waits:
            await meanwhile[0]

    interrupted(one, "create", tables.IDENTIFIER, she_asks)
    await handled(one, URGENT)
    await asyncio.gather(*meanwhile)

    assert [row.value for row in await one.rows(tables.IDENTIFIER)] == []
    assert await one.handoffs() == []


async def test_what_is_taken_back_while_its_person_is_met_for_the_first_time_counts_nothing(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook, tmp_path: Path
) -> None:
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    form = an_event(EventType.FORM_SUBMITTED, email=ADA, name="Whitepaper")
    await one.append(form, an_event(EventType.RETRACTED, email=ADA, source="hubspot", corrects=form.id))
    meanwhile: list[asyncio.Task[None]] = []

    async def a_system_takes_it_back() -> None:
        meanwhile.append(asyncio.create_task(handled(other, BEHAVIOUR)))
        if one.desk.state.waits:
            await meanwhile[0]

    interrupted(one, "create", tables.IDENTIFIER, a_system_takes_it_back)
    await handled(one, URGENT)
    await asyncio.gather(*meanwhile)
    dossiers = [codec.DOSSIER.decode(row.dossier) for row in await one.rows(tables.IDENTIFIER)]

    assert [dossier.counts for dossier in dossiers if dossier.counts] == []
    assert await differences(one, tmp_path) == []


async def test_two_who_open_the_first_plays_of_a_company_side_by_side_are_numbered_as_they_saw_it(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook, tmp_path: Path
) -> None:
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    colleague = an_event(EventType.TRACKED, email="grace@bolt.example", claims={"consultation": "yes"})
    await one.append(a_consultation("joan@bolt.example"), colleague)
    meanwhile: list[asyncio.Task[None]] = []

    async def taken_on() -> None:
        await handled(other, BEHAVIOUR)
        (handoff,) = [each for each in await other.handoffs() if each.brief.email == "grace@bolt.example"]
        await other.append(an_accept(handoff.id, handoff.assignee))
        await handled(other, Partition(FEEDBACK.name, 0))

    async def a_colleague_is_taken_on() -> None:
        meanwhile.append(asyncio.create_task(taken_on()))
        if one.desk.state.waits:
            await meanwhile[0]

    interrupted(one, "create", tables.IDENTIFIER, a_colleague_is_taken_on)
    await handled(one, URGENT)
    await asyncio.gather(*meanwhile)

    assert await differences(one, tmp_path) == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_playbook_that_comes_while_a_draw_is_numbered_decides_from_the_next_one_on(
    hand: Hand, playbook: Playbook, *, at_once: bool
) -> None:
    teams = {name: replace(team, service={}) for name, team in playbook.teams.items()}
    newer = replace(playbook, version=f"after {playbook.version}", teams=teams)

    async def it_comes() -> None:
        hand.desk.shelf.put(newer)

    await hand.feed(a_consultation("grace@bolt.example"))  # from now on the team has a row, which can be held
    await hand.append(a_consultation("joan@rivet.example"))
    batch = await hand.batch(URGENT)
    assert batch is not None
    if not at_once:  # somebody else of this process draws just now
        await hand.desk.drawing.acquire()
        await apply(hand.desk, batch, {}, More())
        hand.desk.drawing.release()
    interrupted(hand, "number", tables.BATCH, it_comes)
    await (hand.handle(batch) if at_once else hand.offering.sweep())
    numbered = {row.number: row.playbook for row in await hand.rows(tables.BATCH)}
    drawn = [(numbered[row.batch], row.playbook) for row in await hand.rows(tables.ASSIGNMENT)]
    dues = [(one.accept_by, hours_of(one, playbook), level_of(one, playbook)) for one in await hand.handoffs()]

    assert hand.desk.shelf.current is newer
    assert drawn == [(playbook.version, playbook.version)] * 2
    assert [due for due, *_ in dues] == [add(hours, hand.clock.now(), level.accept_within) for _, hours, level in dues]


async def handled(hand: Hand, partition: Partition) -> None:
    batch = await hand.batch(partition)
    assert batch is not None
    await hand.handle(batch)


@pytest.mark.parametrize(("call", "table"), [("lock", tables.IDENTIFIER), ("number", tables.BATCH)])
async def test_who_becomes_known_between_the_look_and_the_end_is_seen_by_a_batch_that_writes_nothing(
    two: tuple[Hand, Hand], tmp_path: Path, call: str, table: Any
) -> None:
    one, other = two
    meanwhile: list[asyncio.Task[None]] = []

    async def the_form_comes() -> None:
        meanwhile.append(asyncio.create_task(handled(other, URGENT)))
        if one.desk.state.waits and call == "lock":  # else it waits for this batch, as long as that holds its locks
            await meanwhile[0]

    interrupted(one, call, table, the_form_comes)
    await handled(one, BEHAVIOUR)
    await asyncio.gather(*meanwhile)
    lanes = [row.lane for row in await one.rows(tables.BATCH) if row.lane in {BEHAVIOUR.topic, URGENT.topic}]
    of_ada = [row.outcome for row in await one.rows(tables.VERDICT)]

    assert await differences(one, tmp_path) == []
    assert of_ada == (["pass", "ignore"] if lanes[0] == URGENT.topic else ["pass"])


@pytest.mark.parametrize(("call", "table"), [("create", tables.IDENTIFIER), ("number", tables.BATCH)])
async def test_who_becomes_known_by_a_batch_under_way_is_waited_for_or_comes_later(
    two: tuple[Hand, Hand], tmp_path: Path, call: str, table: Any
) -> None:
    one, other = two
    meanwhile: list[asyncio.Task[None]] = []

    async def the_machine_comes() -> None:
        meanwhile.append(asyncio.create_task(handled(one, BEHAVIOUR)))
        if other.desk.state.waits and call == "create":  # nothing is in its way yet
            await meanwhile[0]

    interrupted(other, call, table, the_machine_comes)
    await handled(other, URGENT)
    await asyncio.gather(*meanwhile)

    assert await differences(one, tmp_path) == []
    assert len(await one.rows(tables.IDENTIFIER)) == 2
