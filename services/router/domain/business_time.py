"""Business time: deadlines that run only while somebody works, right across both clock changes and holidays.

The definition is the wall clock's: an instant is working time when a clock on the wall there shows a time within the
day's hours on a day that is no holiday. An hour that the clock shows twice counts twice; one it skips does not count.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from services.router.domain.team import BusinessHours

_LONGEST = 800
"""Days to look ahead: nobody closes for two years."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MIDNIGHT = time(0)

Span = tuple[datetime, datetime]
_KNOWN: dict[tuple[int, int], tuple[BusinessHours, tuple[Span, ...]]] = {}
_ADDED: dict[tuple[int, datetime, timedelta], tuple[BusinessHours, datetime]] = {}
"""Deadlines that were worked out: all draws of a batch start at one instant, and ask for the same few."""
_MOST = 4096


def add(hours: BusinessHours, start: datetime, duration: timedelta) -> datetime:
    """The instant (UTC) at which `duration` of business time has passed since `start`.

    Nothing to wait for gives the first working instant at or after `start`. Hours without any working time in the next
    two years run round the clock, so that every deadline comes.
    """
    key = id(hours), start, duration
    known = _ADDED.get(key)
    if known is not None and known[0] is hours:
        return known[1]
    if len(_ADDED) >= _MOST:
        _ADDED.clear()
    found = _added(hours, start, duration)
    _ADDED[key] = hours, found
    return found


def _added(hours: BusinessHours, start: datetime, duration: timedelta) -> datetime:
    left = duration
    begun = start.astimezone(UTC)
    for opens, closes in _spans(hours, begun):
        opens = max(opens, begun)  # noqa: PLW2901  (the span that is left of it)
        if closes - opens > left or (closes - opens == left and left):
            return opens + left
        left -= closes - opens
    return begun + duration


def between(hours: BusinessHours, start: datetime, end: datetime) -> timedelta:
    """How much business time lies between two instants; nothing when `end` is not after `start`."""
    total = timedelta()
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    for opens, closes in _spans(hours, first):
        if opens >= last:
            break
        total += max(timedelta(), min(closes, last) - max(opens, first))
    return total


def working(hours: BusinessHours, moment: datetime) -> bool:
    """Whether somebody works at this instant."""
    local = moment.astimezone(hours.zone)
    if local.date() in hours.holidays:
        return False
    now = local.time()
    return any(opens <= now and (closes == _MIDNIGHT or now < closes) for opens, closes in _on(hours, local.date()))


def _on(hours: BusinessHours, day: date) -> tuple[tuple[time, time], ...]:
    return hours.week.get(day.isoweekday(), ())


def _spans(hours: BusinessHours, start: datetime) -> Iterator[Span]:
    """The spans of working time (UTC) that end after `start`, in order, none touching what was before."""
    day = start.astimezone(hours.zone).date() - _DAY
    for _ in range(_LONGEST):
        if day not in hours.holidays:
            for span in _worked(hours, day):
                if span[1] > start:
                    yield span
        day += _DAY


def _worked(hours: BusinessHours, day: date) -> tuple[Span, ...]:
    """The spans of that local day, in order; remembered, because everybody asks for the same few days."""
    key = id(hours), day.toordinal()
    known = _KNOWN.get(key)
    if known is not None and known[0] is hours:
        return known[1]
    spans = tuple(sorted([span for interval in _on(hours, day) for span in _of_day(hours, day, interval)]))
    if len(_KNOWN) >= _MOST:
        _KNOWN.clear()
    _KNOWN[key] = hours, spans
    return spans


def _of_day(hours: BusinessHours, day: date, interval: tuple[time, time]) -> Iterator[Span]:
    """When, on that local day, the wall clock shows a time within the interval."""
    opens = datetime.combine(day, interval[0])
    closes = datetime.combine(day, interval[1]) if interval[1] != _MIDNIGHT else datetime.combine(day + _DAY, _MIDNIGHT)
    for begin, end, offset in _pieces(hours, day):
        span = max(begin, (opens - offset).replace(tzinfo=UTC)), min(end, (closes - offset).replace(tzinfo=UTC))
        if span[0] < span[1]:
            yield span


def _pieces(hours: BusinessHours, day: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """A generous stretch of UTC around the local day, cut where the offset changes."""
    middle = datetime.combine(day, time(12), UTC)
    begin, end = middle - timedelta(hours=28), middle + timedelta(hours=28)
    first, last = _offset(hours, begin), _offset(hours, end - _MINUTE)
    if first == last:
        yield begin, end, first
        return
    change = _change(hours, begin, end)
    yield begin, change, first
    yield change, end, last


def _change(hours: BusinessHours, begin: datetime, end: datetime) -> datetime:
    """The minute at which the offset changes, by halving."""
    first = _offset(hours, begin)
    low, high = 0, int((end - begin) / _MINUTE)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(hours, begin + middle * _MINUTE) == first:
            low = middle
        else:
            high = middle
    return begin + high * _MINUTE


def _offset(hours: BusinessHours, moment: datetime) -> timedelta:
    return moment.astimezone(hours.zone).utcoffset() or timedelta()
