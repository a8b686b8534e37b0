"""How often a batch goes to PostgreSQL: nearly all of an urgent card's time is spent on that way."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from services.router.domain.playbook import Playbook
from tests.router.shell.building import NOON, a_consultation
from tests.router.shell.ring import Hand

pytestmark = pytest.mark.servers
TEAM = "inside_sales"


def counting(database: Database) -> list[str]:
    """Every statement that goes to this database from now on, in order."""
    said: list[str] = []

    def connected(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_query_logger(lambda query: said.append(query.query))

    event.listen(database.engine.sync_engine, "connect", connected)
    return said


def with_reps(playbook: Playbook, count: int) -> Playbook:
    """The straw man with so many reps in the team that everybody goes to."""
    maya = playbook.reps["maya"]
    reps = {f"rep{number}": replace(maya, id=f"rep{number}") for number in range(count)}
    team = replace(playbook.teams[TEAM], reps=tuple(reps))
    return replace(playbook, reps={**playbook.reps, **reps}, teams={**playbook.teams, TEAM: team})


@pytest.mark.parametrize("reps", [2, 200])
async def test_a_strangers_request_is_decided_and_drawn_in_five_round_trips(
    fresh_postgres_url: str, log: Log, clock: ManualClock, playbook: Playbook, reps: int
) -> None:
    database = Database(fresh_postgres_url)
    said = counting(database)
    hand = Hand(database, log, clock, with_reps(playbook, reps))
    for number in range(2):  # the first one makes its team's row
        await hand.append(a_consultation(f"ada@bolt{number}.example", at=NOON))
        (partition,) = await log.partitions("events.urgent")
        batch = await hand.batch(partition)
        assert batch is not None
        before = len(said)
        await hand.handle(batch)
    made = [one.rstrip(";") for one in said[before:]]
    (last,) = [one for one in await hand.handoffs() if one.brief.email == "ada@bolt1.example"]
    await database.close()

    assert last.assignee.startswith("rep")
    assert made.index("COMMIT") + 1 == 5, made
