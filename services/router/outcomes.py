"""What sales made of handoffs, by their own acts on the log, and how precise a rule was: a share and its interval."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from uuid import UUID

from schemas.event import Event
from schemas.feedback import (
    AttemptLogged,
    Feedback,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    OutcomeReported,
    RejectReason,
)

ENOUGH = 10
"""Handoffs with a known outcome below which no precision is named: of nine, one more is eleven per cent."""
_Z = 1.959963984540054
"""The quantile of the normal distribution that leaves 95 % in the middle."""


class Came(StrEnum):
    """What became of a handoff, by the last word of a person."""

    GOOD = "taken up"
    BAD = "a bad lead"
    OTHER = "turned away"
    """For what the lead cannot help: not ready, nobody answers, the wrong rep or play."""
    PENDING = "open"


_REJECTED = {
    RejectReason.NOT_A_FIT: Came.BAD,
    RejectReason.BAD_DATA: Came.BAD,
    RejectReason.COMPETITOR_OR_STUDENT: Came.BAD,
}
_ENDED = {
    HandoffOutcome.QUALIFIED: Came.GOOD,
    HandoffOutcome.CONVERTED: Came.GOOD,
    HandoffOutcome.RECYCLED: Came.OTHER,
    HandoffOutcome.DISQUALIFIED: Came.BAD,
}


def word_of(fact: Event | Feedback) -> tuple[UUID, Came] | None:
    """The handoff of which this act says something, and what; None for what says nothing of any."""
    match fact:
        case HandoffAccepted() | AttemptLogged():
            return fact.handoff, Came.GOOD
        case HandoffRejected(reason=reason):
            return fact.handoff, _REJECTED.get(reason, Came.OTHER)
        case OutcomeReported(outcome=outcome):
            return fact.handoff, _ENDED[outcome]
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the handoffs whose outcome is known, how many were worth a rep's time.

    Taken up against a bad lead: what was turned away for another reason says nothing of the rule.
    """

    good: int = 0
    bad: int = 0

    @property
    def known(self) -> int:
        """How many outcomes are known."""
        return self.good + self.bad

    @property
    def enough(self) -> bool:
        """Are there outcomes enough to name a share?"""
        return self.known >= ENOUGH

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 where nothing is known."""
        return self.good / self.known if self.known else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds between which the true share lies in 95 of 100 cases: Wilson's score interval (1927).

        Unlike the textbook's it stays between 0 and 1, and does not call one of one a certainty.
        """
        if not self.known:
            return 0.0, 1.0
        n, share, square = self.known, self.share, _Z * _Z
        middle = (share + square / (2 * n)) / (1 + square / n)
        around = _Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
        return max(0.0, middle - around), min(1.0, middle + around)

    def and_one(self, came: Came) -> "Precision":
        """With one more handoff."""
        return Precision(self.good + (came is Came.GOOD), self.bad + (came is Came.BAD))
