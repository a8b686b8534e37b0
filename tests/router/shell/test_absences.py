"""Who says that they are away stands on the log, so that every router knows it before it draws again."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, Message
from schemas.dead_letter import DeadLetterReason
from schemas.fact import encode
from schemas.feedback import AbsenceDeclared
from schemas.topics import FEEDBACK
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from services.router.reading import DRIVEN_AGAIN
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


async def test_somebody_whom_the_playbook_does_not_know_is_a_dead_letter_that_says_whom_it_knows(
    hand: Hand, playbook: Playbook
) -> None:
    fact = away("tess")
    await hand.feed(fact, away("maya"))
    (letter,) = await hand.dead()
    rows = await hand.rows(tables.ROTATION)

    assert (letter.reason, letter.source, letter.value) == (DeadLetterReason.POISON, "", encode(fact))
    assert "the playbook knows no rep “tess”: It knows " in letter.detail
    assert all(name in letter.detail for name in playbook.reps)
    assert {name for row in rows for name in codec.ROTATION.decode(row.rotation).away} == {"maya"}


async def test_it_holds_when_it_is_driven_again_once_the_page_is_there(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(away("tess"))
    (letter,) = await hand.dead()
    hired = {**playbook.reps, "tess": replace(playbook.reps["maya"], id="tess")}
    hand.desk.shelf.put(replace(playbook, reps=hired, version="with tess"))
    await hand.log.append(FEEDBACK.name, [Message(letter.key, letter.value, {DRIVEN_AGAIN: letter.id.bytes})])
    await hand.drain()
    rows = await hand.rows(tables.ROTATION)

    assert {name for row in rows for name in codec.ROTATION.decode(row.rotation).away} == {"tess"}
    assert len(await hand.dead()) == 1


async def test_it_is_said_once_however_often_it_is_delivered(hand: Hand) -> None:
    fact = away("maya")
    await hand.feed(fact)
    first = await hand.rows(tables.ROTATION)
    await hand.feed(fact)

    assert await hand.rows(tables.ROTATION) == first
    assert await hand.dead() == []
