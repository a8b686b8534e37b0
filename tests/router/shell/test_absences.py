"""Who says that they are away stands on the log, so that every router knows it before it draws again."""

from datetime import date
from uuid import uuid4

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas.feedback import AbsenceDeclared
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from tests.router.shell.building import NOON, a_consultation
from tests.router.shell.ring import Hand

TEAM = "inside_sales"


def away(rep: str, last: date | None = date(2026, 3, 6)) -> AbsenceDeclared:
    return AbsenceDeclared(id=uuid4(), rep=rep, actor=rep, at=NOON, last=last)


async def asked(hand: Hand, *numbers: int) -> set[str]:
    """Whom inside sales' draws have named after so many more people have asked for a call."""
    before = {row.handoff for row in await hand.rows(tables.ASSIGNMENT)}
    for number in numbers:
        await hand.feed(a_consultation(f"{number}@umbrella{number}.example"))
    rows = await hand.rows(tables.ASSIGNMENT)
    return {row.rep for row in rows if row.team == TEAM and row.handoff not in before}


async def test_who_said_that_they_are_away_is_drawn_by_no_router(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    everybody = await asked(one, *range(6))
    await one.feed(away("maya"))
    by_one = await asked(one, *range(6, 12))
    other.positions = dict(one.positions)
    by_other = await asked(other, *range(12, 18))

    assert "maya" in everybody
    assert "maya" not in by_one | by_other


async def test_who_is_back_is_drawn_again(hand: Hand) -> None:
    await hand.feed(away("maya"), away("maya", None))
    rows = await hand.rows(tables.ROTATION)

    assert "maya" in await asked(hand, *range(6))
    assert {row.team: dict(codec.ROTATION.decode(row.rotation).away) for row in rows} == {
        "inside_sales": {},
        "enterprise": {},
    }


async def test_every_team_knows_so_that_it_holds_wherever_the_rep_works_tomorrow(
    hand: Hand, playbook: Playbook
) -> None:
    await hand.feed(away("maya"))
    rows = await hand.rows(tables.ROTATION)

    assert {row.team for row in rows if "maya" in codec.ROTATION.decode(row.rotation).away} == playbook.teams.keys()


async def test_it_is_said_once_however_often_it_is_delivered(hand: Hand) -> None:
    fact = away("maya")
    await hand.feed(fact)
    first = await hand.rows(tables.ROTATION)
    await hand.feed(fact)

    assert await hand.rows(tables.ROTATION) == first
    assert await hand.dead() == []
