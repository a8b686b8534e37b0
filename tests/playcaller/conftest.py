"""What the front door's tests share: they call commands as a shell does, outside any event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest


@pytest.fixture
def run_async() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine to its end, on a loop of its own."""
    return asyncio.run
