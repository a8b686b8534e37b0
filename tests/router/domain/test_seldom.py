"""H2, H4, H5: what nobody does anything about is told ever more seldom: not for ever, and never for the last time."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import EventType
from schemas.feedback import AttemptLogged, AttemptResult, HandoffAccepted
from schemas.handoff import OPEN, HandoffState
from services.router.domain import business_time
from services.router.domain.decision import Remind, SaveHandoff, SaveTriage
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.waking import FARTHEST, ever_later
from tests.router.agreements import AGREEMENTS, straw_man
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.lives import lived
from tests.router.office import Office

ADA, NAMES = "ada@acme.example", ("ada@acme.example", "bob@globex.example", "eve@initech.example", "c1", "c2")
BOOKS = st.one_of(AGREEMENTS, AGREEMENTS, AGREEMENTS, st.builds(straw_man))
LIVES = st.integers(0, 2**32).map(Random)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
A_REP, EVER_LATER = 4, 16
"""Tellings while one rep after the other is asked: two reminders, that it lapsed, and so for the manager; and after."""


def told(office: Office, until: datetime) -> Counter[UUID]:
    """What somebody was told of from here on, and how often, while nobody did anything."""
    known = len(office.commands)
    office.until(until)
    counted: Counter[UUID] = Counter()
    for command in office.commands[known:]:
        match command:
            case Remind():
                counted[command.handoff] += 1
            case SaveHandoff() if command.tell:
                counted[command.handoff.id] += 1
            case SaveTriage() if command.tell:
                counted[command.item.id] += 1
    return counted


def what_waits(office: Office) -> set[UUID]:
    handoffs = {each.id for each in office.world.handoffs.values() if each.state in OPEN}
    return handoffs | {each.id for each in office.world.triage.values() if each.open}


def the_last(office: Office) -> Handoff:
    """Ada's handoff, with the person of last resort since everybody else has let it lapse."""
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, says={"consultation": "yes"}))
    while office.handoff_of(ADA).assignee != "mona":
        office.until(office.handoff_of(ADA).accept_by or MONDAY)
    return office.handoff_of(ADA)


@given(BOOKS, LIVES)
def test_in_silence_nobody_is_told_of_anything_for_ever(playbook: Playbook, chance: Random) -> None:
    office = Office(playbook)
    now = lived(office, chance, NAMES, 15)
    before = {each.id: each.version for each in office.world.handoffs.values()}
    first = told(office, now + 13 * WEEK)
    then = told(office, now + 26 * WEEK)
    grown = [each.version - before.get(each.id, 0) for each in office.world.handoffs.values()]

    assert max(first.values(), default=0) <= A_REP * len(playbook.reps) + EVER_LATER
    assert max(then.values(), default=0) <= 2
    assert max(grown, default=0) <= A_REP * len(playbook.reps) + EVER_LATER
    assert what_waits(office) <= {timer.subject for timer in office.timers}


def test_whom_nobody_is_left_after_is_told_after_twice_the_time_each_time() -> None:
    office = Office()
    moments = [the_last(office).accept_by or MONDAY]
    for _ in range(4):
        office.until(moments[-1])
        moments.append(office.handoff_of(ADA).again_at or MONDAY)
    works = office.playbook.reps["mona"].hours
    pauses = [business_time.between(works, one, other) for one, other in pairwise(moments)]

    assert pauses == [4 * HOUR, 8 * HOUR, 16 * HOUR, 32 * HOUR]
    assert office.handoff_of(ADA).overdue == 4


def test_what_is_overdue_keeps_the_deadline_that_was_promised() -> None:
    office = Office()
    last = the_last(office)
    office.until(MONDAY + 26 * WEEK)
    after = office.handoff_of(ADA)

    assert (after.state, after.assignee, after.accept_by) == (HandoffState.OFFERED, "mona", last.accept_by)


def test_a_new_request_is_told_at_once_and_again_as_soon_as_the_first_one_was() -> None:
    office = Office()
    last = the_last(office)
    now = MONDAY + 28 * DAY
    office.until(now)
    far = office.handoff_of(ADA)
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, at=now, id="again", says={"consultation": "yes"}))
    after = office.handoff_of(ADA)

    assert far.again_at is not None
    assert far.again_at > now + 7 * DAY
    assert (after.again_at, after.accept_by) == (now + 2 * HOUR, last.accept_by)


def test_what_the_last_accepts_has_deadlines_as_any_other() -> None:
    office = Office()
    last = the_last(office)
    office.until(MONDAY + 14 * DAY)
    at = MONDAY + 14 * DAY + HOUR
    office.take(HandoffAccepted(id=an_id("yes"), handoff=last.id, actor="mona", at=at))
    after = office.handoff_of(ADA)

    assert (after.state, after.overdue, after.again_at) == (HandoffState.ACCEPTED, 0, None)
    assert after.attempt_by == at + 2 * HOUR


def test_an_attempt_that_is_overdue_is_asked_for_ever_more_seldom() -> None:
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, says={"consultation": "yes"}))
    handoff = office.handoff_of(ADA)
    result, at = AttemptResult.VOICEMAIL, MONDAY + 10 * MINUTE
    office.take(AttemptLogged(id=an_id("try"), handoff=handoff.id, actor=handoff.assignee, at=at, result=result))
    asked = [told(office, MONDAY + days * DAY)[handoff.id] for days in (2, 4, 8, 16, 32)]

    assert asked == [2, 1, 1, 1, 1]  # the first one on the way to the deadline


@pytest.mark.parametrize("within", [timedelta(seconds=1), MINUTE, 4 * HOUR, FARTHEST, 2 * FARTHEST])
def test_no_pause_is_longer_than_the_slowest_promise(within: timedelta) -> None:
    pauses = [ever_later(within, times) for times in (*range(40), 10**9)]

    assert pauses[:2] == [within, min(2 * within, max(within, FARTHEST))]
    assert pauses == sorted(pauses)
    assert pauses[-1] == max(within, FARTHEST)


def test_five_minutes_come_to_five_tellings_in_half_a_morning_and_five_more_in_two_weeks() -> None:
    """As docs/service-levels.md has it; inside sales works nine hours a day."""
    after = list(accumulate((ever_later(5 * MINUTE, times) for times in range(1, 10)), initial=timedelta()))

    assert after[4] == 2 * HOUR + 30 * MINUTE
    assert 8 * 9 * HOUR < after[9] < 10 * 9 * HOUR
