"""Folds a batch: each fact in its order through the pure core, in memory, one bad fact never spoiling the others.

An event's `now` is its door's time, a timer's its due time, an act's the time its own door received it. Every effective
act and timer takes the next number (`lead_seq`) of its lead, as a verdict does; a merge goes on from the higher of two.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from schemas.event import Event
from schemas.feedback import Feedback, TimerFired
from services.router.domain import visitors
from services.router.domain.answering import answer
from services.router.domain.changes import Changes, Effect
from services.router.domain.docket import Docket
from services.router.domain.judging import judge
from services.router.domain.playbook import Playbook
from services.router.domain.prepared import Prepared, prepared
from services.router.domain.world import Folded, NeedsMoreError, World

_LONGEST = 300
_STRETCH = 50
"""Facts that are folded in one go: a few milliseconds."""


def fold(
    facts: Sequence[Event | Feedback],
    world: World,
    playbook: Playbook,
    *,
    nows: Sequence[datetime] | None = None,
    full: bool = False,
) -> Folded:
    """What the batch comes to; `world` is changed in place.

    `nows` replaces each fact's own time (UTC); `full` leaves a receipt with every verdict, for explanations. Raises
    `NeedsMoreError` when something was not loaded: roll back, load it too, and fold again with a fresh world.
    """
    folded = Folded()
    for _ in folding(folded, facts, world, playbook, nows=nows, full=full):
        pass
    return folded


def folding(
    folded: Folded,
    facts: Sequence[Event | Feedback],
    world: World,
    playbook: Playbook,
    *,
    nows: Sequence[datetime] | None = None,
    full: bool = False,
) -> Iterator[None]:
    """As `fold`, into `folded`, with a pause after each stretch in which the caller may do something else."""
    ready = prepared(playbook)
    awaited = frozenset(fact.corrects for fact in facts if isinstance(fact, Event) and fact.corrects is not None)
    settled = folded.settled
    for index, fact in enumerate(facts):
        if index % _STRETCH == _STRETCH - 1:
            yield
        now = nows[index] if nows is not None else now_of(fact)
        changes = None
        try:
            if not full and isinstance(fact, Event):
                key = visitors.ordinary(fact, ready, world)
                if key is not None and (not awaited or fact.id not in awaited):
                    settled.append(visitors.counted(fact, key, ready, world, now))
                    continue
            changes = Changes(world)
            _add(folded, _effect(fact, changes, ready, now, awaited, full=full))
            if fact.id in awaited:
                world.dead.discard(fact.id)
        except NeedsMoreError:
            raise
        except Exception as fault:  # noqa: BLE001  (whatever one fact raises, it is that fact's dead letter)
            if changes is not None:
                changes.undo()
            if fact.id in awaited:
                world.dead.add(fact.id)
            folded.poison.append((index, f"{type(fault).__name__}: {fault}"[:_LONGEST]))


def now_of(fact: Event | Feedback) -> datetime:
    """The `now` of the decision about this fact."""
    if isinstance(fact, Event):
        return fact.received_at
    return fact.due_at if isinstance(fact, TimerFired) else fact.at


def _effect(
    fact: Event | Feedback, changes: Changes, ready: Prepared, now: datetime, awaited: frozenset[UUID], *, full: bool
) -> Effect:
    if isinstance(fact, Event):
        return judge(Docket(fact, changes, ready, now, full, fact.id in awaited))
    return answer(fact, changes, ready, now, awaited, full=full)


def _add(folded: Folded, effect: Effect) -> None:
    folded.settled += effect.settled
    folded.commands += effect.commands
    folded.acts += effect.acts
    if effect.recounted:
        folded.recounted.update(effect.recounted)
    if effect.erased_leads:
        folded.erased_leads |= effect.erased_leads
