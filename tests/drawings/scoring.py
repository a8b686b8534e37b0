"""A team lead's score over three months: what they did fades, who they are stays, and one day it is enough."""

from datetime import UTC, datetime, timedelta

from schemas.event import Event, EventType
from schemas.verdict import Rule
from services.router.domain.playbook import Playbook
from services.router.domain.reasons import points
from tests.drawings.svg import Picture
from tests.router.builders import an_event
from tests.router.office import Office

WHO = "ada@lumenworks.example"
START = datetime(2026, 9, 1, 15, tzinfo=UTC)
DAYS = 84
LEFT, RIGHT, TOP, BOTTOM = 64, 620, 62, 330
_DAY = timedelta(days=1)
STORY: tuple[tuple[int, EventType, dict[str, str], str], ...] = (
    (0, EventType.CONTENT_DOWNLOADED, {"asset": "whitepaper-mornings"}, "a whitepaper"),
    (21, EventType.PAGE_VIEWED, {"path": "/blog"}, "a visit"),
    (40, EventType.PAGE_VIEWED, {"path": "/pricing"}, "the prices"),
    (55, EventType.PAGE_VIEWED, {"path": "/customers/harbor-electric"}, "a case study"),
)
"""(day, what, which, how the picture names it)."""


def draw(playbook: Playbook) -> str:
    """The picture, from the scores that the domain itself works out day by day."""
    scores, fired = lived(playbook)
    names = list(dict.fromkeys(label for day in scores for label in day))
    most = max(sum(day.values()) for day in scores) * 1.12
    picture = Picture("A score over three months", _says(playbook, fired), BOTTOM + 54)
    _axes(picture, most)
    below = [0.0] * (DAYS + 1)
    for at, name in enumerate(names):
        above = [below[day] + scores[day].get(name, 0) for day in range(DAYS + 1)]
        edge = [(_x(day), _y(above[day], most)) for day in range(DAYS + 1)]
        back = [(_x(day), _y(below[day], most)) for day in reversed(range(DAYS + 1))]
        picture.area([*edge, *back], f"c{at}", tip=name)
        below = above
    picture.stroke([(_x(day), _y(below[day], most)) for day in range(DAYS + 1)])
    limit = playbook.scoring.threshold
    picture.line(LEFT, _y(limit, most), RIGHT, _y(limit, most), "mark")
    picture.text(LEFT + 6, _y(limit, most) - 7, f"the threshold: {points(limit)}", "no bold")
    _events(picture, below, most)
    picture.dot(_x(fired), _y(below[fired], most), 6)
    picture.text(_x(fired) + 10, _y(below[fired], most) - 8, f"to sales, with {int(below[fired]) // 1000}", "bold")
    _legend(picture, playbook, names)
    return picture.svg()


def lived(playbook: Playbook) -> tuple[list[dict[str, int]], int]:
    """Each day's contributions (thousandths of a point by label) at midnight's end, and the day rule 3 fired."""
    office, scores, fired = Office(playbook), [], -1
    for day in range(DAYS + 1):
        for when, kind, which, _ in STORY:
            if when == day and Rule.SCORE_THRESHOLD in office.verdict(_event(day, kind, which)).fired and fired < 0:
                fired = day
        score = office.score_of(WHO, START + day * _DAY)
        scores.append({one.label: one.points for one in reversed(score.contributions)})
    return scores, fired


def _event(day: int, kind: EventType, which: dict[str, str]) -> Event:
    says = {"title": "Team Lead Dispatch", "full_name": "Ada Okonkwo"} if kind is EventType.CONTENT_DOWNLOADED else {}
    return an_event(kind, WHO, at=START + day * _DAY, says=says, **which)


def _says(playbook: Playbook, fired: int) -> str:
    return (
        f"A stacked chart of one lead's score over {DAYS} days. It falls as behaviour fades, rises with each act, and "
        f"crosses the threshold of {points(playbook.scoring.threshold)} points on day {fired}."
    )


def _x(day: float) -> float:
    return LEFT + (RIGHT - LEFT) * day / DAYS


def _y(thousandths: float, most: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * thousandths / most


def _axes(picture: Picture, most: float) -> None:
    step = 25_000
    for value in range(0, int(most), step):
        picture.line(LEFT, _y(value, most), RIGHT, _y(value, most))
        picture.text(LEFT - 10, _y(value, most) + 4, points(value), "soft", anchor="end")
    for week in range(0, DAYS + 1, 14):
        picture.text(
            _x(week), BOTTOM + 20, "first seen" if week == 0 else f"{week // 7} weeks", "soft", anchor="middle"
        )


def _events(picture: Picture, total: list[float], most: float) -> None:
    for day, _, _, name in STORY:
        picture.text(_x(day) + 5, BOTTOM + 40, name, "soft")
        picture.line(_x(day), BOTTOM, _x(day), BOTTOM + 40)
        picture.dot(_x(day), _y(total[day], most), 3)


def _legend(picture: Picture, playbook: Playbook, names: list[str]) -> None:
    fades = {one.label: one for one in playbook.scoring.signals}
    y = TOP + 12
    for at, name in reversed(list(enumerate(names))):
        signal = fades.get(name)
        half = signal.half_life_days if signal else None
        picture.rect(RIGHT + 24, y - 11, 13, 13, f"c{at}", round_=3)
        picture.text(RIGHT + 45, y, name if len(name) < 26 else f"{name[:25]}…")
        how = f"half of it after {half} days" if half else "who they are: does not fade" if signal is None else "stays"
        picture.text(RIGHT + 45, y + 17, how, "soft")
        y += 46
