"""Who was assigned: it hangs on the order, so it is held against its own laws, draw by draw as they were numbered."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

from schemas.fact import replace
from services.router.domain.assignment import ANOTHERS_TURN, AWAY, FULL, OFF, Rotation, given_back, pick
from services.router.domain.fairness import in_turn
from services.router.domain.playbook import Playbook
from services.router.domain.team import Rep
from tests.faults.retold import Turn
from tests.faults.state import State


def unfair(turns: Sequence[Turn], state: State, playbook: Playbook) -> list[str]:
    """What breaks a law of assignment, in words.

    Every handoff was offered round by round, to somebody who might be asked at that moment: of its team or its owner,
    not who passed it on before, not who had as many open plays as they take. Within a team the turns are those that one
    rotation gives in that order, and as long as the same people can be asked nobody is ever off their share by one.
    """
    return [
        *_rounds(state),
        *(fault for turn in turns if turn.drawing is not None for fault in _barred(turn, playbook)),
        *_out_of_turn(turns, state, playbook),
    ]


def _rounds(state: State) -> Iterator[str]:
    """Each handoff's rounds are numbered 1, 2, …, and the last one is whose it is."""
    rounds: dict[UUID, list[tuple[int, str]]] = {one: [] for one in state.handoffs}
    for drawing in state.drawings:
        rounds.setdefault(drawing.handoff, []).append((drawing.round, drawing.draw.rep))
    for identity, found in rounds.items():
        handoff = state.handoffs.get(identity)
        if handoff is None:
            yield f"somebody was drawn for {identity}, which is no handoff"
        elif [number for number, _ in found] != list(range(1, handoff.round + 1)):
            yield f"handoff {identity} is in round {handoff.round}, but was drawn for in {found}"


def _barred(turn: Turn, playbook: Playbook) -> Iterator[str]:
    """Might whoever was drawn be asked at that moment? What is said of the others must have been so, too.

    Nobody has more in hand than a draw knew: it saw whatever has a lower number. A play that was ended meanwhile it may
    still have counted.
    """
    drawing, handoff = turn.drawing, turn.handoff
    if drawing is None or handoff is None:
        return
    rep, place = drawing.draw.rep, f"draw {drawing.number} for handoff {drawing.handoff}"
    if rep in handoff.passed_over and rep != playbook.last_resort:
        yield f"{place}: {rep} is asked again, who passed it on before"
    if in_turn(drawing.draw):
        if rep not in playbook.teams[drawing.team].reps:
            yield f"{place}: {rep} is none of {drawing.team}"
        if turn.load.get(rep, 0) >= playbook.reps[rep].capacity:
            yield f"{place}: {rep} has {turn.load.get(rep, 0)} open plays, as many as they take"
    for one in drawing.draw.candidates:
        said = int(one.reason.split()[1]) if FULL in one.reason else None
        if said is not None and said < turn.load.get(one.rep, 0):
            yield f"{place}: {one.rep} is said to have {said} open plays, and has {turn.load.get(one.rep, 0)}"
        if one.reason in (AWAY, OFF):
            yield f"{place}: {one.rep} {one.reason}, though everybody works at any hour"


@dataclass(slots=True)
class _Stretch:
    """Draws in turn among the same people, from the first on, with no turn given back: nothing is owed from before."""

    members: tuple[tuple[str, int], ...]
    got: Counter[str] = field(default_factory=Counter)

    def off(self, rep: str) -> list[str]:
        """Who is off their share by a turn or more once this rep is drawn, too."""
        self.got[rep] += 1
        count, whole = self.got.total(), sum(weight for _, weight in self.members)
        return [
            f"{one} has {self.got[one]} of {count} turns at a weight of {weight} in {whole}"
            for one, weight in self.members
            if abs(self.got[one] - Fraction(weight * count, whole)) >= 1
        ]


def _out_of_turn(turns: Sequence[Turn], state: State, playbook: Playbook) -> Iterator[str]:
    rotations: dict[str, Rotation] = {}
    stretches: dict[str, _Stretch | None] = {}
    taken: dict[UUID, str] = {}
    for turn in turns:
        held, back, drawing = rotations.get(turn.team, Rotation()), turn.returned, turn.drawing
        if back is not None:
            rotations[turn.team], stretches[turn.team] = given_back(held, back.rep), None
            if taken.pop(back.handoff, "") != back.rep:
                yield f"{back.rep} gets a turn back for handoff {back.handoff}, which took none"
        if drawing is None or not in_turn(drawing.draw):
            if drawing is not None:
                taken.pop(drawing.handoff, "")
                rotations[turn.team] = replace(held, last=drawing.number)
            continue
        taken[drawing.handoff] = drawing.draw.rep
        asked = [one.rep for one in drawing.draw.candidates if one.chosen or one.reason == ANOTHERS_TURN]
        able = [playbook.reps[rep] for rep in asked]
        expected, after = pick(held, able)
        rotations[turn.team] = replace(after, last=drawing.number)
        if expected != drawing.draw.rep:
            yield f"draw {drawing.number} of {turn.team}: {drawing.draw.rep} was drawn, but it was {expected}'s turn"
        stretch = _stretch(stretches, turn.team, able)
        if stretch is not None:
            yield from (f"draw {drawing.number} of {turn.team}: {fault}" for fault in stretch.off(drawing.draw.rep))
    for team, rotation in sorted(state.rotations.items()):
        if rotation != rotations.get(team, Rotation()):
            yield f"rotation of {team}: the routers keep {rotation}, in that order it is {rotations.get(team)}"


def _stretch(stretches: dict[str, _Stretch | None], team: str, able: Sequence[Rep]) -> _Stretch | None:
    """The team's first stretch, as long as it lasts."""
    members = tuple(sorted((rep.id, rep.weight) for rep in able))
    stretch = stretches.setdefault(team, _Stretch(members))
    if stretch is not None and stretch.members != members:
        stretch = stretches[team] = None
    return stretch
