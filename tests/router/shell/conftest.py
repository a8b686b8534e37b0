"""An empty, migrated router database for each dialect."""

import pytest

from runtime.database import Database
from runtime.migrations import migrate
from services.router.adapters.state import State, state_of
from services.router.migrations import PACKAGE


@pytest.fixture
async def house(database: Database) -> Database:
    """The router's tables, empty."""
    await migrate(database, PACKAGE)
    return database


@pytest.fixture
async def state(house: Database) -> State:
    return state_of(house)
