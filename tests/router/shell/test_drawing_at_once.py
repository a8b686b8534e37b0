"""What a batch draws from: the teams' rows that nobody else holds, and a tally no older than they are."""

import asyncio

import pytest

from runtime.database import Database
from services.router.adapters import codec, tables
from services.router.adapters.ask import Number, Row
from services.router.adapters.state import State
from services.router.capacity import NOBODY, Load, load_of
from services.router.desk import DRAW, numbering
from services.router.domain.assignment import Rotation
from services.router.drawing_at_once import holding, to_hold
from tests.router.shell.building import a_consultation
from tests.router.shell.ring import Hand

TEAM = "inside_sales"
NEVER, OF_LATE = codec.ROTATION.encode(Rotation()), ([("maya", 40)], [("maya", 41)])


def again(hand: Hand) -> Number:
    return numbering(DRAW, playbook=hand.desk.shelf.current, at=hand.clock.now())


@pytest.fixture
async def working(hand: Hand) -> Hand:
    """Somebody works on one handoff, so that the team has a row."""
    await hand.feed(a_consultation("grace@bolt.example"))
    return hand


async def test_nothing_is_asked_for_no_team(hand: Hand) -> None:
    async with hand.database.transaction() as connection:
        held = await holding(hand.desk, connection, to_hold([]), [], again=again(hand))  # type: ignore[arg-type]  # nothing is both

    assert (held.rotations, held.load) == ({}, NOBODY)


async def test_a_tally_taken_with_the_lock_is_believed(working: Hand) -> None:
    rows: list[Row] = [(TEAM, NEVER)]
    async with working.database.transaction() as connection:
        held = await holding(working.desk, connection, (rows, rows, *OF_LATE), [7], again=again(working))

    assert (held.load, held.number) == (load_of(*OF_LATE), 7)
    assert held.rotations == {TEAM: Rotation()}


async def test_who_draws_between_the_look_and_the_lock_is_in_the_tally(working: Hand) -> None:
    (handoff,) = await working.handoffs()
    state, keys = working.desk.state, [(TEAM,)]
    async with working.database.transaction() as connection:
        await working.desk.positions.read(connection)
        ((before,),) = (await state.ask(connection, again(working)))[0]
        locked = await state.lock(connection, tables.ROTATION, keys)
        stood = [(TEAM, NEVER)]
        held = await holding(working.desk, connection, (locked, stood, *OF_LATE), [before], again=again(working))

    assert held.load == Load({handoff.assignee: 1}, {handoff.assignee: 1})
    assert held.number > before  # whatever it has seen


async def test_what_others_hold_is_not_held(house: Database, state: State, working: Hand) -> None:
    if not state.waits:  # one writer at a time holds the whole file
        return
    async with house.transaction() as other, house.transaction() as connection:
        for one in (other, connection):
            await working.desk.positions.read(one)
        await state.lock(other, tables.ROTATION, [(TEAM,)])
        async with asyncio.timeout(30):
            answers = await state.ask(connection, *to_hold([TEAM]))
        held = await holding(working.desk, connection, answers, [7], again=again(working))

    assert held.rotations == {}
