"""Teams and reps as values: zones validated, holidays resolved, every id unique."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from schemas.lead import Priority
from schemas.play import Address
from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_models_people import PersonPage, TeamPage
from services.router.domain.team import Absence, BusinessHours, Rep, ServiceLevel, Team
from services.router.domain.vocabulary import suggestion

YEARS = range(2020, 2051)
"""Holidays are resolved for all of these when the playbook loads, so that nothing depends on when it was loaded."""
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = timedelta(days=60)


@dataclass(slots=True)
class People:
    """Everybody, and the teams they are in."""

    reps: dict[str, Rep] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)


def people_of(book: Book) -> People:
    """All teams and their people; faults are noted on their pages."""
    people = People()
    for sheet in book.folder("teams", TeamPage):
        _add(people, sheet)
    if not book.names("teams"):
        book.fault("teams", "there is no team: write teams/<team>.yaml")
    return people


def _add(people: People, sheet: Sheet[TeamPage]) -> None:
    model, page = sheet.model, sheet.page
    hours = _hours(sheet, (), model.zone, model.hours, model.holidays)
    for part, persons in (("reps", model.reps), ("manager", model.manager)):
        for name, person in persons.items():
            if name in people.reps:
                page.fault((part, name), f"“{name}” is in the playbook twice: one person, one id, one team")
                continue
            people.reps[name] = _rep(sheet, (part, name), name, person, hours)
    for missing in set(Priority) - model.service.keys():
        page.fault(("service",), f"the service level of priority {missing} is missing")
    people.teams[sheet.name] = Team(
        name=sheet.name,
        label=model.label,
        reps=tuple(model.reps),
        manager=next(iter(model.manager)),
        hours=hours,
        service={priority: _service(sheet, priority) for priority in model.service},
    )


def _service(sheet: Sheet[TeamPage], priority: Priority) -> ServiceLevel:
    level = sheet.model.service[priority]
    for name in ("accept_within", "attempt_within", "triage_within"):
        given: timedelta = getattr(level, name)
        if not timedelta(0) < given <= _LONGEST:
            sheet.page.fault(("service", priority.value, name), f"`{name}` lies between a second and 60 days")
    if level.attempt_within < level.accept_within:
        sheet.page.fault(("service", priority.value), "the first attempt cannot be due before the lead is accepted")
    reminders = tuple(sorted(level.reminders))
    return ServiceLevel(level.accept_within, level.attempt_within, reminders, level.triage_within)


def _rep(sheet: Sheet[TeamPage], where: tuple[str, ...], name: str, person: PersonPage, team: BusinessHours) -> Rep:
    own = person.zone or person.hours or person.holidays
    hours = team
    if own:
        model = sheet.model
        zone, week = person.zone or model.zone, person.hours or model.hours
        hours = _hours(sheet, where, zone, week, person.holidays or model.holidays)
    for at, away in enumerate(person.away):
        if away.end < away.start:
            sheet.page.fault((*where, "away", at), "this absence ends before it starts")
    return Rep(
        id=name,
        name=person.name,
        email=person.email,
        hours=hours,
        addresses=tuple(Address(channel=each.channel, address=each.address) for each in person.addresses),
        weight=person.weight,
        capacity=person.capacity,
        away=tuple(
            Absence(_midnight(each.start, hours.zone), _midnight(each.end + timedelta(days=1), hours.zone))
            for each in person.away
            if each.end < date.max
        ),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def _hours(
    sheet: Sheet[TeamPage], where: tuple[str, ...], zone: str, week: Mapping[Any, Any], calendar: str | None
) -> BusinessHours:
    days = {}
    for day, intervals in week.items():
        for each in _WEEK[:5] if day == "weekdays" else (day,):
            days[_WEEK.index(each) + 1] = intervals
    free = frozenset[date]()
    if calendar:
        country, _, part = calendar.partition("-")
        found = holidays_of(country.upper(), part.upper())
        if found is None:
            sheet.page.fault((*where, "holidays"), _no_calendar(country.upper(), part.upper()))
        free = found or free
    return BusinessHours(_zone(sheet, where, zone), days, free)


def _zone(sheet: Sheet[TeamPage], where: tuple[str, ...], zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        meant = suggestion(zone.replace(" ", "_"), zones())
        sheet.page.fault((*where, "zone"), f"“{zone}” is no time zone: write it as “Europe/Berlin”", meant)
        return ZoneInfo("UTC")


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Every IANA zone that this machine knows."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


@lru_cache(maxsize=64)
def holidays_of(country: str, part: str) -> frozenset[date] | None:
    """The public holidays of a country or one of its parts over `YEARS`; None when there is no such calendar."""
    if part not in calendars().get(country, ()) and part:
        return None
    if country not in calendars():
        return None
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=YEARS))


@lru_cache(maxsize=1)
def calendars() -> Mapping[str, Iterable[str]]:
    """Every country whose holidays are known, and its parts."""
    found: Mapping[str, Iterable[str]] = holidays.list_supported_countries(include_aliases=True)
    return found


def _no_calendar(country: str, part: str) -> str:
    if part and country in calendars():
        return f"“{part}” is no part of {country} that has holidays: one of {', '.join(sorted(calendars()[country]))}"
    return f"“{country}” is no country code: write holidays as “US”, “DE-BY” or “GB-SCT”"
