"""Corrections of what was never counted: dead letters are neither taken back nor counted twice; some count nothing."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import delete, insert

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, Message
from runtime.migrations import migrate
from schemas.dead_letter import DeadLetter
from schemas.event import Corrected, Event, EventType
from schemas.fact import encode
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.reading import DRIVEN_AGAIN
from services.router.replay import replay
from tests.router.shell.building import a_consultation, a_page_view, an_event
from tests.router.shell.choking import POISON, choking
from tests.router.shell.ring import Hand

COOKIE = "web:ada-laptop"


def a_correction(of: Event, *, retracts: bool = False) -> Event:
    """As the operator's door makes it, of the event itself."""
    told = Corrected(type=of.type, occurred_at=of.occurred_at, name=of.name, properties=of.properties)
    kind, name = (EventType.RETRACTED, "") if retracts else (of.type, "mended")
    return msgspec.structs.replace(
        of, id=uuid4(), type=kind, name=name, dedup_key=uuid4().hex * 2, corrects=of.id, corrected=told
    )


async def visits(hand: Hand, cookie: str = COOKIE) -> int:
    """How often it visited, as counted; below nought where more was taken back than there was."""
    dossiers = [codec.DOSSIER.decode(row.dossier) for row in await hand.rows(tables.IDENTIFIER) if row.value == cookie]
    return sum(sum(dossier.counts.get("website_visit", {}).values()) for dossier in dossiers)


async def drive_again(hand: Hand, *letters: DeadLetter) -> None:
    for letter in letters:
        await hand.log.append(letter.topic, [Message(letter.key, letter.value, {DRIVEN_AGAIN: letter.id.bytes})])
    await hand.drain()


@pytest.fixture
def broken(house: Database, log: Log, clock: ManualClock, playbook: Playbook) -> Hand:
    """It chokes on what is called poison."""
    return Hand(house, log, clock, choking(playbook))


def mended(broken: Hand, playbook: Playbook) -> Hand:
    """Another process on the same state, with a playbook that chokes on nothing."""
    return Hand(broken.database, broken.log, broken.clock, replace(playbook, version="mended"))


@pytest.mark.parametrize("retracts", [True, False])
@pytest.mark.parametrize("together", [True, False])
async def test_a_poisoned_visit_is_not_taken_back_and_counts_nothing_when_driven_again(
    broken: Hand, playbook: Playbook, *, retracts: bool, together: bool
) -> None:
    bad = an_event(EventType.PAGE_VIEWED, cookie=COOKIE, name=POISON, properties={"path": "/pricing"})
    correction = a_correction(bad, retracts=retracts)
    if together:
        await broken.feed(a_page_view(COOKIE), bad, correction)
    else:
        await broken.feed(a_page_view(COOKIE), bad)
        await broken.feed(correction)
    (letter,) = await broken.dead()
    corrected = await visits(broken)
    hand = mended(broken, playbook)
    await drive_again(hand, letter)

    assert (corrected, await visits(hand)) == ((1, 1) if retracts else (2, 2))


async def test_a_poisoned_visit_driven_again_first_is_taken_back_like_any_other(
    broken: Hand, playbook: Playbook
) -> None:
    bad = an_event(EventType.PAGE_VIEWED, cookie=COOKIE, name=POISON, properties={"path": "/pricing"})
    await broken.feed(a_page_view(COOKIE), bad)
    hand = mended(broken, playbook)
    await drive_again(hand, *await broken.dead())
    counted = await visits(hand)
    await hand.feed(a_correction(bad, retracts=True))

    assert (counted, await visits(hand)) == (2, 1)
    assert await hand.rows(tables.DEAD) == []


@pytest.mark.parametrize("first", ["driven again", "corrected"])
async def test_a_poisoned_visit_may_be_driven_again_and_corrected_in_one_batch(
    broken: Hand, playbook: Playbook, first: str
) -> None:
    bad = an_event(EventType.PAGE_VIEWED, cookie=COOKIE, name=POISON, properties={"path": "/pricing"})
    await broken.feed(a_page_view(COOKIE), bad)
    (letter,) = await broken.dead()
    again = Message(letter.key, letter.value, {DRIVEN_AGAIN: letter.id.bytes})
    correction = Message(letter.key, encode(a_correction(bad)))
    hand = mended(broken, playbook)
    await hand.log.append(letter.topic, [again, correction] if first == "driven again" else [correction, again])
    await hand.drain()

    assert await visits(hand) == 2


@pytest.mark.parametrize("together", [True, False])
async def test_what_counts_nothing_is_on_record_in_whichever_batch_it_was(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook, *, together: bool
) -> None:
    hand = Hand(house, log, clock, playbook)
    opened = an_event(EventType.EMAIL_OPENED, email="ada@acme.example")
    retraction = a_correction(opened, retracts=True)
    for facts in [[opened, retraction]] if together else [[opened], [retraction]]:
        await hand.feed(*facts)
    codes = {row.event: row.code for row in await hand.rows(tables.VERDICT)}

    assert codes[retraction.id] == "retracted"


async def test_a_visit_of_a_parked_source_is_not_taken_back_either(broken: Hand, playbook: Playbook) -> None:
    waits = a_page_view(COOKIE, source="crm")
    await broken.feed(a_page_view(COOKIE))
    async with broken.database.transaction() as connection:
        await connection.execute(insert(tables.PARKED).values(source="crm", at=0, why=""))
    hand = mended(broken, playbook)
    await hand.feed(waits)
    async with hand.database.transaction() as connection:
        await connection.execute(delete(tables.PARKED))
    other = mended(broken, playbook)
    await other.feed(a_correction(waits, retracts=True))

    assert await visits(other) == 1


async def test_a_correction_that_died_takes_its_events_place_once_it_is_driven_again(
    broken: Hand, playbook: Playbook
) -> None:
    visit = a_page_view(COOKIE)
    correction = msgspec.structs.replace(a_correction(visit), name=POISON)
    await broken.feed(visit)
    await broken.feed(correction)
    before = await visits(broken)
    hand = mended(broken, playbook)
    await drive_again(hand, *await broken.dead())

    assert (before, await visits(hand)) == (1, 1)
    assert (await hand.outcomes())[correction.id] == "nurture"
    assert {row.event for row in await hand.rows(tables.TOMBSTONE)} == {visit.id}


async def test_a_replay_comes_to_the_same(broken: Hand, playbook: Playbook, tmp_path: Path) -> None:
    bad = an_event(EventType.PAGE_VIEWED, cookie=COOKIE, name=POISON, properties={"path": "/pricing"})
    await broken.feed(a_page_view("web:other"), bad, a_page_view(COOKIE))
    await broken.feed(a_correction(bad), a_consultation("ada@acme.example", cookie=COOKIE))
    hand = mended(broken, playbook)
    await drive_again(hand, *await broken.dead())
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/again.db")
    await migrate(database, PACKAGE)
    again = Hand(database, hand.log, hand.clock, playbook)
    done = await replay(hand.database, hand.log, again.desk, {**broken.desk.shelf.books, **hand.desk.shelf.books})
    counted = await visits(hand), await visits(again)
    await database.close()

    assert (done.differences, counted) == ([], (2, 2))
