"""One batch, one transaction: the offset first, then locks in order, the pure fold, and everything it changed."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.log import Batch, Message
from runtime.meanwhile import meanwhile
from runtime.outbox import NOTHING_SAID, Said
from schemas.dead_letter import DeadLetterReason
from schemas.event import Event
from schemas.feedback import Feedback
from services.router.adapters import tables
from services.router.adapters.ask import Ask, Number
from services.router.adapters.codec import milliseconds
from services.router.adapters.loading import Loaded, load
from services.router.adapters.saving import (
    corrections_of,
    day_of,
    make_known,
    make_visitors,
    met,
    save,
    see_that_nobody_left,
    see_that_nothing_was_corrected,
)
from services.router.adapters.state import Write
from services.router.capacity import NOBODY, giving, see_that_nobody_else_gave
from services.router.desk import DRAW, Desk, numbering
from services.router.domain.folding import fold, folding, glimpsing, passing_by
from services.router.domain.handoff import Handoff
from services.router.domain.lead import IdentifierKey
from services.router.domain.needs import Needs, needs
from services.router.domain.playbook import Playbook
from services.router.domain.visitors import Glimpse
from services.router.domain.world import Folded, NeedsMoreError
from services.router.drawing import Drawn, records, timers
from services.router.drawing_at_once import drawn_at_once, holding, teams_in_turn, to_hold
from services.router.erasure import erase_leads, without_the_erased
from services.router.fresh import fresh
from services.router.reading import Death, Entry, Incoming, dead_letter, dropped, reading
from services.router.rotations import rotated
from services.router.telling import Told, dead_letter_message, tell
from services.router.uncounted import dead_events, driven_again, remembered


@dataclass(slots=True)
class More:
    """What an earlier attempt found missing."""

    identifiers: set[IdentifierKey] = field(default_factory=set)
    leads: set[UUID] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)

    def learn(self, missing: NeedsMoreError) -> None:
        """The next attempt looks these up as well."""
        self.identifiers |= missing.identifiers
        self.leads |= missing.leads
        self.accounts |= missing.accounts


@dataclass(frozen=True, slots=True)
class Effect:
    """What a committed batch has come to."""

    entries: list[Entry]
    duplicates: int
    deaths: list[Death]
    folded: Folded
    told: Told
    handoffs: Mapping[UUID, Handoff]
    members: Mapping[UUID, set[IdentifierKey]]
    """lead → its identifiers, for every lead the batch touched."""
    parked: tuple[str, ...] = ()
    drawn: Drawn | None = None
    """The offers made at once; the rest waits for its team's row."""
    said: Said = NOTHING_SAID
    """What is to be published after the commit."""


async def apply(desk: Desk, batch: Batch, condemned: Mapping[int, str], more: More) -> Effect:
    """Decide and commit the batch; `condemned` names offsets whose fact the database has refused before.

    Raises `FencedError` when another owner has moved on, `NeedsMoreError` and `CrossedError` when it is to be tried
    anew, and whatever the database raises.
    """
    incoming, playbook = Incoming(batch), desk.shelf.current
    stretches = reading(incoming, condemned)
    first, today = next(stretches), day_of(milliseconds(desk.now()))
    keys = [entry.key for entry in first]
    claim = desk.state.claimed(desk.carriage.database, desk.positions, batch, table=tables.SEEN, keys=keys, day=today)
    async with AsyncExitStack() as turn, claim as (connection, known):
        entries, wanted = await fresh(
            desk,
            connection,
            incoming,
            chain([first], stretches),
            playbook=playbook,
            today=today,
            known=known,
        )
        wanted = _widened(wanted, more)
        return await _decide(desk, connection, turn, incoming, entries=entries, wanted=wanted, playbook=playbook)


async def _decide(
    desk: Desk,
    connection: AsyncConnection,
    turn: AsyncExitStack,
    incoming: Incoming,
    *,
    entries: list[Entry],
    wanted: Needs,
    playbook: Playbook,
) -> Effect:
    state, now = desk.state, desk.now()
    facts = [entry.fact for entry in entries]
    glimpses: list[Glimpse | None] = []
    loading = load(connection, state, wanted, facts=facts, playbook=playbook, forgotten=desk.forgotten)
    async with meanwhile(loading) as awaited:
        for _ in glimpsing(glimpses, facts, playbook):
            await asyncio.sleep(0)
    loaded = awaited.result()
    await desk.lanes.breathe(incoming.batch)
    folded = await _folded(desk, connection, loaded, facts, glimpses, playbook=playbook)
    loaded.day = day_of(milliseconds(now))
    told = tell(folded, loaded, desk.shelf, now)
    poisoned = _bury(incoming, entries, folded)
    await rotated(desk, connection, told.turns, playbook)
    teams = await teams_in_turn(desk, turn, loaded, told)
    places = (_place(incoming.batch), DRAW) if teams else (_place(incoming.batch),)
    numbers = numbering(*places, playbook=playbook, at=now, dropped=dropped(incoming, entries))
    asks = [*to_hold(teams), numbers]
    *answers, rows = await make_known(connection, state, loaded, asked=wanted.identifiers, playbook=playbook, asks=asks)
    number, *drawing = [row[0] for row in rows]
    handoffs = dict(loaded.world.handoffs)
    held = await holding(desk, connection, answers, drawing, again=numbering(DRAW, playbook=playbook, at=now))
    drawn = drawn_at_once(desk, loaded, told, held, playbook=playbook)
    drawn_timers = drawn.told.timers if drawn else []
    further = [*(records(drawn) if drawn else ()), timers([*told.timers, *drawn_timers])]
    await remembered(state, connection, dead_events(incoming), driven_again(incoming, entries), loaded.day)
    bad = {id(event) for event, _ in poisoned}
    good = (fact for fact in facts if isinstance(fact, Event) and id(fact) not in bad)
    parked = await desk.parking.count(connection, state, good, poisoned)
    letters = [dead_letter_message(dead_letter(incoming, death, now)) for death in incoming.deaths]
    messages = [*told.messages, *(drawn.told.messages if drawn else ()), *without_the_erased(letters, loaded)]
    said = await _saved(
        desk,
        connection,
        messages,
        facts=facts,
        wanted=wanted,
        loaded=loaded,
        folded=folded,
        number=number,
        further=further,
        drawn=drawn,
    )
    duplicates = (
        len(incoming.entries) - len(entries) - sum(one.reason is DeadLetterReason.PARKED for one in incoming.deaths)
    )
    members = loaded.world.members
    return Effect(entries, duplicates, incoming.deaths, folded, told, handoffs, members, parked, drawn, said)


async def _folded(
    desk: Desk,
    connection: AsyncConnection,
    loaded: Loaded,
    facts: Sequence[Event | Feedback],
    glimpses: Sequence[Glimpse | None],
    *,
    playbook: Playbook,
) -> Folded:
    """The fold, with pauses: another statement has been answered, perhaps, and its database need not idle.

    Visitors go first, and their rows are made while the rest is decided.
    """
    folded, left = Folded(), list[int]()
    for _ in passing_by(folded, left, facts, glimpses, world=loaded.world, playbook=playbook):
        await asyncio.sleep(0)
    async with meanwhile(make_visitors(connection, desk.state, loaded)):
        for _ in folding(folded, facts, loaded.world, playbook, places=left):
            await asyncio.sleep(0)
    return folded


async def folded_into(
    desk: Desk,
    connection: AsyncConnection,
    facts: Sequence[Event | Feedback],
    *,
    playbook: Playbook,
    more: More,
    number: int,
    at: datetime,
    dead: Collection[UUID] = (),
    alive: Collection[UUID] = (),
    floods: Mapping[UUID, Mapping[str, int]] = MappingProxyType({}),
) -> Folded:
    """Fold facts of the past into the state, as batch `number` did at `at`, and tell nobody. For replay.

    `dead` names its events that became dead letters, `alive` its facts that had been some and were driven again,
    `floods` the counters by which its events were decided.
    Raises `NeedsMoreError` and `CrossedError` when it is to be tried anew.
    """
    wanted = _widened(needs(facts, playbook), more)
    loaded = await load(connection, desk.state, wanted, facts=facts, playbook=playbook, forgotten=desk.forgotten)
    loaded.day = day_of(milliseconds(at))
    loaded.world.dead |= set(dead)
    loaded.world.recorded_floods = floods
    folded = fold(facts, loaded.world, playbook)
    await make_known(connection, desk.state, loaded, asked=wanted.identifiers, playbook=playbook)
    await save(connection, desk.state, loaded, folded, number, further=[_early(wanted, loaded)])
    if _erases(folded, loaded):
        await erase_leads(desk, connection, loaded, folded.erased_leads)
    await remembered(desk.state, connection, dead, alive, loaded.day)
    return folded


async def _saved(
    desk: Desk,
    connection: AsyncConnection,
    messages: Sequence[tuple[str, Message]],
    *,
    facts: Sequence[Event | Feedback],
    wanted: Needs,
    loaded: Loaded,
    folded: Folded,
    number: int,
    further: Sequence[Write],
    drawn: Drawn | None,
) -> Said:
    """Everything the fold has changed is in the state, what is `further` to be kept, and what is to be said.

    What the erased left in the outbox goes before what is said instead comes. Raises `CrossedError` as `save` does, and
    where another draw has given something to somebody who was `drawn` here.
    """
    newcomers, erases = met(loaded, desk.state), _erases(folded, loaded)
    saying = Number(tables.OUTBOX, [] if erases else desk.outbox.rows(messages))
    offered, before = (drawn.offered, drawn.before) if drawn else ([], NOBODY)
    left, corrections = desk.forgotten.asking(newcomers), corrections_of(facts, loaded, desk.state)
    asks: list[Ask] = [giving(offered), saying, left, corrections]
    further = [*further, _early(wanted, loaded)]
    given, *answers = await save(connection, desk.state, loaded, folded, number, further=further, asks=asks)
    see_that_nobody_else_gave(offered, before, given)
    numbers, erased, corrected = answers
    see_that_nobody_left(loaded, desk.forgotten.known(newcomers, erased), newcomers)
    see_that_nothing_was_corrected(loaded, corrected)
    if not erases:
        return Said(tuple(row[0] for row in numbers), tuple(messages))
    instead = await erase_leads(desk, connection, loaded, folded.erased_leads)
    return await desk.outbox.put(connection, [*messages, *instead])


def _early(wanted: Needs, loaded: Loaded) -> Write:
    """The corrections that came before what they correct; not those whose own fact is a dead letter."""
    judged = wanted.corrections & loaded.world.corrected
    return Write("add", tables.TOMBSTONE, [(one, loaded.day) for one in sorted(judged)])


def _erases(folded: Folded, loaded: Loaded) -> bool:
    return bool(folded.erased_leads) or loaded.world.erased_at != loaded.forgotten


def _widened(wanted: Needs, more: More) -> Needs:
    if not (more.identifiers or more.leads or more.accounts):
        return wanted
    return wanted.and_more(NeedsMoreError(more.identifiers, more.leads, more.accounts))


def _bury(incoming: Incoming, entries: list[Entry], folded: Folded) -> list[tuple[Event, str]]:
    """The facts that deciding choked on become dead letters; gives the events among them."""
    poisoned = []
    for index, why in folded.poison:
        entry = entries[index]
        source = entry.fact.source if isinstance(entry.fact, Event) else ""
        incoming.deaths.append(Death(entry.place, DeadLetterReason.POISON, why, source))
        if isinstance(entry.fact, Event):
            poisoned.append((entry.fact, why))
    return poisoned


def _place(batch: Batch) -> tuple[str, int, int, int]:
    return batch.partition.topic, batch.partition.number, batch.first, batch.next
