"""Replaying from nothing or from a snapshot gives the same verdicts, byte for byte, and draws nobody again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas.event import EventType
from schemas.feedback import RejectReason
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.replay import Replayed, ReplayError, replay
from tests.migrated import copied
from tests.router.shell.building import (
    a_bot,
    a_consultation,
    a_page_view,
    a_pass,
    a_rejection,
    a_whitepaper,
    an_accept,
    an_erasure,
    an_event,
)
from tests.router.shell.choking import POISON, choking
from tests.router.shell.ring import Hand
from tests.router.shell.test_erasure import JEAN, jeans_colleagues_come, what_others_saw

pytestmark = pytest.mark.whole  # a past is decided, and then once more


@pytest.fixture
async def scratch(tmp_path: Path, log: Log, clock: ManualClock, playbook: Playbook) -> AsyncIterator[Hand]:
    """An empty router of its own, on another database, beside the same log."""
    await copied(PACKAGE, tmp_path / "scratch.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/scratch.db")
    yield Hand(database, log, clock, playbook)
    await database.close()


async def a_day(hand: Hand) -> None:
    """Something of everything: merges, duplicates, rejections, deadlines, machines."""
    twice = a_consultation("ada@acme.example", cookie="web:1")
    await hand.feed(a_page_view("web:1", "/pricing"), a_page_view("web:2"), a_bot("web:3"))
    await hand.feed(twice, twice, an_event(EventType.CONTENT_DOWNLOADED, email="grace@bolt.example", cookie="web:2"))
    await hand.feed(a_consultation("joan@acme.example"), an_event(email="grace@bolt.example", source="crm"))
    (first, second) = await hand.handoffs()
    await hand.feed(an_accept(first.id, first.assignee, hand.clock.now()))
    await hand.feed(a_rejection(second.id, second.assignee, RejectReason.WRONG_REP, hand.clock.now()))
    await hand.feed(a_whitepaper("alan@cray.example"))
    (item,) = [one for one in await hand.items() if one.open]
    await hand.feed(a_pass(item.id, hand.desk.shelf.current.last_resort, hand.clock.now()))
    await hand.feed(a_page_view("web:1", "/case-studies"), a_consultation("grace@bolt.example"))
    hand.clock.advance(timedelta(hours=30))
    await hand.pump.fire()
    await hand.drain()


async def played_again(hand: Hand, scratch: Hand, *books: Playbook) -> Replayed:
    known = {(book.version, book.lists_version): book for book in (hand.desk.shelf.current, *books)}
    return await replay(hand.database, hand.log, scratch.desk, known)


async def test_from_nothing_every_verdict_is_the_same(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    done = await played_again(hand, scratch)

    assert done.differences == []
    assert done.verdicts == len(await hand.rows(tables.VERDICT)) > 5
    assert done.draws >= 4


async def test_what_others_had_counted_and_not_committed_yet_was_not_seen_and_is_not_seen_again(
    hand: Hand, scratch: Hand
) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    async with hand.database.transaction() as connection:  # as if that were still on its way when the next one looks
        await connection.execute(update(tables.FLOOD).values(count=0))
    await hand.feed(a_consultation("joan@bolt.example"))
    done = await played_again(hand, scratch)

    assert done.verdicts == 2
    assert done.differences == []


async def test_the_state_is_the_same_as_well(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    await played_again(hand, scratch)

    for table, column in ((tables.IDENTIFIER, "dossier"), (tables.STANDING, "standing"), (tables.HANDOFF, "handoff")):
        live = {tuple(row)[:2]: getattr(row, column) for row in await hand.rows(table)}
        again = {tuple(row)[:2]: getattr(row, column) for row in await scratch.rows(table)}

        assert again == live


async def test_assignments_are_applied_though_the_teams_have_changed(
    hand: Hand, scratch: Hand, playbook: Playbook
) -> None:
    await a_day(hand)
    done = await replay(
        hand.database,
        hand.log,
        scratch.desk,
        {(playbook.version, playbook.lists_version): replace(playbook, teams=_reversed(playbook))},
    )

    assert done.differences == []
    assert [one.assignee for one in await scratch.handoffs()] == [one.assignee for one in await hand.handoffs()]


def _reversed(playbook: Playbook) -> dict[str, object]:
    return {name: replace(team, reps=tuple(reversed(team.reps))) for name, team in playbook.teams.items()}


async def test_from_a_snapshot_only_what_came_after_is_decided_again(hand: Hand, scratch: Hand) -> None:
    await hand.feed(a_page_view("web:1"), a_consultation("ada@acme.example", cookie="web:1"))
    await snapshot(hand.database, scratch.database)
    await hand.feed(a_page_view("web:1", "/pricing"), a_consultation("grace@bolt.example"))
    done = await played_again(hand, scratch)

    assert done.differences == []
    assert 0 < done.verdicts < len(await hand.rows(tables.VERDICT))


async def snapshot(source: Database, target: Database) -> None:
    """Copy every row, as a backup does."""
    async with source.reading() as reading, target.transaction() as writing:
        for table in tables.METADATA.sorted_tables:
            rows = [dict(row._mapping) for row in await reading.execute(select(table))]
            if rows:
                await writing.execute(table.insert(), rows)


async def test_poisoned_events_have_no_effect_in_a_replay_either(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook, scratch: Hand
) -> None:
    hand = Hand(house, log, clock, choking(playbook))
    await hand.feed(an_event(email="ada@acme.example"), an_event(email="ada@acme.example", name=POISON))
    await hand.feed(an_event(email="ada@acme.example"))
    done = await played_again(hand, scratch)

    assert done.differences == []
    assert done.verdicts == 2


async def test_the_erased_stay_erased(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)
    await hand.feed(an_erasure("ada@acme.example", hand.clock.now() + timedelta(hours=1)))
    done = await played_again(hand, scratch)
    values = {row.value for row in await scratch.rows(tables.IDENTIFIER)}

    assert done.differences == []
    assert "ada@acme.example" not in values


async def test_what_others_saw_of_the_play_of_somebody_who_was_erased_comes_out_again(
    hand: Hand, scratch: Hand
) -> None:
    await jeans_colleagues_come(hand)
    await hand.feed(an_erasure(JEAN, hand.clock.now() + timedelta(hours=1)))
    done = await played_again(hand, scratch)

    assert len(await what_others_saw(hand)) >= 3
    assert done.verdicts == len(await hand.rows(tables.VERDICT)) >= 3
    assert done.differences == []
    assert await what_others_saw(scratch) == await what_others_saw(hand)


async def test_a_changed_playbook_shows_up_as_a_difference(hand: Hand, scratch: Hand, playbook: Playbook) -> None:
    await a_day(hand)
    stricter = replace(playbook, scoring=replace(playbook.scoring, threshold=playbook.scoring.threshold * 2))
    done = await replay(hand.database, hand.log, scratch.desk, {(playbook.version, playbook.lists_version): stricter})

    assert done.differences != []


async def test_a_missing_playbook_is_named(hand: Hand, scratch: Hand) -> None:
    await a_day(hand)

    with pytest.raises(ReplayError, match=hand.desk.shelf.current.version):
        await replay(hand.database, hand.log, scratch.desk, {})


async def test_each_leads_numbers_have_no_gap_and_no_double(hand: Hand) -> None:
    await a_day(hand)
    numbers: dict[object, list[int]] = {}
    for row in [*await hand.rows(tables.VERDICT), *await hand.rows(tables.ACT)]:
        numbers.setdefault(row.lead, []).append(row.seq)
    standings = {row.lead: codec.STANDING.decode(row.standing).seq for row in await hand.rows(tables.STANDING)}

    assert all(len(set(some)) == len(some) for some in numbers.values())
    assert {lead: max(some) for lead, some in numbers.items() if lead in standings}.items() <= standings.items()
