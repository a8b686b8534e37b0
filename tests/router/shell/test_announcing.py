"""Which playbook decides stands on the log once a change, also when the change goes back to where it came from."""

import asyncio
from dataclasses import replace
from pathlib import Path

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas import feedback
from schemas.fact import decode
from schemas.feedback import PlaybookPublished
from schemas.topics import FEEDBACK
from services.router.adapters.playbook_store import Store
from services.router.announcing import announced, follow
from services.router.domain.playbook import Playbook
from services.router.shelf import Shelf
from tests.router.shell.ring import PLAYBOOK, Hand


async def published(hand: Hand) -> list[PlaybookPublished]:
    facts = [decode(record.value, feedback.DECODER) for record in await hand.said(FEEDBACK.name)]
    return [fact for fact in facts if isinstance(fact, PlaybookPublished)]


async def test_an_earlier_version_published_again_is_a_publication_of_its_own(hand: Hand, playbook: Playbook) -> None:
    spring, summer = replace(playbook, version="spring"), replace(playbook, version="summer")
    said = [await announced(hand.desk, book, "the files changed") for book in (spring, summer, spring, summer)]
    await hand.drain()
    facts = await published(hand)

    assert said == [True] * 4
    assert [fact.version for fact in facts] == ["spring", "summer", "spring", "summer"]
    assert len({fact.id for fact in facts}) == 4
    assert [one.kind for one in hand.told] == ["control"] * 4


async def test_an_earlier_version_decides_again(hand: Hand, playbook: Playbook) -> None:
    spring, summer = replace(playbook, version="spring"), replace(playbook, version="summer")
    shelf = Shelf(spring)

    assert [shelf.put(book) for book in (spring, summer, spring)] == [False, True, True]
    assert shelf.current is spring


async def test_a_restart_with_the_same_version_says_nothing_and_with_an_earlier_one_says_it(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    versions = ["spring", "spring", "summer", "spring"]
    starts = [Hand(house, log, clock, replace(playbook, version=version)) for version in versions]
    said = [await announced(one.desk, one.desk.shelf.current, "the router started") for one in starts]

    assert said == [True, False, True, True]
    assert [fact.version for fact in await published(starts[0])] == ["spring", "summer", "spring"]


async def test_replicas_that_start_together_say_it_once(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    replicas = [Hand(house, log, clock, playbook) for _ in range(4)]
    said = await asyncio.gather(*(announced(one.desk, playbook, "the router started") for one in replicas))

    assert sorted(said) == [False, False, False, True]
    assert len(await published(replicas[0])) == 1


async def test_what_both_sides_signed_is_said_with_their_reason_and_names(
    house: Database, log: Log, clock: ManualClock, tmp_path: Path
) -> None:
    store = Store(tmp_path / "published")
    signed = {"reason": "named accounts are asked sooner", "marketing": "Dana Reyes", "sales": "Tom Lindqvist"}
    done = store.publish(PLAYBOOK, at=clock.now(), **signed)
    hand = Hand(house, log, clock, store.book(done.version, done.lists))
    hand.desk = replace(hand.desk, settings=hand.desk.settings.model_copy(update={"playbook": store.folder}))
    stop, arrivals = asyncio.Event(), asyncio.Queue[Playbook]()
    following = asyncio.create_task(follow(hand.desk, arrivals, stop))
    async with asyncio.timeout(60):
        while not await published(hand):  # noqa: ASYNC110  (the log tells nobody that something was appended)
            await asyncio.sleep(0)
    stop.set()
    await following
    (fact,) = await published(hand)

    assert (fact.version, fact.reason) == (done.version, signed["reason"])
    assert fact.actor == "Dana Reyes and Tom Lindqvist"
