"""R5 and H2 together: a better priority brings forward whatever its handoff waits for, reminders included."""

from dataclasses import replace
from datetime import datetime, timedelta

from schemas.event import Event, EventType
from schemas.feedback import HandoffAccepted
from schemas.lead import Priority
from services.router.domain.decision import Remind
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
from tests.router.office import Office

FORM = EventType.FORM_SUBMITTED
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ADA, VP = "ada@acme.example", {"title": "Vice President"}


def a_request(*people: str, after: timedelta = timedelta(), **more: str) -> Event:
    """Somebody asks for a call, so long after Monday's first hour."""
    return an_event(FORM, *people, at=MONDAY + after, id=f"asked after {after}", says={"consultation": "yes", **more})


def hurrying() -> Playbook:
    """The better the priority, the sooner the first attempt is due: half an hour more for each letter."""
    book = a_playbook()
    teams = {}
    for name, team in book.teams.items():
        levels = {
            priority: replace(level, attempt_within=(1 + list(Priority).index(priority)) * HOUR / 2)
            for priority, level in team.service.items()
        }
        teams[name] = replace(team, service=levels)
    return replace(book, teams=teams)


def accepted(office: Office, handoff: Handoff) -> Handoff:
    at = MONDAY + MINUTE
    office.take(HandoffAccepted(id=an_id("takes it"), handoff=handoff.id, actor=handoff.assignee, at=at))
    return office.handoff_of(ADA)


def reminded(office: Office, until: datetime) -> list[timedelta]:
    """When somebody was reminded, a minute at a time."""
    found, known = [], _reminders(office)
    moment = MONDAY
    while moment < until:
        office.until(moment)
        found += [moment - MONDAY] * (_reminders(office) - known)
        known = _reminders(office)
        moment += MINUTE
    return found


def _reminders(office: Office) -> int:
    return sum(isinstance(each, Remind) for each in office.commands)


def test_an_offers_reminders_come_before_its_new_deadline_and_the_former_ones_stay_silent() -> None:
    office = Office()
    office.take(a_request(ADA))
    slow = office.handoff_of(ADA)
    office.take(a_request(ADA, after=10 * MINUTE, **VP))
    fast = office.handoff_of(ADA)
    assert fast.accept_by is not None

    assert (slow.priority, slow.accept_by) == (Priority.D, MONDAY + 120 * MINUTE)
    assert (fast.priority, fast.accept_by) == (Priority.C, MONDAY + 100 * MINUTE)
    assert reminded(office, fast.accept_by) == [55 * MINUTE, 82 * MINUTE]


def test_without_more_haste_the_reminders_stay_where_they_were() -> None:
    office = Office()
    office.take(a_request(ADA))
    office.take(a_request(ADA, after=10 * MINUTE))

    assert reminded(office, MONDAY + 120 * MINUTE) == [60 * MINUTE, 96 * MINUTE]


def test_the_first_attempt_of_an_accepted_play_is_due_sooner_with_its_reminders() -> None:
    office = Office(playbook=hurrying())
    office.take(a_request(ADA))
    before = accepted(office, office.handoff_of(ADA))
    office.take(a_request(ADA, after=11 * MINUTE, **VP))
    after = office.handoff_of(ADA)
    assert after.attempt_by is not None
    wakes = reminded(office, after.attempt_by)
    office.until(after.attempt_by)

    assert (before.attempt_by, after.attempt_by) == (MONDAY + 121 * MINUTE, MONDAY + 101 * MINUTE)
    assert wakes == [56 * MINUTE, 83 * MINUTE]
    assert office.handoff_of(ADA).round == 2


def test_a_deadline_is_never_moved_back() -> None:
    office = Office()
    office.take(a_request(ADA))
    office.take(a_request(ADA, after=80 * MINUTE, **VP))
    after = office.handoff_of(ADA)

    assert (after.priority, after.accept_by) == (Priority.C, MONDAY + 120 * MINUTE)
    assert reminded(office, MONDAY + 120 * MINUTE) == [60 * MINUTE, 96 * MINUTE]


def test_a_merge_that_betters_the_priority_brings_the_deadline_forward_as_well() -> None:
    office = Office()
    office.take(a_request(ADA))
    slow = office.handoff_of(ADA)
    office.take(a_request("c2", after=MINUTE, **VP))
    office.take(an_event(FORM, ADA, "c2", at=MONDAY + 2 * MINUTE, id="it was her"))
    one = office.handoff_of(ADA)

    assert (one.id, one.priority) == (slow.id, Priority.C)
    assert one.accept_by == MONDAY + 92 * MINUTE
    assert reminded(office, MONDAY + 92 * MINUTE) == [47 * MINUTE, 74 * MINUTE]
