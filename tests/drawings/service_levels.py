"""Four plays offered on a Friday evening: the same minute, four priorities, and deadlines that wait for Monday."""

from datetime import UTC, date, datetime, time, timedelta

from schemas.feedback import TimerKind
from schemas.lead import Priority
from services.router.domain import business_time, deadlines
from services.router.domain.decision import SetTimer
from services.router.domain.playbook import Playbook
from tests.drawings.offered import a_handoff
from tests.drawings.svg import Picture

TEAM, REP = "inside_sales", "maya"
FRIDAY, MONDAY = date(2026, 9, 18), date(2026, 9, 21)
OFFERED = time(17, 40)
LEFT, MIDDLE, RIGHT, TOP, ROW = 168, 408, 828, 104, 58
FIRST, LAST = (17.0, 18.5), (8.5, 18.5)
"""The hours that are shown of either day."""


def due(playbook: Playbook) -> dict[Priority, tuple[datetime, list[SetTimer]]]:
    """priority → when it has to be accepted, and every timer on the way, as the domain sets them."""
    zone = playbook.reps[REP].hours.zone
    start = datetime.combine(FRIDAY, OFFERED, zone).astimezone(UTC)
    found = {}
    for priority in Priority:
        handoff = a_handoff(team=TEAM, priority=priority, assignee=REP)
        within = deadlines.level_of(handoff, playbook).accept_within
        moment, timers = deadlines.timers(deadlines.ACCEPT, handoff, playbook, start, within)
        found[priority] = (moment, list(timers))
    return found


def draw(playbook: Playbook) -> str:
    """The picture."""
    rep, found = playbook.reps[REP], due(playbook)
    zone = rep.hours.zone
    told = "; ".join(f"{priority}: {moment.astimezone(zone):%A %H:%M}" for priority, (moment, _) in found.items())
    bottom = TOP + ROW * len(found)
    title = f"Offered on Friday at {OFFERED:%H:%M}: accept by when?"
    picture = Picture(title, f"Deadlines in business time across a weekend. {told}.", bottom + 78)
    _days(picture, playbook, bottom)
    for row, (priority, (moment, timers)) in enumerate(found.items()):
        y = TOP + ROW * row + 20
        level = playbook.teams[TEAM].service[priority]
        picture.text(24, y - 2, f"Priority {priority.value}", "bold")
        picture.text(24, y + 16, f"within {_span(level.accept_within)}", "soft")
        picture.line(_x(FRIDAY, 17 + 40 / 60), y, _place(moment, playbook), y, "ink")
        picture.dot(_x(FRIDAY, 17 + 40 / 60), y, 5)
        for timer in timers:
            if timer.kind is TimerKind.ACCEPT_REMINDER:
                picture.dot(
                    _place(timer.due_at, playbook), y, 5, "open", tip=f"{timer.due_at.astimezone(zone):%a %H:%M}"
                )
        picture.dot(_place(moment, playbook), y, 7, "no")
        picture.text(_place(moment, playbook) + 12, y + 5, f"{moment.astimezone(zone):%A %H:%M}", "bold")
    y = bottom + 34
    for x, style, says in (
        (24, "dot", "offered"),
        (110, "open", "a reminder"),
        (220, "no", "reassigned if nobody took it"),
    ):
        picture.dot(x + 6, y - 4, 6, style)
        picture.text(x + 20, y, says, "soft")
    picture.text(24, y + 24, "Shaded: business time. The clock stands still at night and over the weekend.", "soft")
    return picture.svg()


def _days(picture: Picture, playbook: Playbook, bottom: float) -> None:
    zone, hours = playbook.reps[REP].hours.zone, playbook.reps[REP].hours
    for day, (begin, end) in ((FRIDAY, FIRST), (MONDAY, LAST)):
        opens = next(x / 4 for x in range(int(begin * 4), int(end * 4)) if _works(hours, day, x / 4, zone))
        closes = next(x / 4 for x in range(int(opens * 4), int(end * 4) + 1) if not _works(hours, day, x / 4, zone))
        picture.rect(_x(day, opens), TOP - 8, _x(day, closes) - _x(day, opens), bottom - TOP + 8, "shade", round_=6)
        picture.text(_x(day, opens) + 4, 68, f"{day:%A}", "bold")
        step = 1 if day == FRIDAY else 2
        for hour in range(int(opens), int(closes) + 1, step):
            picture.text(_x(day, hour), TOP - 16, f"{hour}:00", "soft", anchor="middle")
    picture.text((_x(FRIDAY, FIRST[1]) + _x(MONDAY, LAST[0])) / 2, 68, "weekend", "soft", anchor="middle")


def _works(hours: object, day: date, hour: float, zone: object) -> bool:
    moment = datetime.combine(day, time(int(hour), int(hour % 1 * 60)), zone)  # type: ignore[arg-type]  # a rep's own zone
    return business_time.working(hours, moment.astimezone(UTC))  # type: ignore[arg-type]  # a rep's own hours


def _x(day: date, hour: float) -> float:
    if day == FRIDAY:
        return LEFT + (MIDDLE - 60 - LEFT) * (hour - FIRST[0]) / (FIRST[1] - FIRST[0])
    return MIDDLE + (RIGHT - MIDDLE) * (hour - LAST[0]) / (LAST[1] - LAST[0])


def _place(moment: datetime, playbook: Playbook) -> float:
    local = moment.astimezone(playbook.reps[REP].hours.zone)
    return _x(local.date(), local.hour + local.minute / 60)


def _span(time_: timedelta) -> str:
    minutes = round(time_.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min" if rest else f"{hours} h"
