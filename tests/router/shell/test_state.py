"""One contract for the router's state, on SQLite and on PostgreSQL."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID, uuid4

import pytest

from runtime.database import Database
from runtime.log import Batch, FencedError, Partition
from runtime.positions import Positions
from services.router.adapters.state import CrossedError, State, Write
from services.router.adapters.tables import (
    ACCOUNT,
    CROWDED,
    IDENTIFIER,
    POSITIONS,
    ROTATION,
    SEEN,
    STANDING,
    TIMER,
)
from tests.router.shell.rows import ADA, GRACE, an_identifier, begun, plain


async def test_what_was_put_is_fetched_with_its_types(house: Database, state: State) -> None:
    row = an_identifier("ada@acme.example", lone=True)
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, [row])
    async with begun(house) as connection:
        found = await state.lock(connection, IDENTIFIER, [("email", "ada@acme.example"), ("email", "nobody")])

    assert plain(found) == [row]


async def test_putting_again_replaces(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example", GRACE, dossier=b"\x00\xff")])
        found = await state.fetch(
            connection, IDENTIFIER, ("kind", "value"), [("email", "ada@acme.example")], ("lead", "dossier")
        )

    assert plain(found) == [(GRACE, b"\x00\xff")]


async def test_adding_leaves_what_is_there(house: Database, state: State) -> None:
    async with begun(house) as connection:
        first = await state.add(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        second = await state.add(connection, IDENTIFIER, [an_identifier("ada@acme.example", GRACE), an_identifier("b")])
        found = await state.fetch(connection, IDENTIFIER, ("lead",), [(ADA,)], ("value",))

    assert (first, second) == (1, 1)
    assert plain(found) == [("ada@acme.example",), ("b",)]


async def test_remembering_tells_which_are_new(house: Database, state: State) -> None:
    known, new = uuid4(), uuid4()
    async with begun(house) as connection:
        await state.add(connection, SEEN, [(known, 1)])
    async with begun(house) as connection:
        fresh = await state.remember(connection, SEEN, sorted([known.hex, new.hex]), 2)
        kept = await state.fetch(connection, SEEN, ("key",), [(known,), (new,)], ("key", "day"))

    assert fresh == {new.hex}
    assert plain(kept) == sorted([(known, 1), (new, 2)])


ADAS = Partition("ada's {0} events; --", 3)
STANDS = Positions(POSITIONS)


@pytest.mark.parametrize("many", [1, 2, 200], ids=["one", "a few", "many"])
async def test_what_is_remembered_with_the_claim_tells_which_are_new(house: Database, state: State, many: int) -> None:
    known, new = uuid4(), sorted(uuid4().hex for _ in range(many))
    async with begun(house) as connection:
        await STANDS.take(connection, ADAS)
        await state.add(connection, SEEN, [(known, 1)])

    async def claimed(first: int, after: int, keys: Sequence[str]) -> AbstractSet[str]:
        batch = Batch(ADAS, first, after, 1, [])
        async with state.claimed(house, STANDS, batch, table=SEEN, keys=[*keys, *keys], day=2) as (connection, found):
            return await state.remember(connection, SEEN, sorted(keys), 2) if found is None else found

    assert await claimed(0, 9, [known.hex, *new]) == set(new)
    assert await claimed(9, 10, [known.hex, *new]) == set()
    assert await claimed(10, 12, []) == set()
    async with begun(house) as connection:
        kept = await state.fetch(connection, SEEN, ("key",), [(UUID(one),) for one in new], ("day",))
        stands = await STANDS.read(connection)

    assert (plain(kept), stands[ADAS]) == ([(2,)] * many, 12)


async def test_a_claim_that_fails_remembers_nothing(house: Database, state: State) -> None:
    key = uuid4()
    async with begun(house) as connection:
        await STANDS.take(connection, ADAS)
    for stale in (Batch(ADAS, 0, 5, 0, []), Batch(ADAS, 5, 9, 1, [])):
        with pytest.raises(FencedError, match="another owner"):
            async with state.claimed(house, STANDS, stale, table=SEEN, keys=[key.hex], day=2):
                pass
    async with begun(house) as connection:
        kept = await state.fetch(connection, SEEN, ("key",), [(key,)], ("day",))

    assert plain(kept) == []


async def test_a_batch_whose_every_key_is_known_is_still_fenced(house: Database, state: State) -> None:
    key = uuid4()
    async with begun(house) as connection:
        await STANDS.take(connection, ADAS)
        await state.add(connection, SEEN, [(key, 1)])
    with pytest.raises(FencedError, match="another owner"):
        async with state.claimed(house, STANDS, Batch(ADAS, 0, 5, 0, []), table=SEEN, keys=[key.hex], day=2):
            pass
    async with state.claimed(house, STANDS, Batch(ADAS, 0, 5, 1, []), table=SEEN, keys=[key.hex], day=2) as (_, new):
        assert not new
    with pytest.raises(FencedError, match="another owner"):  # its commit has moved on, under the same epoch
        async with state.claimed(house, STANDS, Batch(ADAS, 0, 5, 1, []), table=SEEN, keys=[key.hex], day=2):
            pass


async def test_rows_without_a_value_come_back_without_one(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.put(connection, ACCOUNT, [("acme.example", None, "rep-1", b""), ("bolt.example", GRACE, "", b"")])
        found = await state.lock(connection, ACCOUNT, [("acme.example",), ("bolt.example",)])

    assert plain(found) == [("acme.example", None, "rep-1", b""), ("bolt.example", GRACE, "", b"")]


async def test_removing_takes_every_row_of_the_value(house: Database, state: State) -> None:
    timers = [
        (uuid4(), ADA, "accept_deadline", 5, None, 1),
        (uuid4(), ADA, "x", 6, GRACE, 1),
        (uuid4(), GRACE, "x", 7, None, 0),
    ]
    async with begun(house) as connection:
        await state.put(connection, TIMER, timers)
        removed = await state.remove(connection, TIMER, "subject", [ADA])
        left = await state.fetch(connection, TIMER, ("subject",), [(ADA,), (GRACE,)], ("kind", "about"))

    assert removed == 2
    assert plain(left) == [("x", None)]


async def test_nothing_asked_nothing_done(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, [])
        asked = (
            list(await state.fetch(connection, IDENTIFIER, ("lead",), [], ("value",))),
            list(await state.lock(connection, IDENTIFIER, [])),
            await state.add(connection, SEEN, []),
            len(await state.remember(connection, SEEN, [], 1)),
            await state.remove(connection, SEEN, "key", []),
        )

    assert asked == ([], [], 0, 0, 0)


async def test_strange_text_survives(house: Database, state: State) -> None:
    strange = "“ada”; DROP TABLE router_seen; -- \\u0041 {}[] $1 ? ü 漢字 🎈"
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, [an_identifier(strange)])
        found = await state.fetch(connection, IDENTIFIER, ("kind", "value"), [("email", strange)], ("value",))

    assert plain(found) == [(strange,)]


async def test_a_rolled_back_transaction_leaves_nothing(house: Database, state: State) -> None:
    async def interrupted() -> None:
        async with begun(house) as connection:
            await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
            raise LookupError

    with pytest.raises(LookupError):
        await interrupted()
    async with begun(house) as connection:
        found = await state.fetch(connection, IDENTIFIER, ("lead",), [(ADA,)], ("value",))

    assert list(found) == []


async def test_a_thousand_rows_are_one_call(house: Database, state: State) -> None:
    rows = [an_identifier(f"web:{number}", UUID(int=number + 1), kind="cookie", lone=True) for number in range(1000)]
    async with begun(house) as connection:
        await state.add(connection, IDENTIFIER, rows)
        found = await state.lock(connection, IDENTIFIER, [row[:2] for row in reversed(rows)])

    assert plain(found) == sorted(rows)


async def test_a_condition_narrows_what_is_fetched(house: Database, state: State) -> None:
    rows = [an_identifier("web:1", kind="cookie", lone=True), an_identifier("ada@acme.example")]
    async with begun(house) as connection:
        await state.put(connection, IDENTIFIER, rows)
        found = await state.fetch(connection, IDENTIFIER, ("lead",), [(ADA,)], ("value",), only=CROWDED)

    assert plain(found) == [("ada@acme.example",)]


@pytest.mark.parametrize("many", [1, 200])
async def test_what_is_written_together_is_put_added_and_created(house: Database, state: State, many: int) -> None:
    kept, other = (ADA, 1, "", "", b"kept"), (GRACE, 1, "", "", b"new")
    seen = [(uuid4(), 1) for _ in range(many)]
    async with begun(house) as connection:
        await state.put(connection, STANDING, [kept])
        await state.put(connection, IDENTIFIER, [an_identifier("ada@acme.example")])
        writes = [
            Write("put", IDENTIFIER, [an_identifier("ada@acme.example", GRACE)]),
            Write("add", STANDING, [(*kept[:4], b"late"), other]),
            Write("create", SEEN, seen),
            Write("put", ACCOUNT, []),
        ]
        await state.write(connection, writes)
        identifiers = await state.fetch(connection, IDENTIFIER, ("kind",), [("email",)], ("value", "lead"))
        standings = await state.fetch(connection, STANDING, ("lead",), [(ADA,), (GRACE,)], ("lead", "standing"))
        found = await state.fetch(connection, SEEN, ("key",), [(key,) for key, _ in seen], ("key",))

    assert plain(identifiers) == [("ada@acme.example", GRACE)]
    assert plain(standings) == [(ADA, b"kept"), (GRACE, b"new")]
    assert len(found) == many


@pytest.mark.parametrize("many", [1, 200])
async def test_of_what_is_written_together_a_crossing_names_its_table(house: Database, state: State, many: int) -> None:
    seen = [(uuid4(), 1) for _ in range(many)]

    async def write() -> None:
        async with begun(house) as connection:
            await state.write(connection, [Write("add", TIMER, []), Write("create", SEEN, seen)])

    await write()
    with pytest.raises(CrossedError) as crossed:
        await write()

    assert crossed.value.table == SEEN.name


async def test_a_row_that_somebody_holds_is_left_out_where_nobody_may_wait(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.put(connection, ROTATION, [("first", b"1"), ("second", b"2")])
    async with begun(house) as holder:
        await state.lock(holder, ROTATION, [("first",)])
        if state.waits:
            async with begun(house) as other:
                free = await state.lock(other, ROTATION, [("first",), ("second",)], held="skipped")
        else:  # there is nobody else, and nothing to leave out
            free = await state.lock(holder, ROTATION, [("first",), ("second",)], held="skipped")

    assert plain(free) == ([("second", b"2")] if state.waits else [("first", b"1"), ("second", b"2")])


async def test_creating_what_is_there_already_is_a_crossing(house: Database, state: State) -> None:
    async with begun(house) as connection:
        await state.create(connection, IDENTIFIER, [an_identifier("ada@acme.example"), an_identifier("b")])

    async def again() -> None:
        async with begun(house) as connection:
            await state.create(connection, IDENTIFIER, [an_identifier("c"), an_identifier("ada@acme.example", GRACE)])

    with pytest.raises(CrossedError):
        await again()

    async with begun(house) as connection:
        found = await state.fetch(connection, IDENTIFIER, ("lead",), [(ADA,), (GRACE,)], ("value", "lead"))

    assert plain(found) == [("ada@acme.example", ADA), ("b", ADA)]


@pytest.mark.parametrize("value", ["", "\x1f", "a\x1fb", ",", "'"])
async def test_no_text_is_taken_for_two(house: Database, state: State, value: str) -> None:
    rows = [an_identifier(value), an_identifier("a"), an_identifier("b")]
    async with begun(house) as connection:
        await state.create(connection, IDENTIFIER, rows)
        alone = await state.lock(connection, IDENTIFIER, [("email", value)])
        both = await state.fetch(
            connection, IDENTIFIER, ("kind", "value"), [("email", value), ("email", "a")], ("value",)
        )

    assert plain(alone) == [rows[0]]
    assert plain(both) == sorted([(value,), ("a",)])
