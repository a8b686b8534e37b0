"""Three routers, killed and rebalanced every few seconds, come to what one router comes to that never restarted."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from runtime.carriage import Carriage
from runtime.clock import SystemClock
from schemas.handoff import HandoffState
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
PEOPLE, SECONDS, KILL_EVERY, REBALANCE_EVERY = (430, 80.0, 10.0, 4.0) if SOAK else (30, 5.0, 2.0, 1.2)
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
    records: int
    kills: Sequence[str] = ()
    guests: Sequence[str] = ()
    takeovers: int = 0
    crashes: Sequence[str] = ()
    """The last words of routers that ended by themselves, which none ever should."""

    @property
    def story(self) -> str:
        """What was done to them, so that it can be done again (`PLAYCALLER_TEST_SEED`)."""
        merged = sum(one.state is HandoffState.MERGED for one in self.state.handoffs.values())
        return (
            f"seed {SEED}: {PEOPLE} people, {self.records} records, {len(self.state.rulings)} kept verdicts, "
            f"{len(self.state.handoffs)} handoffs ({merged} merged), {len(self.state.drawings)} draws; killed: "
            f"{', '.join(self.kills)}; joined and left: {', '.join(self.guests)}; {self.takeovers} takeovers"
        )


async def test_three_routers_that_are_killed_and_rebalanced_come_to_what_one_comes_to(
    kafka_bootstrap: str,
    fresh_postgres_url: str,
    another_postgres_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The same records, by two ways.

    Once by three routers under fire. What they come to is decided once more by the pure core in the order of their
    batches, and equals it to the byte: whatever hangs on the order is what one process would have done in that order.
    Once by one router that is left in peace, in an order of its own: what no order may change (`portrait`) equals it.
    """
    incoming, pages = stream(PEOPLE, SEED), straw_team(tmp_path / "playbook", copies=2)
    async with asyncio.timeout(PATIENCE):
        three = await by_three(a_house(tmp_path, kafka_bootstrap, fresh_postgres_url), incoming, pages)
        one = await by_one(a_house(tmp_path, kafka_bootstrap, another_postgres_url), incoming, pages)
    differences = different(incoming.people, three.state, one.state, load(pages))
    record_property("story", three.story)

    assert three.faults == [], "\n".join([three.story, *three.faults])
    assert one.faults == [], "\n".join(["one router alone", three.story, *one.faults])
    assert differences == [], "\n".join([three.story, *differences])
    assert three.crashes == [], three.story
    assert three.takeovers >= len(three.guests) > 0, three.story
    assert len(three.kills) >= 2, three.story
    assert len(three.state.open_handoffs()) > PEOPLE // 5, three.story


async def by_three(opening: AbstractAsyncContextManager[House], incoming: Stream, pages: Path) -> Run:
    """Three routers under fire."""
    async with opening as house:
        async with (
            a_fleet(house, pages, pages.parent, named=2 if SOAK else 3) as fleet,
            at_work(house, incoming) as reps,
        ):
            before = await takeovers(house)
            await under_fire(fleet, incoming, pages.parent)
            await settled(house, reps, fleet)
            after, crashes = await takeovers(house), [one.last_words() for one in fleet.routers if one.crashes()]
        run = await run_of(house, incoming, load(pages))
    return replace(run, kills=fleet.kills, guests=fleet.guests, takeovers=after - before, crashes=crashes)


async def by_one(opening: AbstractAsyncContextManager[House], incoming: Stream, pages: Path) -> Run:
    """One router that nobody disturbs."""
    async with opening as house:
        async with alone(house, pages), at_work(house, incoming) as reps:
            await house.take(incoming.arrivals)
            await settled(house, reps)
        return await run_of(house, incoming, load(pages))


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
    return Run(state, faults, len(incoming.arrivals))
