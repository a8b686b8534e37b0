"""Work beside a statement: the connection is never left while it answers, and of two faults the work's own is told."""

import asyncio

import pytest

from runtime.meanwhile import meanwhile


async def after(asked: asyncio.Event, answer: str = "", fault: Exception | None = None) -> str:
    await asked.wait()
    if fault is not None:
        raise fault
    return answer


async def test_the_work_is_done_before_the_answer_is_there() -> None:
    asked = asyncio.Event()
    async with meanwhile(after(asked, "42")) as statement:
        assert not statement.done()
        asked.set()

    assert statement.result() == "42"


async def test_what_the_statement_raised_is_raised_after_the_work() -> None:
    asked, done = asyncio.Event(), False
    with pytest.raises(LookupError):
        async with meanwhile(after(asked, fault=LookupError("no such row"))):
            asked.set()
            done = True

    assert done


async def test_the_works_own_fault_waits_for_the_answer_and_is_the_one_that_is_told() -> None:
    asked = asyncio.Event()
    asyncio.get_running_loop().call_soon(asked.set)
    with pytest.raises(ZeroDivisionError):
        async with meanwhile(after(asked, fault=LookupError("no such row"))) as statement:
            raise ZeroDivisionError

    assert asked.is_set()
    assert statement.done()


async def test_who_is_cancelled_cancels_the_statement_and_waits_for_its_end() -> None:
    never, ended = asyncio.Event(), asyncio.Event()

    async def statement() -> None:
        try:
            await never.wait()
        finally:
            ended.set()

    async def work() -> None:
        async with meanwhile(statement()):
            await never.wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert ended.is_set()


async def test_who_is_cancelled_after_the_work_cancels_the_statement_too() -> None:
    never, ended, worked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def statement() -> None:
        try:
            await never.wait()
        finally:
            ended.set()

    async def work() -> None:
        async with meanwhile(statement()):
            worked.set()

    working = asyncio.create_task(work())
    await worked.wait()
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert ended.is_set()


async def test_who_is_cancelled_again_still_waits_for_the_statements_end() -> None:
    never, worked, stopping, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    ended: list[bool] = []

    async def statement() -> None:
        try:
            await never.wait()
        finally:
            stopping.set()
            await stopped.wait()

    async def work() -> None:
        try:
            async with meanwhile(statement()) as sent:
                worked.set()
        finally:
            ended.append(sent.done())

    working = asyncio.create_task(work())
    await worked.wait()
    working.cancel()
    await stopping.wait()
    working.cancel()
    asyncio.get_running_loop().call_soon(stopped.set)
    await asyncio.wait({working})

    assert working.cancelled()
    assert ended == [True]
