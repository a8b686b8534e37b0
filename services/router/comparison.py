"""What a playbook would have decided beside what was decided, and what sales made of it then."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select

from runtime.database import Database
from schemas.handoff import HandoffState
from schemas.verdict import Outcome
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.backtest import Backtest, Decided
from services.router.domain.handoff import Handoff


class Came(StrEnum):
    """What became of a handoff."""

    GOOD = "taken up"
    BAD = "turned away"
    PENDING = "not known yet"


_GOOD = frozenset({HandoffState.ACCEPTED, HandoffState.WORKING, HandoffState.QUALIFIED, HandoffState.CONVERTED})
_BAD = frozenset({HandoffState.REJECTED, HandoffState.RECYCLED, HandoffState.DISQUALIFIED, HandoffState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Difference:
    """One event that another verdict would have been given on. None: then, or now, it left no verdict of its own."""

    event: UUID
    was: Decided | None
    now: Decided | None
    who: str
    """Whose handoff it made then; empty for none, or for one that is forgotten."""
    came: Came | None


@dataclass(slots=True)
class Comparison:
    """Then and now."""

    first: datetime | None = None
    last: datetime | None = None
    same: int = 0
    differences: list[Difference] = field(default_factory=list)
    was: Counter[Outcome] = field(default_factory=Counter)
    """outcome → kept verdicts then."""
    now: Counter[Outcome] = field(default_factory=Counter)
    load_was: Counter[str] = field(default_factory=Counter)
    kept: Counter[Came] = field(default_factory=Counter)
    """What became of the handoffs of then that would be made again."""
    lost: Counter[Came] = field(default_factory=Counter)
    """… and of those that would not."""
    new: int = 0
    """Handoffs that then were none."""


async def compared(recorded: Database, done: Backtest) -> Comparison:
    """The backtest beside what stands in the router's database. What was forgotten since is compared with nothing."""
    found = Comparison()
    handoffs = await _handoffs(recorded)
    async with recorded.reading() as connection:
        verdict = tables.VERDICT
        columns = (verdict.c.event, verdict.c.outcome, verdict.c.code, verdict.c.handoff)
        begun = select(func.coalesce(func.min(tables.BATCH.c.number), 0)).scalar_subquery()
        since = verdict.c.batch >= begun  # verdicts are kept for longer than what they can be decided again from
        rows = list(await connection.execute(select(*columns).where(since)))
        span = select(func.min(verdict.c.at), func.max(verdict.c.at)).where(since)
        first, last = (await connection.execute(span)).one()
        drawn = tables.ASSIGNMENT.c.rep
        load = await connection.execute(select(drawn, func.count()).group_by(drawn))
        found.load_was.update({row[0]: row[1] for row in load})
    found.first, found.last = (None if one is None else instant(one) for one in (first, last))
    past = {row.event: Decided(Outcome(row.outcome), row.code, row.handoff) for row in rows}
    for event, was in past.items():
        found.was[was.outcome] += 1
        now = done.decided.get(event)
        if now == was:
            found.same += 1
        else:
            found.differences.append(_difference(event, was, now, handoffs))
    for event, now in done.decided.items():
        found.now[now.outcome] += 1
        if event not in past and now.outcome is not Outcome.IGNORE:
            found.differences.append(_difference(event, None, now, handoffs))
    _count_handoffs(found, past, done, handoffs)
    return found


def _count_handoffs(
    found: Comparison, past: dict[UUID, Decided], done: Backtest, handoffs: dict[UUID, Handoff]
) -> None:
    made_then = {one.handoff for one in past.values() if one.outcome is Outcome.PASS and one.handoff}
    made_now = {one.handoff for one in done.decided.values() if one.outcome is Outcome.PASS and one.handoff}
    for one in made_then & handoffs.keys():
        (found.kept if one in made_now else found.lost)[came(handoffs[one])] += 1
    found.new = len(made_now - made_then)


def came(handoff: Handoff) -> Came:
    """What became of it, as far as is known."""
    if handoff.state in _GOOD:
        return Came.GOOD
    return Came.BAD if handoff.state in _BAD else Came.PENDING


def _difference(event: UUID, was: Decided | None, now: Decided | None, handoffs: dict[UUID, Handoff]) -> Difference:
    handoff = handoffs.get(was.handoff) if was and was.handoff else None
    who = (handoff.brief.name or handoff.brief.email) if handoff else ""
    return Difference(event, was, now, who, came(handoff) if handoff else None)


async def _handoffs(recorded: Database) -> dict[UUID, Handoff]:
    async with recorded.reading() as connection:
        rows = await connection.execute(select(tables.HANDOFF.c.handoff))
        found = [codec.HANDOFF.decode(row.handoff) for row in rows]
    return {one.id: one for one in found}
