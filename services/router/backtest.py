"""A playbook over the past: the log decided once more, in memory, beside what was decided then.

Batches are folded in the order of their numbers, as replay does it, but into one world that holds everything, so that
no database is asked for anything but which batches there were and who was drawn. Each fact sees only what came before
it. With the playbook that decided then, every verdict comes out as it was; with another one, the differences are what
that playbook would have changed. A handoff that then was none is drawn for by the candidate's rotation; what its rep
would have made of it nobody knows, so nothing follows from it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from runtime.database import Database
from runtime.log import Log
from schemas.event import Event
from schemas.fact import replace
from schemas.handoff import HandoffState
from schemas.verdict import Outcome
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant
from services.router.desk import ASSIGNMENT_LANE
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw
from services.router.domain.folding import fold, now_of
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.world import Counted, World
from services.router.past import Past, Piece

Books = Callable[[str, str], Playbook]
"""(version, lists version) that decided then → the playbook to decide by now."""
Progress = Callable[[int, int], None]
"""How many of how many batches are done."""


class _Everything(set[Any]):
    """All there is was looked up: the world holds it."""

    def __contains__(self, _item: object) -> bool:
        return True


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
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    decided: dict[UUID, Decided] = field(default_factory=dict)
    """event → its verdict, where that is kept: not an anonymous visitor's ordinary one."""
    load: Counter[str] = field(default_factory=Counter)
    """rep → plays that were theirs."""


@dataclass(slots=True)
class _Memory:
    """Everything that a router's database would hold, and each team's rotation for those whom nobody was drawn for."""

    world: World = field(default_factory=lambda: World(asked=_Everything(), asked_accounts=_Everything()))
    counted: dict[UUID, Counted] = field(default_factory=dict)
    corrected: set[UUID] = field(default_factory=set)
    dead: set[UUID] = field(default_factory=set)
    rotations: dict[str, Rotation] = field(default_factory=dict)


async def backtest(
    recorded: Database, log: Log, books: Books, progress: Progress = lambda _done, _of: None
) -> Backtest:
    """Decide the whole past once more. `recorded` and the log are only read.

    Raises `ReplayError` where a part of the log cannot be read, `OffsetLostError` where it is gone, and what `books`
    raises.
    """
    memory, done, past = _Memory(), Backtest(), Past(log)
    draws = await _draws(recorded)
    theirs = {one.handoff for found in draws.values() for one in found}
    async with recorded.reading() as connection:
        rows = list(await connection.execute(select(tables.BATCH).order_by(tables.BATCH.c.number)))
    for count, row in enumerate(rows, 1):
        book = books(row.playbook, row.lists)
        if row.lane == ASSIGNMENT_LANE:
            _apply(memory.world, done, draws.get(row.number, ()), book)
        else:
            piece = await past.piece(row)
            _decide(memory, done, piece, book)
            _draw_for_others(memory, done, piece, book=book, theirs=theirs)
        _forget_what_was_touched(memory.world)
        progress(count, len(rows))
    return done


async def _draws(recorded: Database) -> dict[int, list[Row[Any]]]:
    """batch → who was drawn in it."""
    table, found = tables.ASSIGNMENT, dict[int, list[Row[Any]]]()
    async with recorded.reading() as connection:
        for row in await connection.execute(select(table).order_by(table.c.batch, table.c.handoff)):
            found.setdefault(row.batch, []).append(row)
    return found


def _decide(memory: _Memory, done: Backtest, piece: Piece, book: Playbook) -> None:
    world, facts = memory.world, piece.facts
    named = {fact.corrects for fact in facts if isinstance(fact, Event) and fact.corrects is not None}
    here = {fact.id for fact in facts}
    world.counted = {one: memory.counted[one] for one in named if one in memory.counted}
    world.corrected = {one for one in named | here if one in memory.corrected}
    world.dead = {one for one in named if one in memory.dead} | set(piece.dead)
    folded = fold(facts, world, book)
    for settled in folded.settled:
        done.events += 1
        done.outcomes[settled.outcome] += 1
        if settled.stored:
            verdict = settled.verdict
            done.decided[verdict.event] = Decided(verdict.outcome, verdict.reasons[0].code, verdict.handoff)
            memory.counted[verdict.event] = settled.counted
    memory.counted.update((one, how) for one, how in folded.recounted.items() if one in memory.counted)
    memory.corrected |= named & world.corrected
    memory.dead |= piece.dead
    memory.dead -= piece.alive - piece.dead
    for lead in folded.erased_leads:
        _erase(world, lead)


def _erase(world: World, lead: UUID) -> None:
    """As the shell removes the rows of a lead that asked to be forgotten."""
    for key in world.members.pop(lead, set()):
        world.identifiers.pop(key, None)
    world.standings.pop(lead, None)
    gone = {one.id for one in world.handoffs.values() if one.lead == lead}
    for handoff in gone:
        del world.handoffs[handoff]
    for item in [one.id for one in world.triage.values() if one.lead == lead]:
        del world.triage[item]
    for domain, account in world.accounts.items():
        if account.target_handoff in gone:
            world.accounts[domain] = replace(account, target_handoff=None)


def _apply(world: World, done: Backtest, draws: Sequence[Row[Any]], book: Playbook) -> None:
    """Who was drawn then, is."""
    for one in draws:
        if one.handoff in world.handoffs:
            _offered(world, done, codec.DRAW.decode(one.draw), (one.handoff, book, instant(one.at)))


def _draw_for_others(
    memory: _Memory, done: Backtest, piece: Piece, *, book: Playbook, theirs: AbstractSet[UUID]
) -> None:
    """Whose handoff this playbook alone makes, goes to whoever would have been next."""
    world = memory.world
    for identity in sorted(world.touched_handoffs - theirs):
        handoff = world.handoffs.get(identity)
        if handoff is None or handoff.state is not HandoffState.QUEUED:
            continue
        now, held = now_of(piece.facts[-1]), memory.rotations.get(handoff.team, Rotation())
        drawn, memory.rotations[handoff.team] = draw(handoff, book, held, {}, now)
        _offered(world, done, drawn, (identity, book, now))


def _offered(world: World, done: Backtest, drawn: Draw, to: tuple[UUID, Playbook, datetime]) -> None:
    identity, book, now = to
    world.handoffs[identity], _ = offer(world.handoffs[identity], drawn, book, now)
    done.load[drawn.rep] += 1


def _forget_what_was_touched(world: World) -> None:
    """Nothing is saved, so nothing has to be found."""
    for touched in (
        world.touched_identifiers,
        world.touched_standings,
        world.touched_handoffs,
        world.touched_triage,
        world.touched_accounts,
        world.touched_floods,
    ):
        touched.clear()
