"""What a playbook would have decided beside what was decided, and what sales made of it within the same period."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from runtime.database import Database
from schemas.verdict import Outcome, Rule, Verdict
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.backtest import Backtest, Decided, decided_in
from services.router.outcomes import Came, Precision

_VERDICT = msgspec.json.Decoder(Verdict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One event that another verdict would have been given on. None: then, or now, it left no verdict of its own."""

    event: UUID
    was: Decided | None
    now: Decided | None
    who: str
    """Whose handoff it made, then or now; empty for none, or for one that is forgotten."""
    came: Came | None
    """What became of the handoff of then."""


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
    precise_was: dict[Rule, Precision] = field(default_factory=dict)
    """rule → how precise it was: a handoff counts for every rule that made it."""
    precise_now: dict[Rule, Precision] = field(default_factory=dict)
    """The same of the handoffs that would be made again; of new ones nothing is known."""


async def compared(recorded: Database, done: Backtest) -> Comparison:
    """The backtest beside what stands in the router's database. What was forgotten since is compared with nothing."""
    found, names = Comparison(), await _names(recorded)
    past: dict[UUID, Decided] = {}
    async with recorded.reading() as connection:
        verdict, assignment = tables.VERDICT, tables.ASSIGNMENT
        columns = (verdict.c.event, verdict.c.at, verdict.c.outcome, verdict.c.code, verdict.c.handoff)
        begun = select(func.coalesce(func.min(tables.BATCH.c.number), 0)).scalar_subquery()
        # Verdicts are kept for longer than what they can be decided again from.
        within = (verdict.c.batch >= begun) & (verdict.c.batch <= done.last)
        times: list[int] = []
        for row in await connection.execute(select(*columns, verdict.c.receipt).where(within)):
            past[row.event] = _decided(row.outcome, row.code, row.handoff, row.receipt)
            times.append(row.at)
        mine = select(assignment.c.rep, func.count()).where(assignment.c.batch <= done.last)
        for rep, count in await connection.execute(mine.group_by(assignment.c.rep)):
            found.load_was[rep] = count
    if times:
        found.first, found.last = instant(min(times)), instant(max(times))
    _compare(found, past, done, {**done.who, **names})
    _count_handoffs(found, past, done, names)
    return found


def _decided(outcome: str, code: str, handoff: UUID | None, receipt: bytes) -> Decided:
    return decided_in(_VERDICT.decode(receipt)) if receipt else Decided(Outcome(outcome), code, handoff)


def _compare(found: Comparison, past: Mapping[UUID, Decided], done: Backtest, names: Mapping[UUID, str]) -> None:
    for event, was in past.items():
        found.was[was.outcome] += 1
        now = done.decided.get(event)
        if now == was:
            found.same += 1
        else:
            found.differences.append(_difference(event, was, now, names, done.came))
    for event, now in done.decided.items():
        found.now[now.outcome] += 1
        if event not in past and now.outcome is not Outcome.IGNORE:
            found.differences.append(_difference(event, None, now, names, done.came))


def _count_handoffs(found: Comparison, past: Mapping[UUID, Decided], done: Backtest, names: Mapping[UUID, str]) -> None:
    made_then, made_now = _made(past), _made(done.decided)
    for one in made_then.keys() & names.keys():
        (found.kept if one in made_now else found.lost)[done.came.get(one, Came.PENDING)] += 1
    found.new = len(made_now.keys() - made_then.keys())
    found.precise_was = _precision(made_then, done.came)
    found.precise_now = _precision({one: made_now[one] for one in made_now.keys() & made_then.keys()}, done.came)


def _made(decided: Mapping[UUID, Decided]) -> dict[UUID, tuple[Rule, ...]]:
    """handoff → the rules that made it."""
    return {one.handoff: one.fired for one in decided.values() if one.outcome is Outcome.PASS and one.handoff}


def _precision(made: Mapping[UUID, tuple[Rule, ...]], came: Mapping[UUID, Came]) -> dict[Rule, Precision]:
    found = dict.fromkeys(Rule, Precision())
    for handoff, rules in made.items():
        for rule in rules:
            found[rule] = found[rule].and_one(came.get(handoff, Came.PENDING))
    return found


def _difference(
    event: UUID, was: Decided | None, now: Decided | None, names: Mapping[UUID, str], came: Mapping[UUID, Came]
) -> Difference:
    then, again = (one.handoff if one else None for one in (was, now))
    who = (names.get(then, "") if then else "") or (names.get(again, "") if again else "")
    known = then is not None and then in names
    return Difference(event, was, now, who, came.get(then, Came.PENDING) if known and then else None)


async def _names(recorded: Database) -> dict[UUID, str]:
    """handoff → whose it is."""
    async with recorded.reading() as connection:
        rows = await connection.execute(select(tables.HANDOFF.c.handoff))
        found = [codec.HANDOFF.decode(row.handoff) for row in rows]
    return {one.id: one.brief.name or one.brief.email for one in found}
