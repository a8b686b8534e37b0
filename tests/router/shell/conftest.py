"""An empty, migrated router for each dialect, on a real log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from services.router.adapters.state import State, state_of
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from tests.router.shell.building import NOON
from tests.router.shell.ring import Hand, a_log, the_playbook


@pytest.fixture
def migrations() -> str:
    """A fresh database has the router's tables."""
    return PACKAGE


@pytest.fixture
async def house(database: Database) -> Database:
    """The router's tables, empty."""
    return database


@pytest.fixture
async def state(house: Database) -> State:
    return state_of(house)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(scope="session")
def playbook() -> Playbook:
    """The straw man."""
    return the_playbook()


@pytest.fixture
async def log(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Log]:
    async with a_log(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def hand(house: Database, log: Log, clock: ManualClock, playbook: Playbook) -> Hand:
    """One router process, fed by hand."""
    return Hand(house, log, clock, playbook)
