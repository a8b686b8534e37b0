"""H2: business time against a brute-force oracle that looks at the clock on the wall every minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.business_time import add, between, working
from services.router.domain.team import BusinessHours
from tests.router.builders import hours

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
CHANGES = (
    datetime(2026, 3, 29, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 6, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
    datetime(2026, 4, 4, 14, tzinfo=UTC),
    datetime(2026, 6, 3, 12, tzinfo=UTC),
)


def on_the_wall(calendar: BusinessHours, moment: datetime) -> bool:
    local = moment.astimezone(calendar.zone)
    spans = calendar.week.get(local.isoweekday(), ())
    open_now = any(opens <= local.time() and (closes == time(0) or local.time() < closes) for opens, closes in spans)
    return open_now and local.date() not in calendar.holidays


def oracle(calendar: BusinessHours, start: datetime, minutes: int) -> datetime:
    moment, left = start, minutes
    while left or not on_the_wall(calendar, moment):
        left -= on_the_wall(calendar, moment) if left else 0
        moment += MINUTE
        if not left and minutes:
            return moment
    return moment


@st.composite
def calendars(draw: st.DrawFn) -> BusinessHours:
    """Shifts on some weekdays, night shifts and gaps included, and perhaps a holiday."""
    week = {}
    for day in draw(st.sets(st.integers(1, 7), min_size=3)):
        edges = sorted(draw(st.sets(st.integers(0, 47), min_size=2, max_size=4)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        week[day] = tuple((time(a // 2, 30 * (a % 2)), time(b // 2, 30 * (b % 2))) for a, b in pairs)
    holidays = draw(st.frozensets(st.dates(date(2026, 3, 1), date(2026, 3, 31)), max_size=3))
    return BusinessHours(ZoneInfo(draw(st.sampled_from(ZONES))), week, holidays)


@given(calendars(), st.sampled_from(CHANGES), st.integers(-1500, 1500), st.integers(0, 1200))
def test_a_deadline_is_where_a_minute_by_minute_count_puts_it(
    calendar: BusinessHours, change: datetime, offset: int, minutes: int
) -> None:
    start = change + offset * MINUTE
    due = add(calendar, start, minutes * MINUTE)
    again = add(calendar, start, minutes * MINUTE)

    assert due == again == oracle(calendar, start, minutes)


@given(calendars(), st.sampled_from(CHANGES), st.integers(-1500, 1500), st.integers(0, 4000))
def test_the_time_between_is_the_minutes_that_the_wall_clock_showed(
    calendar: BusinessHours, change: datetime, offset: int, minutes: int
) -> None:
    start = change + offset * MINUTE
    shown = sum(on_the_wall(calendar, start + n * MINUTE) for n in range(minutes))

    assert between(calendar, start, start + minutes * MINUTE) == shown * MINUTE
    assert working(calendar, start) is on_the_wall(calendar, start)


@pytest.mark.parametrize(
    ("start", "within", "due"),
    [
        ("2026-09-14 09:00", 30, "2026-09-14 09:30"),
        ("2026-09-14 16:45", 30, "2026-09-15 09:15"),
        ("2026-09-18 16:45", 30, "2026-09-21 09:15"),
        ("2026-09-19 12:00", 30, "2026-09-21 09:30"),
        ("2026-09-18 16:30", 30, "2026-09-18 17:00"),
        ("2026-09-18 17:00", 0, "2026-09-21 09:00"),
    ],
)
def test_half_an_hour_is_half_an_hour_of_work(start: str, within: int, due: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begun, ended = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, due))

    assert add(hours(), begun, within * MINUTE) == ended


def test_hours_in_which_nobody_ever_works_still_let_a_deadline_come() -> None:
    never = BusinessHours(ZoneInfo("UTC"), {})
    start = datetime(2026, 9, 14, 9, tzinfo=UTC)

    assert add(never, start, 30 * MINUTE) == start + 30 * MINUTE
    assert between(never, start, start + timedelta(days=1)) == timedelta()
