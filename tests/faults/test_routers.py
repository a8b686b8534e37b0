"""Three routers, rebalanced every few seconds and killed: what they come to is what one comes to that never restarted."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from runtime.carriage import Carriage
from runtime.clock import SystemClock
from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.service import serve
from services.router.settings import RouterSettings
from tests.faults.evidence import undecided
from tests.faults.portrait import different
from tests.faults.promises import broken, misspoken
from tests.faults.reps import Reps
from tests.faults.retold import retold
from tests.faults.rotations import unfair
from tests.faults.routers import Fleet, House, a_fleet, a_house, takeovers
from tests.faults.state import State, state_of
from tests.faults.straw_team import straw_team
from tests.faults.stream import Stream, stream
from tests.migrated import administer, template_of

SOAK = os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak"
PEOPLE, SECONDS, KILL_EVERY, REBALANCE_EVERY = (430, 80.0, 10.0, 4.0) if SOAK else (30, 7.0, 3.0, 1.5)
PATIENCE = 240.0
"""Seconds: a busy machine may take its time, stuck routers may not."""
SEED = int(os.environ.get("PLAYCALLER_TEST_SEED", random.SystemRandom().randrange(10**6)))
_PIECES = 40
"""In so many pieces the stream comes in."""

pytestmark = [pytest.mark.faults, pytest.mark.servers]


@pytest.fixture
def migrations() -> str:
    """The router's tables stand in both databases already."""
    return PACKAGE


@pytest.fixture
async def another_postgres_url(fresh_postgres_url: str, postgres_url: str) -> AsyncIterator[str]:
    """The URL of a second database, for the router that never restarts."""
    url = make_url(fresh_postgres_url)
    name = f"{url.database}_alone"
    await administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{await template_of(postgres_url, PACKAGE)}"')
    yield url.set(database=name).render_as_string(hide_password=False)
    await administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass(frozen=True, slots=True)
class Run:
    """What some routers have made of a stream, and every promise that they broke."""

    state: State
    faults: Sequence[str]


async def test_three_routers_that_are_killed_and_rebalanced_come_to_what_one_comes_to(
    kafka_bootstrap: str, fresh_postgres_url: str, another_postgres_url: str, tmp_path: Path
) -> None:
    incoming, pages = stream(PEOPLE, SEED), straw_team(tmp_path / "playbook", copies=2)
    playbook = load(pages)
    async with asyncio.timeout(PATIENCE):
        async with a_house(tmp_path, kafka_bootstrap, fresh_postgres_url) as house:
            async with (
                a_fleet(house, pages, tmp_path, named=2 if SOAK else 3) as fleet,
                at_work(house, incoming) as reps,
            ):
                calm = await takeovers(house)
                await under_fire(fleet, incoming, tmp_path)
                await settled(house, reps, fleet)
                taken_over, crashes = await takeovers(house) - calm, [one.crashes() for one in fleet.routers]
            three = await run_of(house, incoming, playbook)
        async with a_house(tmp_path, kafka_bootstrap, another_postgres_url) as house:
            async with alone(house, pages), at_work(house, incoming) as reps:
                await house.take(incoming.arrivals)
                await settled(house, reps)
            one = await run_of(house, incoming, playbook)
    story = f"seed {SEED}, {len(incoming.arrivals)} records, killed {fleet.kills}, joined {fleet.guests}"
    print(f"{story}, {taken_over} takeovers, {len(three.state.handoffs)} handoffs")

    assert three.faults == [], "\n".join([story, *three.faults])
    assert one.faults == [], f"one router alone, {story}"
    assert different(incoming.people, three.state, one.state, playbook) == [], story
    assert crashes == [[], [], []], fleet.last_words()
    assert taken_over >= len(fleet.guests) > 0
    assert len(fleet.kills) >= 2
    assert len(three.state.open_handoffs()) > PEOPLE // 5


async def under_fire(fleet: Fleet, incoming: Stream, folder: Path) -> None:
    """The stream comes in at its pace; meanwhile somebody is killed, and somebody else joins and leaves a group."""
    chance, over = random.Random(SEED), asyncio.Event()

    async def kills() -> None:
        armed = False
        while not await _over(over, KILL_EVERY):
            await fleet.kill(chance, armed=armed)
            armed = not armed

    async def rebalances() -> None:
        count = 0
        while not await _over(over, REBALANCE_EVERY):
            count += 1
            await (fleet.joined(f"router-4-{count}", folder) if SOAK and count % 4 == 0 else fleet.visited(chance))

    async def traffic() -> None:
        size = -(-len(incoming.arrivals) // _PIECES)
        for first in range(0, len(incoming.arrivals), size):
            await fleet.house.take(incoming.arrivals[first : first + size])
            await asyncio.sleep(SECONDS / _PIECES)  # the pace of the traffic, not a wait for anything
        over.set()

    async with asyncio.TaskGroup() as tasks:
        for work in (kills, rebalances, traffic):
            tasks.create_task(work())


async def _over(over: asyncio.Event, seconds: float) -> bool:
    """Wait so long for the end; has it come?"""
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def at_work(house: House, incoming: Stream) -> AsyncIterator[Reps]:
    """Reps answer their cards while the block runs."""
    reps, done = Reps(house.log, incoming.people), asyncio.Event()
    working = asyncio.create_task(reps.work(done))
    try:
        yield reps
    finally:
        done.set()
        await working


@asynccontextmanager
async def alone(house: House, pages: Path) -> AsyncIterator[None]:
    """One router in this process, which is never killed and shares nothing out."""
    stop = asyncio.Event()
    carriage = Carriage(house.log, house.database, SystemClock(), stop, house.key)
    settings = RouterSettings(**{**house.settings.model_dump(), "playbook": pages})
    serving = asyncio.create_task(serve(carriage, settings))
    try:
        yield
    finally:
        stop.set()
        await serving


async def settled(house: House, reps: Reps, fleet: Fleet | None = None) -> None:
    """Look until every event is decided, and every answer to it. Raises `AssertionError` with what still waits."""
    waiting: Sequence[str] = []
    deadline, given = time.monotonic() + PATIENCE / 2, -1
    while waiting or given != reps.given:
        if time.monotonic() > deadline:
            words = fleet.last_words() if fleet else ""
            raise AssertionError(f"seed {SEED}: still under way: {'; '.join(waiting)}\n{words}")
        await asyncio.sleep(0.1)  # between two looks at the condition
        given, waiting = reps.given, await undecided(house.log, house.database)
        await reps.look()


async def run_of(house: House, incoming: Stream, playbook: Playbook) -> Run:
    """Read what they have come to, decide it all once more in their order, and hold it against what was promised."""
    state = await state_of(house.database)
    again = await retold(house.database, house.log, playbook, state)
    faults = [
        *broken(incoming, state, again),
        *unfair(again.turns, state, playbook),
        *await misspoken(house.log, state),
    ]
    return Run(state, faults)
