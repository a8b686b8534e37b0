"""`kill -9` at any moment, on both engines: nothing acknowledged is lost, counted twice, or told twice."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.journal import Journal
from tests.faults.providers import Desks, desks
from tests.faults.reaper import FAILPOINTS, plan, reap
from tests.faults.reckoning import evidence_of, settled, violations
from tests.faults.rings import Ring, clustered_ring, embedded_ring
from tests.faults.sender import SENDERS, post_all
from tests.faults.straw_team import straw_team
from tests.faults.webhooks import postings

SOAK = os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak"
WEBHOOKS, KILLS, SECONDS = (2000, 20, 90.0) if SOAK else (200, 4, 12.0)
PATIENCE = 15 * SECONDS
"""Seconds: a busy machine may take its time, a stuck ring may not."""
SEED = int(os.environ.get("PLAYCALLER_TEST_SEED", random.SystemRandom().randrange(10**6)))

pytestmark = pytest.mark.faults


@dataclass(frozen=True, slots=True)
class Engine:
    """What a ring runs on: a broker and a database, or neither."""

    bootstrap: str = ""
    database: str = ""

    def ring(self, folder: Path, told: Desks) -> AbstractAsyncContextManager[Ring]:
        """The whole ring, not yet running."""
        playbook = straw_team(folder / "playbook")
        if not self.bootstrap:
            return embedded_ring(folder, told.providers, playbook=playbook)
        return clustered_ring(folder, told.providers, self.bootstrap, self.database, playbook=playbook)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.servers)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine."""
    if request.param == "embedded":
        return Engine()
    return Engine(request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("fresh_postgres_url"))


async def test_killed_at_any_moment_it_keeps_every_promise(
    engine: Engine, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    journal = Journal(postings(WEBHOOKS, SEED))
    chance = random.Random(SEED)
    async with desks() as told, engine.ring(tmp_path, told) as ring:
        sending = post_all(
            journal, ring.url, seed=SEED, pace=lambda: chance.uniform(0, 2 * SECONDS * SENDERS / WEBHOOKS)
        )

        async def idle() -> None:
            await journal.reaches(WEBHOOKS)
            await settled(ring, within=PATIENCE)

        async with asyncio.timeout(PATIENCE):
            _, died = await asyncio.gather(sending, reap(plan(KILLS, WEBHOOKS, SEED), ring.services, journal, idle))
        await settled(ring, within=PATIENCE)
        evidence = await evidence_of(ring)
        record_property("story", _story(journal, died, len(evidence.handoffs)))

        assert violations(journal, evidence, told) == [], f"seed {SEED}, {journal.answers()}"
        assert [service.crashes() for service in ring.processes] == [[] for _ in ring.processes]
        assert died.total() >= KILLS
        assert set(died) >= (set(FAILPOINTS) if SOAK else {""})
        assert len(evidence.handoffs) > WEBHOOKS // 40


def _story(journal: Journal, died: Counter[str], handoffs: int) -> str:
    """What was done to the ring, so that it can be done again (`PLAYCALLER_TEST_SEED`), and what came of it."""
    answers = ", ".join(f"{count} × {answer or 'none'}" for answer, count in sorted(journal.answers().items()))
    kills = ", ".join(f"{count} × {place or 'at any moment'}" for place, count in sorted(died.items()))
    return f"seed {SEED}: {WEBHOOKS} webhooks, answers: {answers}; killed: {kills}; {handoffs} handoffs"
