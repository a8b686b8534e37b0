"""A playbook over the past: the log decided once more, in memory, beside what was decided then.

Batches are folded in the order of their numbers, as replay does it, but into one world that holds everything, so that
no database is asked for anything but which batches there were and who was drawn. Each fact sees only what came before
it, and nothing is known of what came after the end of the period: no event, no draw, no rep's word. With the playbook
that decided then, every verdict comes out as it was; with another one, the differences are what that playbook would
have changed. A handoff that then was none is drawn for by the candidate's rotation; what its rep would have made of it
nobody knows, so nothing follows from it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from runtime.database import Database
from runtime.log import Log
from schemas.verdict import Outcome, Rule, Verdict
from services.router.adapters import tables
from services.router.adapters.forgetting import Forgotten
from services.router.outcomes import Came, word_of
from services.router.past import Books
from services.router.recollection import Moment, Progress, Recollection


@dataclass(frozen=True, slots=True)
class Decided:
    """One automatic decision: what it came to."""

    outcome: Outcome
    code: str
    """The first reason's."""
    handoff: UUID | None
    play: str = ""
    """Where the receipt names one."""
    fired: tuple[Rule, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Backtest:
    """What a playbook has come to over the past."""

    events: int = 0
    whole: bool = True
    """Does the past begin at the beginning, or with a snapshot? Else who was known before is met as a stranger."""
    last: int = 0
    """The number of the last batch of the period."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    decided: dict[UUID, Decided] = field(default_factory=dict)
    """event → its verdict, where that is kept: not an anonymous visitor's ordinary one."""
    who: dict[UUID, str] = field(default_factory=dict)
    """handoff → whose it is, of those that this playbook makes."""
    came: dict[UUID, Came] = field(default_factory=dict)
    """handoff → the last word of a person on it, as it was really said within the period."""
    load: Counter[str] = field(default_factory=Counter)
    """rep → plays that were theirs."""


async def backtest(
    recorded: Database,
    log: Log,
    books: Books,
    progress: Progress = lambda _done, _of: None,
    *,
    forgotten: Forgotten | None = None,
    until: datetime | None = None,
) -> Backtest:
    """Decide the whole past once more, or what of it was decided by `until` (UTC).

    `recorded` and the log are only read. Raises as `Recollection.moments` does.
    """
    done, recollection = Backtest(), Recollection(recorded, log, books, forgotten=forgotten)
    acts = await _acts(recorded)
    async for moment in recollection.moments(progress, until=until):
        _note(done, moment, acts)
        world = recollection.world
        for settled in moment.folded.settled:
            verdict = settled.verdict if settled.outcome is Outcome.PASS else None
            handoff = world.handoffs.get(verdict.handoff) if verdict and verdict.handoff else None
            if handoff is not None:
                done.who[handoff.id] = handoff.brief.name or handoff.brief.email
    done.whole, done.last = recollection.whole, recollection.last
    return done


def decided_in(verdict: Verdict) -> Decided:
    """The decision that a verdict holds."""
    play = verdict.receipt.play if verdict.receipt else ""
    return Decided(verdict.outcome, verdict.reasons[0].code, verdict.handoff, play, verdict.fired)


def _note(done: Backtest, moment: Moment, acts: frozenset[UUID]) -> None:
    for settled in moment.folded.settled:
        done.events += 1
        done.outcomes[settled.outcome] += 1
        if settled.stored:
            done.decided[settled.verdict.event] = decided_in(settled.verdict)
    done.load.update(drawn.rep for drawn in moment.drawn)
    for fact in moment.piece.facts if moment.piece else ():
        word = word_of(fact)
        if word is not None and fact.id in acts:
            done.came[word[0]] = word[1]


async def _acts(recorded: Database) -> frozenset[UUID]:
    """The acts that had an effect: not those that came too late, or from somebody whom the handoff was none of."""
    async with recorded.reading() as connection:
        return frozenset((await connection.execute(select(tables.ACT.c.fact))).scalars())
