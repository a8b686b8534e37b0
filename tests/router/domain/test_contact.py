"""R7, in numbers: how often people hear from us, and the times at which they ask to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.contact import FURTHEST, Cap, free_at, moment_asked_for, remembered
from services.router.domain.moments import milliseconds
from tests.router.builders import MONDAY

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("contacts", "most", "free"),
    [
        pytest.param((), 1, None, id="nobody has called yet"),
        pytest.param((1,), 2, None, id="one more fits"),
        pytest.param((1, 2), 2, 25, id="the first of two must be a day old"),
        pytest.param((1, 2, 5), 2, 26, id="the second last of three"),
        pytest.param((-14, 2), 2, None, id="what is a day old counts no more"),
        pytest.param((5, 1, 2), 2, 26, id="in whatever order they are told"),
    ],
)
def test_a_cap_is_free_again_when_its_oldest_contact_is_old_enough(
    contacts: tuple[int, ...], most: int, free: int | None
) -> None:
    told = [milliseconds(MONDAY + hour * HOUR) for hour in contacts]
    expected = None if free is None else MONDAY + free * HOUR

    assert free_at(Cap(most, DAY), told, MONDAY + 10 * HOUR) == expected


@given(st.lists(st.integers(0, 3000), max_size=30), st.integers(1, 6), st.integers(1, 600))
def test_whoever_calls_when_the_cap_is_free_never_exceeds_it(wishes: list[int], most: int, within: int) -> None:
    cap, made = Cap(most, within * MINUTE), list[datetime]()
    contacts: tuple[int, ...] = ()
    for wish in sorted(wishes):
        now = max([MONDAY + wish * MINUTE, *made[-1:]])
        at = free_at(cap, contacts, now) or now
        made.append(at)
        contacts = remembered(contacts, milliseconds(at))
        # calls at one instant are one contact to the memory: nobody calls twice in a millisecond
        made = sorted(set(made))
    worst = max((sum(one <= other < one + cap.within for other in made) for one in made), default=0)

    assert worst <= most


@pytest.mark.parametrize(
    ("said", "zone", "asked"),
    [
        ("2026-09-15T14:30:00Z", None, datetime(2026, 9, 15, 14, 30, tzinfo=UTC)),
        ("2026-09-15T14:30:00.000000Z", None, datetime(2026, 9, 15, 14, 30, tzinfo=UTC)),
        ("2026-09-15 14:30+02:00", "America/New_York", datetime(2026, 9, 15, 12, 30, tzinfo=UTC)),
        ("2026-09-15T14:30", "America/New_York", datetime(2026, 9, 15, 18, 30, tzinfo=UTC)),
        ("2026-09-15T14:30", "Middle/Earth", datetime(2026, 9, 15, 14, 30, tzinfo=UTC)),
        ("2026-09-16", "Asia/Tokyo", datetime(2026, 9, 15, 15, 0, tzinfo=UTC)),
        (" 2026-09-16 ", None, datetime(2026, 9, 16, tzinfo=UTC)),
        ("9999-12-31", "Pacific/Kiritimati", MONDAY + FURTHEST),
        ("9999-12-31T23:59:59-12:00", None, None),
        ("2026-09-14", None, None),
        ("2020-01-01", None, None),
        ("next week", None, None),
        ("../../etc/passwd", "../../etc/passwd", None),
        ("", None, None),
        (20260916, None, None),
        (True, None, None),
        (None, None, None),
    ],
)
def test_a_time_that_somebody_asks_for_is_an_instant_or_nothing(
    said: object, zone: object, asked: datetime | None
) -> None:
    assert moment_asked_for(said, zone, MONDAY) == asked


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_stranger_types_where_a_time_should_stand_holds_nothing_up_for_long(said: str, zone: str) -> None:
    asked = moment_asked_for(said, zone, MONDAY)

    assert asked is None or MONDAY < asked <= MONDAY + FURTHEST
