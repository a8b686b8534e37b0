"""A2: many routers draw at the same time, and nobody is ever off by a turn: not at the end, and not after any draw."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas.handoff import HandoffState
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from tests.router.shell.drawers import TEAM, rotating, routers
from tests.router.shell.ring import Hand

pytestmark = pytest.mark.hypothesis  # it knows full counts
ROOT = Path(__file__).parents[3]
SOAK = settings.default.max_examples >= 1000
PROCESSES, EACH = 4, 5 if SOAK else 2
HANDOFFS = 10_000 if SOAK else 64
ALONE = 1_000 if SOAK else 64
"""Handoffs where one transaction at a time holds the database: no two draws ever meet there."""
WEIGHTS = [
    pytest.param((1, 1, 1, 1, 1, 1, 1), id="equal"),
    pytest.param((1, 2, 3, 5, 7, 1, 4), id="unequal"),
]


async def drawn_in_order(hand: Hand) -> list[str]:
    """Whom the draws named, in the order in which the team's row was locked: of one transaction, the urgent first."""
    handoffs = {each.id: each for each in await hand.handoffs()}
    rows = [row for row in await hand.rows(tables.ASSIGNMENT) if row.team == TEAM]
    first = {row.handoff: handoffs[row.handoff] for row in rows}
    rows.sort(key=lambda row: (row.batch, first[row.handoff].priority, first[row.handoff].received_at, row.handoff))
    return [row.rep for row in rows]


def furthest_off(turns: Sequence[str], weights: dict[str, int]) -> float:
    """How many turns anybody was ever off their entitlement, after any of the draws."""
    whole, got, most = sum(weights.values()), Counter[str](), 0
    for count, rep in enumerate(turns, 1):
        got[rep] += 1
        most = max(most, *(abs(count * weight - got[each] * whole) for each, weight in weights.items()))
    return most / whole


async def told(hand: Hand, book: Playbook, many: int) -> None:
    """What must hold after all have drawn."""
    while await hand.offering.sweep():
        pass
    handoffs, turns = await hand.handoffs(), await drawn_in_order(hand)
    weights = {rep: book.reps[rep].weight for rep in book.teams[TEAM].reps}
    ((_, blob),) = await hand.rows(tables.ROTATION)

    assert {each.state for each in handoffs} == {HandoffState.OFFERED}
    assert len(turns) == len(handoffs) == many
    assert codec.ROTATION.decode(blob).got == Counter(turns)
    assert furthest_off(turns, weights) < 1


async def in_processes(url: str, weights: Sequence[int], many: int) -> None:
    """All the routers, in several processes: as in a cluster."""
    words = [str(EACH), str(many // (PROCESSES * EACH)), ",".join(map(str, weights))]
    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.router.shell.drawers", url, str(number * EACH), *words), cwd=ROOT
        )
        for number in range(PROCESSES)
    ]

    assert [await one.wait() for one in running] == [0] * PROCESSES


async def in_one(url: str, weights: Sequence[int], many: int) -> None:
    """All the routers, in this process."""
    await routers(url, 0, PROCESSES * EACH, many // (PROCESSES * EACH), weights)


@pytest.mark.servers
@pytest.mark.parametrize("weights", WEIGHTS)
async def test_many_routers_on_postgresql_keep_everybody_within_a_turn_after_every_draw(
    fresh_postgres_url: str, log: Log, clock: ManualClock, weights: tuple[int, ...]
) -> None:
    await (in_processes if SOAK else in_one)(fresh_postgres_url, weights, HANDOFFS)
    database, book = Database(fresh_postgres_url), rotating(weights)

    await told(Hand(database, log, clock, book), book, HANDOFFS)
    await database.close()


@pytest.mark.parametrize("weights", WEIGHTS)
async def test_many_partitions_on_sqlite_keep_everybody_within_a_turn_after_every_draw(
    fresh_sqlite_url: str, log: Log, clock: ManualClock, weights: tuple[int, ...]
) -> None:
    await in_one(fresh_sqlite_url, weights, ALONE)
    database, book = Database(fresh_sqlite_url), rotating(weights)

    await told(Hand(database, log, clock, book), book, ALONE)
    await database.close()
