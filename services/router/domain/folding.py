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
from services.router.domain.identity import keys_of
from services.router.domain.judging import judge
from services.router.domain.playbook import Playbook
from services.router.domain.prepared import Prepared, prepared
from services.router.domain.visitors import Glimpse
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
    places: Sequence[int] | None = None,
    nows: Sequence[datetime] | None = None,
    full: bool = False,
) -> Iterator[None]:
    """As `fold`, into `folded`, with a pause after each stretch in which the caller may do something else.

    `places` are those of the facts that are left to be folded, in order: all of them, or what `passing_by` has left.
    """
    ready = prepared(playbook)
    awaited = frozenset(fact.corrects for fact in facts if isinstance(fact, Event) and fact.corrects is not None)
    settled = folded.settled
    for count, index in enumerate(range(len(facts)) if places is None else places, 1):
        if count % _STRETCH == 0:
            yield
        fact = facts[index]
        now = nows[index] if nows is not None else now_of(fact)
        changes = None
        try:
            if not full and isinstance(fact, Event):
                seen = visitors.glimpse(fact, ready)
                if seen is not None and fact.id not in awaited and visitors.ordinary(seen, world):
                    settled.append(visitors.counted(seen, ready, world, now))
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
            folded.poison.append((index, _named(fault)))


def glimpsing(glimpses: list[Glimpse | None], facts: Sequence[Event | Feedback], playbook: Playbook) -> Iterator[None]:
    """What can be told of the facts before anything is loaded, into `glimpses`, with pauses as `folding` makes them."""
    ready = prepared(playbook)
    for count, fact in enumerate(facts, 1):
        if count % _STRETCH == 0:
            yield
        glimpses.append(_glimpse(fact, ready) if isinstance(fact, Event) else None)


def _glimpse(event: Event, ready: Prepared) -> Glimpse | None:
    try:
        return visitors.glimpse(event, ready)
    except Exception:  # noqa: BLE001  (what is wrong with it is found, and said, when it is folded)
        return None


def passing_by(
    folded: Folded,
    left: list[int],
    facts: Sequence[Event | Feedback],
    glimpses: Sequence[Glimpse | None],
    *,
    world: World,
    playbook: Playbook,
) -> Iterator[None]:
    """Fold first, into `folded`, what visitors did whom no other fact of the batch names; `left` are the other places.

    No fact that is left can see such a visitor, nor the visitor it: both orders come to the same. A correction sees
    whom its event was counted on, an act or a timer whom its handoff is about: beside one of these nothing goes first.
    """
    if any(not isinstance(fact, Event) or fact.corrects is not None for fact in facts):
        left.extend(range(len(facts)))
        return
    ready = prepared(playbook)
    alone = [seen if seen is not None and visitors.ordinary(seen, world) else None for seen in glimpses]
    others = (fact for fact, seen in zip(facts, alone, strict=True) if seen is None)
    named = {key for fact in others if isinstance(fact, Event) for key in keys_of(fact)}
    for index, seen in enumerate(alone):
        if index % _STRETCH == _STRETCH - 1:
            yield
        if seen is None or seen.key in named:
            left.append(index)
            continue
        try:
            folded.settled.append(visitors.counted(seen, ready, world, seen.event.received_at))
        except Exception as fault:  # noqa: BLE001  (whatever one fact raises, it is that fact's dead letter)
            folded.poison.append((index, _named(fault)))


def _named(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:_LONGEST]


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
