"""A2: no turn gives a rep more than they take, whoever else gives them something at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, Log, Partition
from schemas.event import Event
from schemas.fact import replace as with_fields
from schemas.handoff import HandoffState
from schemas.topics import EVENTS_URGENT
from services.router.adapters import codec, tables
from services.router.adapters.ask import Ask, Row
from services.router.adapters.state import State, Write
from services.router.consumer import Consumer
from services.router.domain.fairness import in_turn
from services.router.domain.handoff import Handoff
from services.router.domain.junctions import always
from services.router.domain.playbook import Playbook, RoutingRule
from services.router.offering import Offering
from tests.router.shell.building import NOON, a_consultation
from tests.router.shell.drawers import owned, rotating, router
from tests.router.shell.ring import Hand, records_of

ONE_TEAM, ANOTHER = "inside_sales", "enterprise"
MAYA = "maya"


ROUTERS, EACH, REPS, CAPACITY = 6, 8, 3, 6
"""So many routers, handoffs of each, reps, and plays that each rep takes: there are more than they take together."""


class Held:
    """The router's real state, which after the first draws that it writes waits for a word to go on."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.written, self.go_on = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def write(self, connection: AsyncConnection, writes: Iterable[Write], *asks: Ask) -> Sequence[Sequence[Row]]:
        kept = list(writes)
        found = await self._state.write(connection, kept, *asks)
        if any(one.table is tables.ASSIGNMENT and one.rows for one in kept):
            self.written.set()
            await self.go_on.wait()
        return found


def held_up(hand: Hand) -> Held:
    """From now on, what this router draws is not committed before a word is given."""
    held = Held(hand.desk.state)
    hand.desk = replace(hand.desk, state=held)  # type: ignore[arg-type]  # all but one of its methods are another's
    hand.offering = Offering(hand.desk)
    hand.consumer = Consumer(hand.desk, hand.offering)
    return held


def where_maya_sells(playbook: Playbook, team: str, capacity: int) -> Playbook:
    """Everybody goes to this team, in which Maya is the only rep, with so much capacity."""
    reps = {**playbook.reps, MAYA: replace(playbook.reps[MAYA], capacity=capacity)}
    teams = {name: replace(one, reps=(MAYA,) if name == team else ()) for name, one in playbook.teams.items()}
    return replace(playbook, reps=reps, teams=teams, routing=(RoutingRule(always(), team, "everybody"),))


def of_maya(email: str) -> Event:
    """A request by somebody who is hers."""
    return owned(a_consultation(email, at=NOON), MAYA)


def at_form(form: str, email: str) -> Event:
    """A request by a form of its own: nobody waits for its counter."""
    return with_fields(a_consultation(email, at=NOON), properties={"form_id": form})


async def take(hand: Hand, number: int, *facts: Event) -> None:
    """Decide these, on a partition of their own, and draw for whom they pass."""
    partition = Partition(EVENTS_URGENT.name, number)
    position = await hand.take(partition)
    await hand.handle(Batch(partition, 0, len(facts), position.epoch, records_of(partition, 0, facts)))


async def meanwhile(hand: Hand, other: Hand, first: Sequence[Event], second: Sequence[Event]) -> None:
    """One router's draws are written but not committed until the other's have to wait for them, or need not wait."""
    held = held_up(hand)
    one = asyncio.create_task(take(hand, 1, *first))
    await held.written.wait()
    two = asyncio.create_task(take(other, 2, *second))
    async with asyncio.timeout(60):
        while not (two.done() or await waits(other)):  # noqa: ASYNC110  (PostgreSQL tells nobody who waits)
            await asyncio.sleep(0)
    held.go_on.set()
    await asyncio.gather(one, two)


async def waits(hand: Hand) -> bool:
    """Does anybody wait for a lock? On SQLite for the whole file, from the beginning."""
    if not hand.desk.state.waits:
        return True
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with hand.database.reading() as connection:
        return bool((await connection.execute(text(asked))).scalar_one())


async def loads(hand: Hand) -> Mapping[str, int]:
    return Counter(handoff.assignee for handoff in await hand.handoffs())


@pytest.mark.parametrize("at_once", [False, True], ids=["right after", "at once"])
async def test_two_teams_that_share_a_rep_give_them_no_more_than_they_take(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook, *, at_once: bool
) -> None:
    """As while a playbook that moves a rep to another team is here already, and there not yet."""
    before, after = (where_maya_sells(playbook, team, capacity=3) for team in (ONE_TEAM, ANOTHER))
    hand, other = Hand(house, log, clock, before), Hand(house, log, clock, after)
    if at_once:  # both teams have rows
        await take(hand, 3, a_consultation("alan@one.example", at=NOON))
        await take(other, 4, a_consultation("barbara@two.example", at=NOON))
    else:
        for number, each in ((3, hand), (4, hand)):
            await take(each, number, of_maya(f"p{number}@firm{number}.example"))
    await meanwhile(
        *(hand, other),
        [at_form("one", "ada@bolt.example")],
        [at_form("two", "grace@nut.example")],
    )

    assert await loads(hand) == {MAYA: 3, "felix": 1}


async def test_an_owner_who_is_given_one_while_a_batch_waits_to_draw_is_full_for_it(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    """The batch looks, waits for the counter of a popular form, and only then gets the team's row."""
    book = where_maya_sells(playbook, ONE_TEAM, capacity=2)
    hand, other = Hand(house, log, clock, book), Hand(house, log, clock, book)
    await take(hand, 3, a_consultation("alan@one.example", at=NOON))
    await meanwhile(hand, other, [of_maya("ada@bolt.example")], [a_consultation("grace@nut.example", at=NOON)])

    assert await loads(hand) == {MAYA: 2, "dana": 1}


async def test_an_owner_is_served_beyond_their_capacity(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hand = Hand(house, log, clock, where_maya_sells(playbook, ONE_TEAM, capacity=1))
    for number, asked in enumerate([a_consultation("ada@bolt.example"), of_maya("grace@nut.example")]):
        await take(hand, number, asked)
    await take(hand, 3, a_consultation("alan@one.example"))

    assert await loads(hand) == {MAYA: 2, "dana": 1}


async def too_many(hand: Hand) -> list[str]:
    """Whom a turn has given something while they held as many as they take, as the draws are numbered."""
    held, found = Counter[str](), []
    handoffs = {each.id: each for each in await hand.handoffs()}
    rows = sorted(await hand.rows(tables.ASSIGNMENT), key=lambda row: (row.batch, _urgency(handoffs[row.handoff])))
    for row in rows:
        drawn = codec.DRAW.decode(row.draw)
        if in_turn(drawn) and held[drawn.rep] >= CAPACITY:
            found.append(f"draw {row.batch} of {row.team}: {drawn.rep} holds {held[drawn.rep]}")
        held[drawn.rep] += 1
    return found


def _urgency(handoff: Handoff) -> tuple[object, ...]:
    return handoff.priority, handoff.received_at, handoff.id


async def test_many_routers_of_two_versions_of_a_playbook_give_no_turn_to_full_hands(
    house: Database, log: Log, clock: ManualClock
) -> None:
    """Everybody sells in one team by the one and in the other by the other; of every four leads one has an owner."""
    books = [rotating([1] * REPS, team=team, capacity=CAPACITY) for team in (ONE_TEAM, ANOTHER)]
    drawing = (router(house, log, books[number % 2], number, EACH, owners=0.25) for number in range(ROUTERS))
    await asyncio.gather(*drawing)
    hand = Hand(house, log, clock, books[0])
    while await hand.offering.sweep():
        pass

    assert {each.state for each in await hand.handoffs()} == {HandoffState.OFFERED}
    assert await too_many(hand) == []
    assert len(await hand.rows(tables.ASSIGNMENT)) == ROUTERS * EACH > REPS * CAPACITY
