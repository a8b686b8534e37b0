"""A day of a team's rotation: who is at work when, who got which play, and what everybody was entitled to."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.lead import Priority
from services.router.domain import business_time
from services.router.domain.assignment import Rotation
from services.router.domain.assignment import draw as drawn
from services.router.domain.decision import Draw
from services.router.domain.fairness import Share, fairness
from services.router.domain.playbook import Playbook
from tests.drawings.offered import a_handoff
from tests.drawings.svg import Picture

TEAM = "inside_sales"
DAY = date(2026, 9, 15)
HOURS = (8, 20)
EVERY = timedelta(minutes=45)
LEFT, RIGHT, TOP, ROW = 178, 650, 92, 62


def played(playbook: Playbook) -> list[tuple[datetime, Draw]]:
    """A play every three quarters of an hour, each drawn by the domain's own rotation; nobody's hands are full."""
    zone, rotation, found = playbook.teams[TEAM].hours.zone, Rotation(), []
    moment = datetime.combine(DAY, time(9), zone).astimezone(UTC)
    while moment.astimezone(zone).hour < HOURS[1] - 1:
        who, rotation = drawn(a_handoff(team=TEAM, priority=Priority.C), playbook, rotation, {}, moment)
        found.append((moment, who))
        moment += EVERY
    return found


def shares(playbook: Playbook) -> dict[str, Share]:
    """What everybody got and was entitled to, with the causes of the difference."""
    weights = {rep: playbook.reps[rep].weight for rep in playbook.teams[TEAM].reps}
    return fairness([who for _, who in played(playbook)], weights)


def draw(playbook: Playbook) -> str:
    """The picture."""
    team, plays, parts = playbook.teams[TEAM], played(playbook), shares(playbook)
    bottom = TOP + ROW * len(team.reps)
    told = ", ".join(f"{playbook.reps[rep].name} {share.got}" for rep, share in parts.items())
    picture = Picture(f"A day of the rotation: {team.label}", f"{len(plays)} plays in one day: {told}.", bottom + 74)
    zone = team.hours.zone
    for hour in range(HOURS[0], HOURS[1] + 1, 2):
        picture.line(_x(hour), TOP - 14, _x(hour), bottom - 10)
        picture.text(_x(hour), TOP - 22, f"{hour}:00", "soft", anchor="middle")
    for head, x in (("got", 700), ("entitled to", 790)):
        picture.text(x, TOP - 22, head, "soft", anchor="middle")
    for row, rep in enumerate(team.reps):
        y = TOP + ROW * row
        _rep(picture, playbook, rep, y)
        for number, (moment, who) in enumerate(plays, 1):
            if who.rep == rep:
                x = _x(_hour(moment, zone))
                picture.dot(x, y + 16, 11, f"c{row}", tip=f"{number}: {moment.astimezone(zone):%H:%M}")
                picture.text(x, y + 20.5, str(number), "on", anchor="middle")
        picture.text(700, y + 21, str(parts[rep].got), "bold", anchor="middle")
        picture.text(790, y + 21, f"{float(parts[rep].entitled):.1f}", anchor="middle")
    picture.text(24, bottom + 18, f"Shaded: at work. Clock times of {zone.key.replace('_', ' ')}.", "soft")
    picture.text(24, bottom + 40, _because(playbook, parts), "soft")
    return picture.svg()


def _rep(picture: Picture, playbook: Playbook, rep: str, y: float) -> None:
    person = playbook.reps[rep]
    picture.text(24, y + 14, person.name, "bold")
    picture.text(
        24, y + 32, f"weight {person.weight} · {person.hours.zone.key.rpartition('/')[2].replace('_', ' ')}", "soft"
    )
    zone = playbook.teams[TEAM].hours.zone
    begin = datetime.combine(DAY, time(HOURS[0]), zone).astimezone(UTC)
    quarter, x = timedelta(minutes=15), None
    for step in range((HOURS[1] - HOURS[0]) * 4 + 1):
        moment = begin + step * quarter
        works = step < (HOURS[1] - HOURS[0]) * 4 and business_time.working(person.hours, moment)
        if works and x is None:
            x = _x(HOURS[0] + step / 4)
        elif not works and x is not None:
            picture.rect(x, y - 4, _x(HOURS[0] + step / 4) - x, 40, "shade", round_=6)
            x = None


def _because(playbook: Playbook, parts: dict[str, Share]) -> str:
    rep, share = max(parts.items(), key=lambda one: abs(one[1].deviation))
    causes = ", ".join(f"{cause.value} {float(by):+.1f}" for cause, by in share.causes.items() if by)
    return f"{playbook.reps[rep].name} differs by {float(share.deviation):+.1f}: {causes}. The causes sum to it."


def _hour(moment: datetime, zone: ZoneInfo) -> float:
    local = moment.astimezone(zone)
    return local.hour + local.minute / 60


def _x(hour: float) -> float:
    return LEFT + (RIGHT - LEFT) * (hour - HOURS[0]) / (HOURS[1] - HOURS[0])
