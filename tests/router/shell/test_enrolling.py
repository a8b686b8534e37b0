"""H6: the router says on the log who enters a nurture track and who leaves it: once, and never of the past."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid5

import pytest

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log, Message
from schemas.enrolment import ChangeEnrolment, EnrolmentStep
from schemas.event import Event, EventType
from schemas.fact import encode
from schemas.feedback import RejectReason
from schemas.play import ErasePlay
from schemas.topics import EVENTS_BEHAVIOUR, FEEDBACK, PLAYS
from services.router.domain.playbook import Playbook
from services.router.migrations import PACKAGE
from services.router.replay import replay
from tests.migrated import copied
from tests.router.shell.building import NOON, a_consultation, a_rejection, an_erasure, an_event
from tests.router.shell.ring import Hand
from tests.router.shell.test_erasure import everything

ADA, TOOL = "ada.lovelace@analytical.example", "https://tool.example/hooks/nurture"


@pytest.fixture(scope="session")
def playbook(playbook: Playbook) -> Playbook:
    """The straw man, with a tool behind every track."""
    return told_by(playbook)


def told_by(book: Playbook, address: str = TOOL) -> Playbook:
    return replace(book, tracks=tuple(replace(track, webhook=address) for track in book.tracks))


def a_form(at: timedelta = timedelta(), **more: object) -> Event:
    claims = {"full_name": "Ada Lovelace", "budget": "no", "company": "Analytical Engines"}
    return an_event(EventType.CONTENT_DOWNLOADED, email=ADA, claims=claims, at=NOON + at, **more)


async def told(hand: Hand) -> list[ChangeEnrolment]:
    return [one for one in await hand.cards() if isinstance(one, ChangeEnrolment)]


async def test_the_command_is_complete_in_itself(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_form())
    (command,) = await told(hand)
    (verdict,) = [one for one in hand.told if one.kind == "verdict"]
    label = next(track.label for track in playbook.tracks if track.name == "no_budget")

    assert (command.step, command.track, command.label) == (EnrolmentStep.ENROLLED, "no_budget", label)
    assert (command.address, command.at, command.lead) == (TOOL, NOON, verdict.lead)
    assert (command.contact.email, command.contact.name) == (ADA, "Ada Lovelace")
    assert command.reason == " ".join(verdict.reasons)
    assert command.verdict == uuid5(verdict.event, "verdict")
    assert command.expires_at == hand.clock.now() + timedelta(days=3)


async def test_whoever_watches_sees_it_behind_the_verdict(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_form())

    assert [(one.kind, one.what, one.told) for one in hand.told][-1] == ("track", "enrolled", True)
    assert [one.kind for one in hand.told] == ["verdict", "track"]


async def test_whoever_passes_leaves_by_the_same_enrolment(hand: Hand) -> None:
    await hand.feed(a_form())
    await hand.feed(a_consultation(ADA, at=NOON + timedelta(days=2)))
    entered, left = await told(hand)
    (handoff,) = await hand.handoffs()

    assert [entered.step, left.step] == [EnrolmentStep.ENROLLED, EnrolmentStep.GRADUATED]
    assert (entered.enrolment, entered.at) == (left.enrolment, left.since)
    assert handoff.brief.history[-1].startswith("In nurture since 2026-03-03: ")


async def test_an_event_that_comes_twice_enrols_once(hand: Hand) -> None:
    twice = a_form()
    await hand.feed(twice, twice)
    await hand.feed(twice)

    assert len(await told(hand)) == 1


async def test_a_batch_whose_commit_was_not_seen_enrols_once(hand: Hand) -> None:
    (partition,) = await hand.log.partitions(EVENTS_BEHAVIOUR.name)
    await hand.append(a_form())
    batch = await hand.batch(partition)
    assert batch is not None
    await hand.handle(batch)
    await hand.take(partition)
    await hand.drain()
    commands = await told(hand)

    assert len({one.id for one in commands}) == len(commands) == 1


async def test_what_is_history_enrols_nobody(hand: Hand) -> None:
    await hand.feed(a_form(historical=True))
    await hand.feed(a_form(timedelta(hours=1), occurred_at=NOON - timedelta(days=3)))

    assert await told(hand) == []
    assert {one.outcome for one in hand.told if one.kind == "verdict"} == {"nurture"}


async def test_a_replay_tells_nobody(
    hand: Hand, log: Log, clock: ManualClock, playbook: Playbook, tmp_path: Path
) -> None:
    await hand.feed(a_form())
    await hand.feed(a_consultation(ADA, at=NOON + timedelta(days=2)))
    before = len(await hand.said(PLAYS.name))
    await copied(PACKAGE, tmp_path / "again.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/again.db")
    scratch = Hand(database, log, clock, playbook)
    done = await replay(hand.database, log, scratch.desk, {(playbook.version, playbook.lists_version): playbook})
    await scratch.desk.outbox.flush()
    await database.close()

    assert (done.verdicts, done.differences) == (2, [])
    assert len(await hand.said(PLAYS.name)) == before


async def test_a_track_without_an_address_is_kept_and_told_to_nobody(hand: Hand, playbook: Playbook) -> None:
    hand.desk.shelf.put(replace(told_by(playbook, ""), version="silent"))
    await hand.feed(a_form())

    assert await told(hand) == []
    assert [(one.kind, one.told) for one in hand.told][-1] == ("track", False)


async def test_a_stay_outlives_its_page(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_form())
    fewer = tuple(track for track in playbook.tracks if track.name != "no_budget")
    hand.desk.shelf.put(replace(playbook, version="without the page", tracks=fewer))
    await hand.feed(a_consultation(ADA, at=NOON + timedelta(days=2)))

    assert [(one.step.value, one.address) for one in await told(hand)] == [("enrolled", TOOL), ("graduated", TOOL)]


async def test_whoever_asks_to_be_forgotten_is_forgotten_by_the_tool_as_well(hand: Hand) -> None:
    await hand.feed(a_form())
    await hand.feed(a_consultation(ADA, at=NOON + timedelta(days=2)))
    enrolment = (await told(hand))[0].enrolment
    await hand.feed(an_erasure(ADA, NOON + timedelta(days=3)))
    blanks = {one.handoff for one in await hand.cards() if isinstance(one, ErasePlay)}

    assert enrolment in blanks
    assert b"ada.lovelace" not in await everything(hand)


async def test_an_enrolment_in_the_batch_of_their_erasure_is_never_told(hand: Hand) -> None:
    await hand.feed(a_consultation(ADA, at=NOON, claims={"budget": "no"}))
    (handoff,) = await hand.handoffs()
    at = NOON + timedelta(hours=1)
    facts = [a_rejection(handoff.id, handoff.assignee, RejectReason.NOT_READY, at), an_erasure(ADA, at)]
    shown = len(await hand.cards())
    await hand.log.append(FEEDBACK.name, [Message(b"k", encode(fact)) for fact in facts])
    await hand.drain()

    assert [type(one).__name__ for one in (await hand.cards())[shown:]] == ["ErasePlay"] * 2
