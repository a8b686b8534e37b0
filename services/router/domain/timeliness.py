"""Too late, or too early? How long after somebody was ready sales heard of it, and how often it was too soon (R7)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from schemas.feedback import RejectReason
from schemas.handoff import HandoffState
from schemas.verdict import Rule
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.window import half_life_of, worth

_UNANSWERED = frozenset({HandoffState.QUEUED, HandoffState.OFFERED})


@dataclass(slots=True)
class Timeliness:
    """How timely the handoffs of one rule were."""

    lags: list[timedelta] = field(default_factory=list)
    """From readiness to the first offer."""
    late: int = 0
    """Handed off when half of the window, or more, was gone."""
    worths: list[float] = field(default_factory=list)
    """What was left of each window, where the rule has one."""
    answered: int = 0
    early: int = 0
    """Of the answered, rejected as not ready."""

    def percentile(self, part: float) -> timedelta:
        """The lag within which this part (0 to 1) of the handoffs was offered, by nearest rank; zero for none."""
        ranked = sorted(self.lags)
        return ranked[max(0, ceil(part * len(ranked)) - 1)] if ranked else timedelta()


def lag_of(handoff: Handoff, offered_at: datetime) -> timedelta:
    """How long it took from readiness to this first offer (UTC).

    Readiness began when the window opened; where none of its rules had one, when the door took the event.
    """
    return max(timedelta(), offered_at - (handoff.opened_at or handoff.received_at))


def too_late(lag: timedelta, rule: Rule, playbook: Playbook) -> bool:
    """Whether half of this rule's window, or more, was gone by then; never where it has none."""
    half_life = half_life_of([rule], playbook)
    return half_life is not None and lag >= half_life


def too_early(handoff: Handoff) -> bool:
    """Whether sales sent it back as not ready."""
    return handoff.rejected_for == RejectReason.NOT_READY.value


def timeliness(offered: Iterable[tuple[Handoff, datetime]], playbook: Playbook) -> dict[Rule, Timeliness]:
    """rule → how timely its handoffs were, each with its first offer (UTC); a handoff counts for each of its rules."""
    found = {rule: Timeliness() for rule in Rule}
    for handoff, at in offered:
        for rule in handoff.rules:
            lag, one, half_life = lag_of(handoff, at), found[rule], half_life_of([rule], playbook)
            one.lags.append(lag)
            if half_life is not None:
                one.worths.append(worth(lag, half_life))
            one.late += too_late(lag, rule, playbook)
            one.answered += handoff.state not in _UNANSWERED
            one.early += too_early(handoff)
    return found
