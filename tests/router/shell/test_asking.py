"""What is asked of the router's state, alone and together, on SQLite and on PostgreSQL."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from runtime.database import Database
from services.router.adapters.ask import Create, Fetch, Filled, Lock, Number, Sum, Tally
from services.router.adapters.state import CrossedError, State, Write
from services.router.adapters.tables import ACCOUNT, BATCH, FLOOD, IDENTIFIER, ROTATION, SEEN, STANDING
from tests.router.shell.rows import ADA, an_identifier, begun, plain

BY_EMAIL = Fetch(IDENTIFIER, ("kind", "value"), [("email", "ada@acme.example")], ("lead",))


async def test_what_is_numbered_gets_the_next_number(house: Database, state: State) -> None:
    async with begun(house) as connection:
        (((first,),),) = await state.ask(connection, Number(BATCH, [("urgent", 3, 0, 7, 1, "v1", "l1", b"\x00")]))
        more = [("urgent", 3, 7, 9, 2, "v1", "l1", b""), ("assignment", -1, 0, 0, 2, "v1", "l1", b"")]
        (((second,), _draw),) = await state.ask(connection, Number(BATCH, more))
        columns = ("lane", "partition", "first", "next", "at", "playbook", "lists", "dropped")
        (found,) = await state.fetch(connection, BATCH, ("number",), [(first,)], columns)

    assert second > first
    assert tuple(found) == ("urgent", 3, 0, 7, 1, "v1", "l1", b"\x00")


async def test_a_tally_counts_only_what_was_asked_for(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.put(
            connection,
            IDENTIFIER,
            [
                an_identifier("ada@acme.example"),
                an_identifier("grace@acme.example"),
                an_identifier("c1", kind="cookie"),
            ],
        )
        (counted,) = await state.ask(connection, Tally(IDENTIFIER, "kind", "value", ("ada@acme.example", "c1")))
        (nobody,) = await state.ask(connection, Tally(IDENTIFIER, "kind", "value", ()))

    assert plain(counted) == [("cookie", 1), ("email", 1)]
    assert plain(nobody) == []


async def test_a_table_is_filled_once_something_is_in_it(house: Database, state: State) -> None:
    async with begun(house) as connection:
        (before,) = await state.ask(connection, Filled((SEEN, ACCOUNT)))
        await state.add(connection, SEEN, [(uuid4(), 1)])
        (after,) = await state.ask(connection, Filled((SEEN, ACCOUNT)))

    assert (plain(before), plain(after)) == ([(False, False)], [(True, False)])


async def test_what_is_summed_is_added_to_what_stands_there(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.ask(connection, Sum(FLOOD, [("form", 1, 2), ("campaign", 1, 5)]))
        (now,) = await state.ask(connection, Sum(FLOOD, [("form", 3, 4)]))
        found = await state.fetch(connection, FLOOD, ("key",), [("form",), ("campaign",)], ("key", "day", "count"))

    assert plain(now) == [("form", 3, 6)]
    assert plain(found) == [("campaign", 1, 5), ("form", 3, 6)]


@pytest.mark.parametrize("many", [1, 200])
async def test_what_is_asked_together_is_answered_in_order(house: Database, state: State, many: int) -> None:
    new = [(key, b"") for key in map(str, range(many))]
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        await state.put(connection, ACCOUNT, [("acme.example", None, "tom", b"")])
        answers = await state.ask(
            connection,
            BY_EMAIL,
            Fetch(STANDING, ("lead",), [], ("lead",)),
            Create(ROTATION, new),
            Sum(FLOOD, [("form", 1, 2)]),
            Lock(ACCOUNT, [("acme.example",), ("nobody.example",)]),
            Number(BATCH, [("urgent", 3, 0, 7, 1, "v1", "l1", b"")]),
            Tally(IDENTIFIER, "kind", "value", ()),
            Filled((STANDING, IDENTIFIER)),
        )
        found = await state.fetch(connection, ROTATION, ("team",), [(key,) for key, _ in new], ("team",))

    known, nothing, made, counted, locked, numbered, tallied, filled = map(plain, answers)
    assert (known, nothing, made, tallied) == ([(ADA,)], [], [], [])
    assert counted == [("form", 1, 2)]
    assert locked == [("acme.example", None, "tom", b"")]
    assert [type(number) for (number,) in numbered] == [int]
    assert filled == [(False, True)]
    assert len(found) == many


@pytest.mark.parametrize("beside", [1, 200])
async def test_what_is_locked_unless_somebody_is_there_is_locked_for_strangers_only(
    house: Database, state: State, beside: int
) -> None:
    counters = Fetch(FLOOD, ("key",), [(str(one),) for one in range(beside)], ("key",))
    account = Lock(ACCOUNT, [("acme.example",)], unless=1)
    async with begun(house) as connection:
        await state.put(connection, ACCOUNT, [("acme.example", None, "tom", b"")])
        _, nobody, free = await state.ask(connection, counters, BY_EMAIL, account)
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        _, somebody, left = await state.ask(connection, counters, BY_EMAIL, account)

    assert (plain(nobody), plain(free)) == ([], [("acme.example", None, "tom", b"")])
    assert (plain(somebody), plain(left)) == ([(ADA,)], [])


@pytest.mark.parametrize("between", [1, 200])
async def test_what_is_locked_unless_somebody_is_there_waits_for_that_answer_whatever_stands_between(
    house: Database, state: State, between: int
) -> None:
    counters = Fetch(FLOOD, ("key",), [(str(one),) for one in range(between)], ("key",))
    account = Lock(ACCOUNT, [("acme.example",)], unless=0)
    async with begun(house) as connection:
        await state.put(connection, ACCOUNT, [("acme.example", None, "tom", b"")])
        nobody, _, free = await state.ask(connection, BY_EMAIL, counters, account)
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        somebody, _, left = await state.ask(connection, BY_EMAIL, counters, account)

    assert (plain(nobody), plain(free)) == ([], [("acme.example", None, "tom", b"")])
    assert (plain(somebody), plain(left)) == ([(ADA,)], [])


async def test_a_crossing_among_what_is_asked_together_names_its_table(house: Database, state: State) -> None:
    async def make() -> None:
        async with begun(house) as connection:
            await state.ask(connection, Sum(FLOOD, [("form", 1, 2)]), Create(ROTATION, [("first", b"")]))

    await make()
    with pytest.raises(CrossedError) as crossed:
        await make()

    assert crossed.value.table == ROTATION.name


@pytest.mark.parametrize("many", [0, 2, 200])
async def test_what_is_asked_with_what_is_written_is_answered(house: Database, state: State, many: int) -> None:
    rows = [("urgent", one, 0, 7, 1, "v1", "l1", b"") for one in range(many)]
    async with begun(house) as connection:
        written = [Write("put", ROTATION, [("first", b"")])]
        nobody, numbers = await state.write(connection, written, BY_EMAIL, Number(BATCH, rows))
        found = await state.fetch(connection, BATCH, ("number",), numbers, ("number", "partition"))
        kept = await state.fetch(connection, ROTATION, ("team",), [("first",)], ("team",))

    assert plain(nobody) == []
    assert plain(found) == [(number, one) for one, (number,) in enumerate(numbers)]
    assert len(numbers) == many
    assert plain(kept) == [("first",)]


async def test_what_is_asked_together_is_locked_in_its_order(house: Database, state: State) -> None:
    if not state.waits:  # one writer at a time holds the whole file
        return
    async with begun(house) as connection:
        await state.put(connection, ROTATION, [("first", b"")])
        await state.ask(connection, Sum(FLOOD, [("form", 1, 2)]))

    async def both() -> None:
        async with begun(house) as connection:
            await state.ask(connection, Sum(FLOOD, [("form", 1, 1)]), Lock(ROTATION, [("first",)]))

    async with begun(house) as holder:
        await state.ask(holder, Sum(FLOOD, [("form", 1, 1)]))
        asking = asyncio.create_task(both())
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with asyncio.timeout(60):
            while not (await holder.execute(waits)).scalar_one():  # noqa: ASYNC110  (PostgreSQL tells nobody who waits)
                await asyncio.sleep(0)
        free = await state.lock(holder, ROTATION, [("first",)], held="skipped")
    await asking

    assert plain(free) == [("first", b"")]
