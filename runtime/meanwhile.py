"""Works while a statement is under way: the database and this process need not wait for each other in turn."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def meanwhile(statement: Coroutine[Any, Any, T]) -> AsyncIterator["asyncio.Task[T]"]:
    """Send the statement, and do the body of the `async with`, which must not use the connection, until it is answered.

    Its `result()` is there after the body. Raises what the body raises, else what the statement raised.
    """
    task = asyncio.create_task(statement, name="statement")
    try:
        await asyncio.sleep(0)  # it is sent
        yield task
    except BaseException as fault:
        if isinstance(fault, asyncio.CancelledError):
            task.cancel()
        await _ended(task)
        raise
    await _ended(task)
    task.result()


async def _ended(task: "asyncio.Task[T]") -> None:
    """However it ends, and however often somebody is cancelled meanwhile.

    A connection answers one statement at a time, also the one that undoes everything.
    """
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as fault:
            task.cancel()
            cancelled = fault
    if not task.cancelled():
        task.exception()  # seen: of two faults the body's is told
    if cancelled is not None:
        raise cancelled
