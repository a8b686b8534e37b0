"""How often people hear from us, and since when they may: caps over people's acts, and the times they ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.router.domain.moments import instant, milliseconds

MOST = 20
"""Contacts that are remembered of a person or an account: no cap counts further."""
FURTHEST = timedelta(days=60)
"""How far ahead a time that somebody asked for is believed: anyone can type any year into a form."""
_MIDNIGHT = time(0)
_DAY_ALONE = len("2026-12-01")


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many contacts within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Contact:
    """What moves the next call. It never holds back a handoff, and never a request for a call."""

    person: Cap | None = None
    """Of one person, whoever calls and for whatever reason."""
    account: Cap | None = None
    """Of all people of one account together."""
    asked_for: tuple[str, ...] = ()
    """Where people say when they want to be called: paths, the first that tells a time wins."""


NO_CAPS = Contact()
"""Whoever deserves a call is called."""


def free_at(cap: Cap | None, contacts: Iterable[int], now: datetime) -> datetime | None:
    """When one more contact fits under the cap (UTC); None where it does now. `contacts` are milliseconds, UTC."""
    if cap is None:
        return None
    since = milliseconds(now - cap.within)
    recent = sorted(each for each in contacts if each > since)
    return instant(recent[-cap.most]) + cap.within if len(recent) >= cap.most else None


def remembered(contacts: Iterable[int], *more: int) -> tuple[int, ...]:
    """The contacts with these as well, the latest `MOST` of them, ascending; each once."""
    return tuple(sorted({*contacts, *more})[-MOST:])


def moment_asked_for(said: object, zone: object, now: datetime) -> datetime | None:
    """The instant (UTC) that somebody asked for, as ISO 8601; None for what is no time, or no later than `now`.

    A day alone begins at midnight. Without an offset it is `zone`'s (IANA) wall clock, else UTC's. What lies further
    ahead than `FURTHEST` is brought back to it.
    """
    if not isinstance(said, str):
        return None
    text = said.strip()
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == _DAY_ALONE:
            moment = datetime.combine(moment.date(), _MIDNIGHT)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(zone))
        asked = min(moment.astimezone(UTC), now + FURTHEST)
    except (ValueError, OverflowError):
        return None
    return asked if asked > now else None


def _zone(zone: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(zone)) if zone else ZoneInfo("UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
