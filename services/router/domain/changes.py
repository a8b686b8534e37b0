"""Writes to a world that can be undone: one bad fact leaves the world as it was before it."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from schemas.event import IdentifierKind
from services.router.domain.decision import Command
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Dossier, IdentifierKey, Lead, Ownership, Standing
from services.router.domain.world import AccountRow, Counted, IdentifierRow, NeedsMoreError, Settled, World

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_ABSENT: Any = object()
_PRESENT: Any = object()
_FRESH = Standing()
_COOKIE = IdentifierKind.COOKIE


@dataclass(slots=True)
class Effect:
    """What one fact came to, beside its writes."""

    settled: list[Settled] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    acts: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    recounted: dict[UUID, Counted] = field(default_factory=dict)
    erased_leads: set[UUID] = field(default_factory=set)


class Changes:
    """What one fact does to the world. Every write goes through here; `undo` takes them all back."""

    __slots__ = ("_undo", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self._undo: list[tuple[Any, Any, Any]] = []

    def undo(self) -> None:
        """The world as it was before this fact."""
        for place, key, before in reversed(self._undo):
            if before is _PRESENT:
                place.add(key)
            elif isinstance(place, set):
                place.discard(key)
            elif before is _ABSENT:
                place.pop(key, None)
            else:
                place[key] = before
        self._undo.clear()

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        """Write one row."""
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def drop(self, table: dict[K, V], key: K) -> None:
        """Take one row away."""
        if key in table:
            self._undo.append((table, key, table.pop(key)))

    def note(self, marks: set[K], item: K) -> None:
        """Add to a set."""
        before = len(marks)
        marks.add(item)
        if len(marks) != before:
            self._undo.append((marks, item, None))

    def unnote(self, marks: set[K], item: K) -> None:
        """Take out of a set."""
        if item in marks:
            self._undo.append((marks, item, _PRESENT))
            marks.discard(item)

    def row(self, key: IdentifierKey) -> IdentifierRow | None:
        """An identifier's row, or None where there is none. Raises `NeedsMoreError` if nobody has looked."""
        found = self.world.identifiers.get(key)
        if found is None and key not in self.world.asked:
            raise NeedsMoreError(identifiers=(key,))
        return found

    def put_row(self, row: IdentifierRow) -> None:
        """Write an identifier's row and, where it is another's now, its membership."""
        key, rows = row.key, self.world.identifiers
        before = rows.get(key)
        self._undo.append((rows, key, before or _ABSENT))
        rows[key] = row
        self.note(self.world.touched_identifiers, key)
        if before is None:
            self._member(row.lead, key, present=True)
        elif before.lead is not row.lead and before.lead != row.lead:
            self._member(before.lead, key, present=False)
            self._member(row.lead, key, present=True)

    def _member(self, lead: UUID, key: IdentifierKey, *, present: bool) -> None:
        members = self.world.members
        before = members.get(lead)
        self._undo.append((members, lead, _ABSENT if before is None else before))
        members[lead] = (before or set()) | {key} if present else (before or set()) - {key}

    def put_dossier(self, key: IdentifierKey, dossier: Dossier) -> None:
        """Write what is known through one identifier, if that is new."""
        row = self.world.identifiers[key]
        if row.dossier is not dossier:
            self.put_row(IdentifierRow(key, row.lead, dossier, row.ownership))

    def put_ownership(self, key: IdentifierKey, ownership: Ownership) -> None:
        """Write who claims one identifier, if that is new."""
        row = self.world.identifiers[key]
        if row.ownership is not ownership:
            self.put_row(IdentifierRow(key, row.lead, row.dossier, ownership))

    def standing(self, lead: UUID) -> Standing:
        """Where the lead stands."""
        return self.world.standings.get(lead, _FRESH)

    def put_standing(self, lead: UUID, standing: Standing) -> None:
        """Write where the lead stands, if that is new."""
        standings = self.world.standings
        before = standings.get(lead, _ABSENT)
        if standing != (_FRESH if before is _ABSENT else before):
            self._undo.append((standings, lead, before))
            standings[lead] = standing
            self.note(self.world.touched_standings, lead)

    def lead(self, identity: UUID) -> Lead:
        """The lead as the sum of its identifiers."""
        members, rows = self.world.members.get(identity, ()), self.world.identifiers
        if len(members) == 1:  # as most have
            (key,) = members
            return Lead(identity, key.kind is not _COOKIE, {key: rows[key].dossier}, self.standing(identity))
        dossiers = {key: rows[key].dossier for key in sorted(members)}
        known = any([key.kind is not _COOKIE for key in dossiers])  # noqa: C419  (a list is faster for so few)
        return Lead(identity, known, dossiers, self.standing(identity))

    def put_handoff(self, handoff: Handoff) -> None:
        """Write a version of a handoff."""
        self.put(self.world.handoffs, handoff.id, handoff)
        self.note(self.world.touched_handoffs, handoff.id)

    def put_triage(self, item: TriageItem) -> None:
        """Write a version of a triage item."""
        self.put(self.world.triage, item.id, item)
        self.note(self.world.touched_triage, item.id)

    def account(self, key: str) -> AccountRow:
        """An account's row. Raises `NeedsMoreError` if nobody has looked."""
        found = self.world.accounts.get(key)
        if found is None and key not in self.world.asked_accounts:
            raise NeedsMoreError(accounts=(key,))
        return found or AccountRow(key)

    def account_if_loaded(self, key: str) -> AccountRow | None:
        """An account's row, or None where nobody has looked: what only tidies up does not ask for more."""
        return self.account(key) if key in self.world.asked_accounts or key in self.world.accounts else None

    def put_account(self, row: AccountRow) -> None:
        """Write an account's row, if that is new; one that says nothing yet is one that others can wait for."""
        if self.world.accounts.get(row.key) != row:
            self.put(self.world.accounts, row.key, row)
            self.note(self.world.touched_accounts, row.key)

    def put_counted(self, event: UUID, counted: Counted) -> None:
        """Remember how an event was counted, for a correction later in the batch."""
        self.put(self.world.counted, event, counted)
