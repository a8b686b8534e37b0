"""H4: no orphan in the tables either, on both databases, whatever people, time and the playbook do."""

import pytest
from hypothesis import settings

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas.handoff import OPEN
from tests.router.domain.upheavals import playbooks
from tests.router.shell.ring import Hand
from tests.router.shell.wanderer import Wanderer

pytestmark = pytest.mark.hypothesis  # it knows full counts
STEPS = 4_000 if settings.default.max_examples >= 1000 else 60


async def test_random_steps_leave_no_orphan_in_the_tables(house: Database, log: Log, clock: ManualClock) -> None:
    wanderer = Wanderer(7, Hand(house, log, clock, playbooks()[0]))
    for step in range(1, STEPS + 1):
        wrong = await wanderer.wander()
        assert not wrong, f"step {step}: {wrong}"
    handoffs = await wanderer.hand.handoffs()
    dead = [one.detail for one in await wanderer.hand.dead()]

    assert all("knows no rep “stranger”" in why for why in dead), dead
    assert any(each.state in OPEN for each in handoffs)
    assert any(each.state not in OPEN for each in handoffs)
