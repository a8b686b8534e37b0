"""The past as it is decided once more, in memory: one world that holds everything, and nothing that is saved."""

from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select

from runtime.database import Database
from runtime.log import Log
from schemas.event import Event
from schemas.fact import replace
from schemas.handoff import HandoffState
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant, milliseconds
from services.router.adapters.forgetting import Forgotten
from services.router.beginning import Memory, beginning, remembered
from services.router.desk import ASSIGNMENT_LANE
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw
from services.router.domain.folding import fold, now_of
from services.router.domain.identity import keys_of
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.world import Counted, Folded, World
from services.router.past import Books, Past, Piece, recorded_floods

Progress = Callable[[int, int], None]
"""How many of how many batches are done."""


class _Everything(set[Any]):
    """All there is was looked up: the world holds it."""

    def __contains__(self, _item: object) -> bool:
        return True


class Moment(NamedTuple):
    """What one batch, or one round of draws, comes to."""

    piece: Piece | None
    """None for draws."""
    folded: Folded
    drawn: list[Draw]


@dataclass(slots=True)
class Recollection:
    """Everything that a router's database would hold, and each team's rotation for those whom nobody was drawn for."""

    recorded: Database
    log: Log
    books: Books
    world: World = field(default_factory=lambda: World(asked=_Everything(), asked_accounts=_Everything()))
    whole: bool = True
    """Does the past begin at the beginning, or with a snapshot? Else everybody known by then is a stranger here."""
    last: int = 0
    """The number of the last batch that was decided."""
    before: int | None = None
    """Begin in front of this batch and no earlier than needed; else as early as possible."""
    forgotten: Forgotten | None = None
    """Knows by the deployment's key who asked to be forgotten; needed for a past that begins with a snapshot."""
    _erased: dict[UUID, int] = field(default_factory=dict)
    _counted: dict[UUID, Counted] = field(default_factory=dict)
    _corrected: set[UUID] = field(default_factory=set)
    _dead: set[UUID] = field(default_factory=set)
    _rotations: dict[str, Rotation] = field(default_factory=dict)

    async def moments(
        self,
        progress: Progress = lambda _done, _of: None,
        *,
        full: AbstractSet[UUID] = frozenset(),
        until: datetime | None = None,
    ) -> AsyncIterator[Moment]:
        """Decide batch after batch; a batch with one of the `full` events leaves a whole receipt with every verdict.

        `until` (UTC) ends before the first batch that was decided later, and nothing behind it is looked at.
        The database and the log are only read. Raises `ReplayError` where a part of the log cannot be read,
        `OffsetLostError` where it is gone, and what `books` raises.
        """
        rows = await _batches(self.recorded, until)
        self.last = rows[-1].number if rows else 0
        past, draws = Past(self.log), await _draws(self.recorded, self.last)
        theirs = {one.handoff for found in draws.values() for one in found}
        self.world.recorded_floods = await recorded_floods(self.recorded)
        start = await beginning(self.recorded, self.log, self.before)
        self.whole = start is not None
        if start is not None and start.number:
            rows = [row for row in rows if row.number > start.number]
            self._begin_with(await remembered(self.recorded, start))
        for count, row in enumerate(rows, 1):
            book = self.books(row.playbook, row.lists)
            if row.lane == ASSIGNMENT_LANE:
                yield Moment(None, Folded(), self._apply(draws.get(row.number, ()), book))
            else:
                piece = await past.piece(row)
                folded = self._decide(piece, book, full=any(fact.id in full for fact in piece.facts))
                yield Moment(piece, folded, self._draw_for_others(piece, book, theirs))
            self._forget_what_was_touched()
            progress(count, len(rows))

    def _begin_with(self, memory: Memory) -> None:
        """As if everything up to the snapshot had been decided here."""
        kept = memory.world
        for name in ("identifiers", "members", "standings", "handoffs", "triage", "accounts", "floods"):
            getattr(self.world, name).update(getattr(kept, name))
        self._counted, self._corrected, self._dead = memory.counted, memory.corrected, memory.dead
        self._erased = memory.erased

    def _know_the_erased(self, piece: Piece) -> None:
        """Of those who were forgotten up to now only hashes are left: who comes by is looked for among them."""
        for fact in piece.facts if self._erased and self.forgotten else ():
            for key in keys_of(fact) if isinstance(fact, Event) else ():
                at = self._erased.get(self.forgotten.hash(key)) if self.forgotten else None
                if at is not None and key not in self.world.identifiers:
                    self.world.erased.add(key)
                    self.world.erased_at.setdefault(key, at)

    def _decide(self, piece: Piece, book: Playbook, *, full: bool) -> Folded:
        world, facts = self.world, piece.facts
        self._know_the_erased(piece)
        named = {fact.corrects for fact in facts if isinstance(fact, Event) and fact.corrects is not None}
        here = {fact.id for fact in facts}
        world.counted = {one: self._counted[one] for one in named if one in self._counted}
        world.corrected = {one for one in named | here if one in self._corrected}
        world.dead = {one for one in named if one in self._dead} | set(piece.dead)
        folded = fold(facts, world, book, full=full)
        self._counted.update((one.verdict.event, one.counted) for one in folded.settled if one.stored)
        self._counted.update((one, how) for one, how in folded.recounted.items() if one in self._counted)
        self._corrected |= named & world.corrected
        self._dead |= piece.dead
        self._dead -= piece.alive - piece.dead
        for lead in folded.erased_leads:
            self._erase(lead)
        return folded

    def _erase(self, lead: UUID) -> None:
        """As the shell removes the rows of a lead that asked to be forgotten."""
        world = self.world
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

    def _apply(self, draws: Sequence[Row[Any]], book: Playbook) -> list[Draw]:
        """Who was drawn then, is."""
        handoffs, found = self.world.handoffs, []
        for one in draws:
            if one.handoff in handoffs:
                drawn = codec.DRAW.decode(one.draw)
                handoffs[one.handoff], _ = offer(handoffs[one.handoff], drawn, book, instant(one.at))
                found.append(drawn)
        return found

    def _draw_for_others(self, piece: Piece, book: Playbook, theirs: AbstractSet[UUID]) -> list[Draw]:
        """Whose handoff this playbook alone makes, goes to whoever would have been next; nobody's hands are full."""
        handoffs, found = self.world.handoffs, []
        for identity in sorted(self.world.touched_handoffs - theirs):
            handoff = handoffs.get(identity)
            if handoff is None or handoff.state is not HandoffState.QUEUED:
                continue
            now, held = now_of(piece.facts[-1]), self._rotations.get(handoff.team, Rotation())
            drawn, self._rotations[handoff.team] = draw(handoff, book, held, {}, now)
            handoffs[identity], _ = offer(handoff, drawn, book, now)
            found.append(drawn)
        return found

    def _forget_what_was_touched(self) -> None:
        """Nothing is saved, so nothing has to be found."""
        world = self.world
        for touched in (
            world.touched_identifiers,
            world.touched_standings,
            world.touched_handoffs,
            world.touched_triage,
            world.touched_accounts,
            world.touched_floods,
        ):
            touched.clear()


async def _batches(recorded: Database, until: datetime | None) -> list[Row[Any]]:
    """Those decided by then, in their order. A batch is numbered after it was begun, so the first late one ends it."""
    async with recorded.reading() as connection:
        rows = list(await connection.execute(select(tables.BATCH).order_by(tables.BATCH.c.number)))
    end = milliseconds(until) if until is not None else None
    return rows if end is None else list(takewhile(lambda row: row.at <= end, rows))


async def _draws(recorded: Database, last: int) -> dict[int, list[Row[Any]]]:
    """batch → who was drawn in it, up to the last of the period."""
    table, found = tables.ASSIGNMENT, dict[int, list[Row[Any]]]()
    order = (table.c.batch, table.c.handoff)
    async with recorded.reading() as connection:
        for row in await connection.execute(select(table).where(table.c.batch <= last).order_by(*order)):
            found.setdefault(row.batch, []).append(row)
    return found
