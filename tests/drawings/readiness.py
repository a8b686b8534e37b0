"""Three people and one checklist: all known to be true, one thing not known, one thing known to be false."""

from collections.abc import Mapping
from typing import Any

from schemas.verdict import Ternary
from services.router.adapters.playbook_examples import GivenFacts
from services.router.domain.playbook import Playbook
from services.router.domain.readiness import Checked, checked
from tests.drawings.svg import WIDTH, Picture

_READY = {
    "title": "Head of Dispatch",
    "email": "grace@initech.example",
    "employees": 240,
    "time_frame": "this_quarter",
    "budget": "yes",
}
_DID = {"case_study_read": 1}
PEOPLE = {
    "Grace": _READY,
    "Ada": {name: value for name, value in _READY.items() if name not in {"budget", "time_frame"}},
    "Sam": {**_READY, "budget": "no"},
}
"""Three leads, alike but for what they said of the budget and the date."""
_SIGNS = {Ternary.TRUE: ("yes", "✓"), Ternary.FALSE: ("no", "✗"), Ternary.UNKNOWN: ("open", "?")}
_VALUES = {Ternary.TRUE: "true", Ternary.FALSE: "false", Ternary.UNKNOWN: "unknown"}
_NEXT = {
    Ternary.TRUE: ("to sales", "at once"),
    Ternary.FALSE: ("nurture", "with the reason"),
    Ternary.UNKNOWN: ("triage", "if interested"),
}
ROW, LEFT, FIRST, STEP = 38, 24, 462, 128


def went(playbook: Playbook) -> dict[str, Checked]:
    """Each person's way through the SQL checklist."""
    return {name: _gone_through(playbook, {"lead": lead, "counts": _DID}) for name, lead in PEOPLE.items()}


def _gone_through(playbook: Playbook, given: Mapping[str, Any]) -> Checked:
    facts = GivenFacts(given, playbook)
    return checked(playbook.sql, {item.name: item.when.test(facts) for item in playbook.sql.items}, facts)


def draw(playbook: Playbook) -> str:
    """The picture, from what the domain's own checklist says of each."""
    found = went(playbook)
    asked = next(one.questions for one in found.values() if one.value is Ternary.UNKNOWN)
    bottom = 110 + ROW * len(playbook.sql.items)
    says = "; ".join(f"{name}: {_VALUES[one.value]}" for name, one in found.items())
    height = bottom + 84 + 24 * (len(asked) + 1) + 14
    picture = Picture("Three leads, one checklist", f"A table of the SQL checklist. {says}.", height)
    for at, name in enumerate(found):
        picture.text(_middle(at), 76, name, "bold", anchor="middle")
    for row, item in enumerate(playbook.sql.items):
        y = 110 + ROW * row
        picture.line(LEFT, y - 22, WIDTH - LEFT, y - 22)
        picture.text(LEFT, y + 3, item.label)
        for at, one in enumerate(found.values()):
            style, sign = _SIGNS[one.items[item.name]]
            picture.rect(_middle(at) - 16, y - 15, 32, 26, style, round_=6)
            picture.text(_middle(at), y + 4, sign, "on", anchor="middle")
    picture.line(LEFT, bottom - 22, WIDTH - LEFT, bottom - 22, "ink")
    picture.text(LEFT, bottom + 4, "All of it together", "bold")
    for at, one in enumerate(found.values()):
        style = _SIGNS[one.value][0]
        picture.text(_middle(at), bottom + 4, _VALUES[one.value], f"{style} bold", anchor="middle")
        picture.text(_middle(at), bottom + 30, _NEXT[one.value][0], "bold", anchor="middle")
        picture.text(_middle(at), bottom + 48, _NEXT[one.value][1], "soft", anchor="middle")
    picture.text(LEFT, bottom + 30, "What becomes of it", "bold")
    picture.text(LEFT, bottom + 88, "What Ada is asked, and nothing else:", "bold")
    for at, question in enumerate(asked, 1):
        picture.text(LEFT, bottom + 88 + 24 * at, f"?  {question}", "open")
    return picture.svg()


def _middle(at: int) -> float:
    return FIRST + STEP * at + 50
