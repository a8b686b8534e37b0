"""H2: business time against the clock on the wall, minute by minute, for two weeks around each change of the clock."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, pairwise, repeat
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

from services.router.domain.business_time import add, between, working
from services.router.domain.team import BusinessHours

pytestmark = pytest.mark.hypothesis  # it knows full counts
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",  # half an hour beside the others
    "America/Santiago",  # changes at midnight, in the south
    "America/Havana",  # has two midnights, and one day without
    "Asia/Beirut",  # has a day that begins at one o'clock
    "Asia/Kolkata",  # never changes, half an hour beside the others
    "Asia/Kathmandu",  # a quarter of an hour beside those
    "Australia/Adelaide",  # half an hour, in the south
    "Australia/Lord_Howe",  # changes by half an hour
    "Australia/Sydney",
    "Pacific/Chatham",  # changes at a quarter to three
    "Pacific/Apia",  # once left out a whole day
    "Antarctica/Troll",  # changes by two hours
)
CALENDARS = 2_000 // len(ZONES) if settings.default.max_examples >= 1000 else 3
"""For each zone."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WINDOW = 14 * 1440
ASKED = 25


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The days (UTC) on which the clock there changes, in both directions; any day where it never does."""
    years = (2011, 2012) if zone == "Pacific/Apia" else (2026, 2027)
    first = datetime(years[0], 1, 1, tzinfo=UTC)
    days = [first + number * DAY for number in range(730)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    found = [day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other]
    return tuple(found) or (days[100], days[300])


@cache
def wall(zone: str, start: datetime) -> tuple[tuple[int, int, date], ...]:
    """What the clock on the wall shows in each minute of the window: ISO weekday, minute of the day, date."""
    there = ZoneInfo(zone)
    minutes = accumulate(repeat(MINUTE, WINDOW - 1), initial=start)
    local = [minute.astimezone(there) for minute in minutes]
    return tuple([(each.isoweekday(), each.hour * 60 + each.minute, each.date()) for each in local])


@dataclass(frozen=True)
class Counted:
    """A calendar, and which minutes of the window are working time there, counted one by one."""

    calendar: BusinessHours
    start: datetime
    works: tuple[bool, ...]

    @property
    def passed(self) -> tuple[int, ...]:
        """Minutes of work that have passed at the beginning of each minute, and at the end of the window."""
        return (0, *accumulate(self.works))


def counted(chance: Random, zone: str) -> Counted:
    """A calendar at random and two weeks that hold a change of the clock, with holidays among them."""
    change = chance.choice(changes(zone))
    start = change - 7 * DAY
    shown = wall(zone, start)
    dates = sorted({day for _, _, day in shown})
    holidays = frozenset(chance.sample(dates, chance.randint(0, 4)))
    week = {day: _shifts(chance) for day in chance.sample(range(1, 8), chance.randint(1, 7))}
    open_at = {day: {minute for first, last in shifts for minute in range(first, last)} for day, shifts in week.items()}
    works = tuple(day not in holidays and minute in open_at.get(weekday, ()) for weekday, minute, day in shown)
    spans = {day: tuple((_time(first), _time(last)) for first, last in shifts) for day, shifts in week.items()}
    return Counted(BusinessHours(ZoneInfo(zone), spans, holidays), start, works)


def _shifts(chance: Random) -> list[tuple[int, int]]:
    """From one minute of the day to another, up to three times; the day's first and last minute among them."""
    edges = sorted(chance.sample((0, *range(1, 1440), 1440), 2 * chance.randint(1, 3)))
    if chance.random() < 0.15:
        edges[0] = 0
    if chance.random() < 0.15:
        edges[-1] = 1440
    return list(zip(edges[::2], edges[1::2], strict=True))


def _time(minute: int) -> time:
    return time(minute % 1440 // 60, minute % 60)


def cases(zone: str) -> list[tuple[Random, Counted]]:
    chance = Random(zone)
    return [(chance, counted(chance, zone)) for _ in range(CALENDARS)]


@pytest.mark.parametrize("zone", ZONES)
def test_between_two_instants_lie_the_minutes_that_the_wall_showed(zone: str) -> None:
    for chance, one in cases(zone):
        passed = one.passed
        whole = between(one.calendar, one.start, one.start + WINDOW * MINUTE)
        for _ in range(ASKED):
            first, last = sorted(chance.sample(range(WINDOW), 2))
            early, late = (timedelta(seconds=chance.randrange(60)) for _ in range(2))
            shown = (passed[last] - passed[first]) * MINUTE + one.works[last] * late - one.works[first] * early

            assert between(one.calendar, one.start + first * MINUTE + early, one.start + last * MINUTE + late) == shown
        assert whole == passed[-1] * MINUTE


@pytest.mark.parametrize("zone", ZONES)
def test_a_deadline_comes_when_the_wall_has_shown_as_many_minutes(zone: str) -> None:
    asked = 0
    for chance, one in cases(zone):
        passed = one.passed
        for _ in range(ASKED):
            start, length = chance.randrange(WINDOW), chance.choice((0, 1, 15, 60, 240, chance.randrange(3000)))
            wanted = passed[start] + length
            if wanted >= passed[-1]:  # it comes after the window
                continue
            end = bisect_left(passed, wanted) if length else bisect_left(passed, wanted + 1) - 1
            asked += 1

            assert (
                add(one.calendar, one.start + start * MINUTE, length * MINUTE) == one.start + max(start, end) * MINUTE
            )
    assert asked > CALENDARS


@pytest.mark.parametrize("zone", ZONES)
def test_somebody_works_when_the_wall_says_so(zone: str) -> None:
    for chance, one in cases(zone):
        for minute in chance.sample(range(WINDOW), 4 * ASKED):
            assert working(one.calendar, one.start + minute * MINUTE) is one.works[minute]
