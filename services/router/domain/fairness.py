"""Who got how many turns of a rotation, what they were entitled to, and why the two differ.

Of each draw every rep of the team is entitled to their weight's share. Who could not be asked loses it, for a reason
that stands in the draw; those who could share it by their weights. All of a turn
that was given back is that cause's. What is left is the rotation's own: less than a turn while the set of reps stays
the same. All of it is counted in fractions, so the causes sum to the deviation exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from schemas.verdict import CandidateRep
from services.router.domain.assignment import ANOTHERS_TURN, AWAY, EARLIEST, FULL, NEXT, OFF
from services.router.domain.decision import Draw


class Cause(StrEnum):
    """Why somebody got more or less than their share."""

    AWAY = "out of office"
    OFF = "not at work"
    FULL = "enough open plays"
    PASSED_OVER = "passed over: rejected, lapsed or left out"
    OTHERS = "others could not be asked"
    RETURNED = "turns given back"
    TURN = "the turn that is being made up for"


@dataclass(slots=True)
class Share:
    """One rep's part of a rotation."""

    got: int = 0
    entitled: Fraction = Fraction()
    """By weight, had everybody always been there."""
    causes: dict[Cause, Fraction] = field(default_factory=dict)

    @property
    def deviation(self) -> Fraction:
        """Turns more (or, negative, fewer) than entitled to. The causes sum to it."""
        return self.got - self.entitled

    def blame(self, cause: Cause, turns: Fraction) -> None:
        """So many turns more or fewer for this reason."""
        self.causes[cause] = self.causes.get(cause, Fraction()) + turns


def in_turn(draw: Draw) -> bool:
    """Was somebody drawn by the rotation, and not for owning the lead, or as the last that was left?"""
    return any(one.chosen and one.reason in {NEXT, EARLIEST} for one in draw.candidates)


def fairness(draws: Iterable[Draw], weights: Mapping[str, int], returned: Iterable[Draw] = ()) -> dict[str, Share]:
    """rep → their part of the draws of one team, whose reps have these weights. Other draws are none of its turns.

    `returned` are those whose turn was given back, beside the `draws`.
    """
    found = {rep: Share() for rep in weights}
    whole = sum(weights.values())
    for draw in filter(in_turn, returned):
        for rep, weight in weights.items():
            entitled = Fraction(weight, whole)
            found[rep].entitled += entitled
            found[rep].got += rep == draw.rep
            found[rep].blame(Cause.RETURNED, (rep == draw.rep) - entitled)
    for draw in draws:
        if not in_turn(draw):
            continue
        reasons = {one.rep: one for one in draw.candidates}
        able = [rep for rep in weights if rep in reasons and _could(reasons[rep])]
        among = sum(weights[rep] for rep in able)
        for rep, weight in weights.items():
            share, entitled = found[rep], Fraction(weight, whole)
            share.entitled += entitled
            if rep in able:
                share.blame(Cause.OTHERS, Fraction(weight, among) - entitled)
                share.blame(Cause.TURN, (rep == draw.rep) - Fraction(weight, among))
            else:
                share.blame(_cause(reasons.get(rep)), -entitled)
        if draw.rep in found:
            found[draw.rep].got += 1
    return found


def _could(candidate: CandidateRep) -> bool:
    return candidate.chosen or candidate.reason == ANOTHERS_TURN


def _cause(candidate: CandidateRep | None) -> Cause:
    if candidate is None:
        return Cause.PASSED_OVER
    if candidate.reason == AWAY:
        return Cause.AWAY
    if candidate.reason == OFF:
        return Cause.OFF
    return Cause.FULL if FULL in candidate.reason else Cause.PASSED_OVER
