"""What each rep has in hand when it is drawn for them, so that no turn gives anybody more than they take.

Whoever draws for a team holds its row, so its draws see each other. But the same rep may be given something by another
team as well: as the person of last resort, or while routers with two versions of the playbook stand side by side. So
whoever gives a handoff also adds to how many that rep was ever given, and learns what it has come to by then. The
second of two has to wait for the first, sees more than it had looked at, and is taken anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.handoff import HandoffState
from services.router.adapters import tables
from services.router.adapters.ask import Ask, Row, Sum, Tally, Whole
from services.router.adapters.state import CrossedError
from services.router.domain.decision import Draw
from services.router.domain.fairness import in_turn
from services.router.domain.handoff import Handoff

_LOADED = (HandoffState.OFFERED.value, HandoffState.ACCEPTED.value, HandoffState.WORKING.value)
LOOK: tuple[Ask, Ask] = (Tally(tables.HANDOFF, "assignee", "state", _LOADED), Whole(tables.GIVEN))
"""What `load_of` is made from: to be asked for together, once the teams' rows are held."""


@dataclass(frozen=True, slots=True)
class Load:
    """What reps have in hand, at one moment."""

    open: Mapping[str, int]
    """rep → open handoffs."""
    given: Mapping[str, int]
    """rep → the handoffs they were ever given by then."""


NOBODY = Load({}, {})


def load_of(open_: Iterable[Row], given: Iterable[Row]) -> Load:
    """What the answers to `LOOK` come to."""
    return Load({row[0]: row[1] for row in open_}, {row[0]: row[1] for row in given})


Offered = Sequence[tuple[Handoff, Draw]]
"""Handoffs, and who was drawn for each."""


def giving(offered: Offered) -> Sum:
    """Asks to count what is given here, and for what each rep was ever given with it; rep by rep, as locks go."""
    return Sum(tables.GIVEN, sorted(_given(offered).items()))


def see_that_nobody_else_gave(offered: Offered, before: Load, given: Iterable[Row]) -> None:
    """Raises `CrossedError` where a rep has got more since we looked than what is given here.

    `given` is the answer to `giving`. Of those who stand in because nobody is left it does not matter.
    """
    ours = _given(offered)
    asked = {drawn.rep for handoff, drawn in offered if in_turn(drawn) or drawn.rep == handoff.wanted}
    for rep, count in given:
        if rep in asked and count != before.given.get(rep, 0) + ours[rep]:
            raise CrossedError("another draw has given a rep something since we looked", tables.GIVEN.name)


def _given(offered: Offered) -> Counter[str]:
    return Counter(drawn.rep for _, drawn in offered)
