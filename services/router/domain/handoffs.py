"""The life of a handoff as a table (H1): from which states each move may be made, and what it leads to."""

from enum import StrEnum
from typing import Any

from schemas.fact import replace
from schemas.handoff import OPEN, HandoffState
from services.router.domain.handoff import Handoff

_S = HandoffState


class Move(StrEnum):
    """What can happen to a handoff."""

    OFFER = "offer"
    ACCEPT = "accept"
    ATTEMPT = "attempt"
    REJECT = "reject"
    REQUEUE = "requeue"
    """Back to the team's queue: somebody else is asked."""
    LAPSE = "lapse"
    """A deadline passed without a human act, or after its rep had left."""
    RECYCLE = "recycle"
    DISQUALIFY = "disqualify"
    QUALIFY = "qualify"
    CONVERT = "convert"
    EXPIRE = "expire"
    MERGE = "merge"
    WITHDRAW = "withdraw"


_WORKED = (_S.OFFERED, _S.ACCEPTED, _S.WORKING)
TABLE: dict[Move, tuple[frozenset[HandoffState], HandoffState]] = {
    Move.OFFER: (frozenset({_S.QUEUED}), _S.OFFERED),
    Move.ACCEPT: (frozenset({_S.OFFERED}), _S.ACCEPTED),
    Move.ATTEMPT: (frozenset(_WORKED), _S.WORKING),
    Move.REJECT: (frozenset(_WORKED), _S.REJECTED),
    Move.REQUEUE: (frozenset({_S.REJECTED}), _S.QUEUED),
    Move.LAPSE: (frozenset(_WORKED), _S.QUEUED),
    Move.RECYCLE: (frozenset({*_WORKED, _S.REJECTED}), _S.RECYCLED),
    Move.DISQUALIFY: (frozenset({*_WORKED, _S.REJECTED}), _S.DISQUALIFIED),
    Move.QUALIFY: (frozenset(_WORKED), _S.QUALIFIED),
    Move.CONVERT: (frozenset({*_WORKED, _S.QUALIFIED}), _S.CONVERTED),
    Move.EXPIRE: (frozenset({_S.WORKING}), _S.EXPIRED),
    Move.MERGE: (OPEN, _S.MERGED),
    Move.WITHDRAW: (OPEN, _S.WITHDRAWN),
}
"""move → (from, to)."""


class IllegalMoveError(ValueError):
    """This handoff cannot make that move now."""


def may(handoff: Handoff, move: Move) -> bool:
    """Whether the handoff's state allows the move."""
    return handoff.state in TABLE[move][0]


def moved(handoff: Handoff, move: Move, **changes: Any) -> Handoff:
    """The next version of the handoff after this move, overdue no more: what the move leads to has its own deadline.

    Raises `IllegalMoveError` where the table does not allow it.
    """
    sources, state = TABLE[move]
    if handoff.state not in sources:
        raise IllegalMoveError(f"a handoff that is {handoff.state} cannot {move}")
    return replace(handoff, state=state, version=handoff.version + 1, overdue=0, again_at=None, **changes)


def changed(handoff: Handoff, **changes: Any) -> Handoff:
    """The next version of the handoff in the same state."""
    return replace(handoff, version=handoff.version + 1, **changes)


def is_open(handoff: Handoff) -> bool:
    """Whether somebody is accountable for it."""
    return handoff.state in OPEN


def requeued(handoff: Handoff, move: Move, passed_over: str) -> Handoff:
    """Back in the team's queue, never again to this rep; the next offer sets new deadlines."""
    return moved(
        handoff,
        move,
        passed_over=_added(handoff.passed_over, passed_over),
        assignee="",
        offered_at=None,
        accept_by=None,
        attempt_by=None,
        reminders=0,
        turn="",
    )


def _added(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if not name or name in names else (*names, name)
