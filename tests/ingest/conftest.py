"""One house for all of these tests, swept before each: opening a log costs more than most of them."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ingest.doors import House, house

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them on one event loop, the house's."""
    for item in items:
        asynchronous = isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj)
        if asynchronous and item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The house that stays."""
    async with house(tmp_path_factory.mktemp("ingest")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def home(street: House) -> House:
    """The house, swept."""
    return await street.begin()
