"""A playbook over the past: the log decided once more, in memory, beside what was decided then.

Batches are folded in the order of their numbers, as replay does it, but into one world that holds everything, so that
no database is asked for anything but which batches there were and who was drawn. Each fact sees only what came before
it. With the playbook that decided then, every verdict comes out as it was; with another one, the differences are what
that playbook would have changed. A handoff that then was none is drawn for by the candidate's rotation; what its rep
would have made of it nobody knows, so nothing follows from it.
"""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from runtime.database import Database
from runtime.log import Log
from schemas.verdict import Outcome
from services.router.adapters.forgetting import Forgotten
from services.router.past import Books
from services.router.recollection import Progress, Recollection


@dataclass(frozen=True, slots=True)
class Decided:
    """One automatic decision: what it came to."""

    outcome: Outcome
    code: str
    """The first reason's."""
    handoff: UUID | None


@dataclass(slots=True)
class Backtest:
    """What a playbook has come to over the past."""

    events: int = 0
    whole: bool = True
    """Does the past begin at the beginning, or with a snapshot? Else who was known before is met as a stranger."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    decided: dict[UUID, Decided] = field(default_factory=dict)
    """event → its verdict, where that is kept: not an anonymous visitor's ordinary one."""
    load: Counter[str] = field(default_factory=Counter)
    """rep → plays that were theirs."""


async def backtest(
    recorded: Database,
    log: Log,
    books: Books,
    progress: Progress = lambda _done, _of: None,
    forgotten: Forgotten | None = None,
) -> Backtest:
    """Decide the whole past once more. `recorded` and the log are only read. Raises as `Recollection.moments` does."""
    done, recollection = Backtest(), Recollection(recorded, log, books, forgotten=forgotten)
    async for moment in recollection.moments(progress):
        for settled in moment.folded.settled:
            done.events += 1
            done.outcomes[settled.outcome] += 1
            if settled.stored:
                verdict = settled.verdict
                done.decided[verdict.event] = Decided(verdict.outcome, verdict.reasons[0].code, verdict.handoff)
        done.load.update(drawn.rep for drawn in moment.drawn)
    done.whole = recollection.whole
    return done
