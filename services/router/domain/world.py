"""What a batch reads and writes: loaded and locked by the shell, changed by the fold, saved by the shell.

The fold is pure: the same world, facts, playbook and `now`s give the same changes, in memory, whoever holds the rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from schemas.fact import Value
from schemas.verdict import Outcome, Verdict
from services.router.domain.decision import Command, Surroundings
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Dossier, IdentifierKey, Ownership, Standing

Counted = tuple[tuple[str, str, str, int], ...]
"""(identifier kind, value, signal, day): how one event was counted."""
SAID = ""
"""In the place of a signal: the event counted under none, but said something there that a retraction takes back."""


class NeedsMoreError(Exception):
    """The batch touches more than was loaded (a merge): roll back, load these too, and fold again."""

    def __init__(
        self, identifiers: Iterable[IdentifierKey] = (), leads: Iterable[UUID] = (), accounts: Iterable[str] = ()
    ) -> None:
        super().__init__("more identifiers, leads or accounts have to be locked")
        self.identifiers = frozenset(identifiers)
        self.leads = frozenset(leads)
        self.accounts = frozenset(accounts)


class IdentifierRow(Value, frozen=True, gc=False):
    """One identifier: what is known through it, who claims it, and the lead it belongs to now."""

    key: IdentifierKey
    lead: UUID
    dossier: Dossier = Dossier()
    ownership: Ownership = Ownership()


class AccountRow(Value, frozen=True, gc=False):
    """One company, by its main domain (or a target's key)."""

    key: str
    target_handoff: UUID | None = None
    """The one open handoff by rule 4."""
    owner: str = ""
    """The rep who last worked one of its leads."""
    contacts: tuple[int, ...] = ()
    """When reps tried to reach its people (milliseconds, UTC), where the playbook caps that; the latest few."""


class Judged(Protocol):
    """One fact's verdict and what has to be kept of it, worked out already or when somebody asks."""

    @property
    def verdict(self) -> Verdict:
        """The verdict."""

    @property
    def outcome(self) -> Outcome:
        """The verdict's outcome."""

    @property
    def stored(self) -> bool:
        """False for an anonymous visitor's ordinary event: its verdict can be recomputed."""

    @property
    def counted(self) -> Counted:
        """How the event was counted."""

    @property
    def surroundings(self) -> Surroundings:
        """What was read beyond the lead."""


class Settled(Value, frozen=True, gc=False):
    """One fact's verdict and what has to be kept of it."""

    verdict: Verdict
    stored: bool
    """False for an anonymous visitor's ordinary event: its verdict can be recomputed."""
    counted: Counted = ()
    surroundings: Surroundings = Surroundings()

    @property
    def outcome(self) -> Outcome:
        """The verdict's outcome."""
        return self.verdict.outcome


@dataclass(slots=True)
class World:
    """The rows of one batch. `touched_*` name what has changed and must be saved."""

    identifiers: dict[IdentifierKey, IdentifierRow] = field(default_factory=dict)
    """Every identifier asked for that exists, and all siblings of the leads they belong to."""
    asked: set[IdentifierKey] = field(default_factory=set)
    """Every identifier that was looked up and locked, whether it exists or not."""
    members: dict[UUID, set[IdentifierKey]] = field(default_factory=dict)
    """lead → all its identifiers, for every lead that is loaded."""
    standings: dict[UUID, Standing] = field(default_factory=dict)
    """lead → standing; a loaded lead without an entry is fresh."""
    handoffs: dict[UUID, Handoff] = field(default_factory=dict)
    """The open handoffs of the loaded leads and accounts, and those that feedback names."""
    triage: dict[UUID, TriageItem] = field(default_factory=dict)
    accounts: dict[str, AccountRow] = field(default_factory=dict)
    asked_accounts: set[str] = field(default_factory=set)
    floods: dict[str, int] = field(default_factory=dict)
    """flood key including its time window → claimed events so far."""
    recorded_floods: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)
    """For decisions of the past: event → the counters as it was decided by them, while others were adding to them."""
    erased: set[IdentifierKey] = field(default_factory=set)
    """Identifiers whose person asked to be forgotten: their events count nothing."""
    erased_at: dict[IdentifierKey, int] = field(default_factory=dict)
    """When they asked (milliseconds, UTC), where known: what the door took later is a new beginning."""
    counted: dict[UUID, Counted] = field(default_factory=dict)
    """For events that corrections in this batch name: how they were counted, where a row says so."""
    corrected: set[UUID] = field(default_factory=set)
    """Events of this batch, or named by its corrections, whose correction was judged before."""
    dead: set[UUID] = field(default_factory=set)
    """Events named by this batch's corrections that ended as dead letters: they have counted nothing."""
    touched_identifiers: set[IdentifierKey] = field(default_factory=set)
    touched_standings: set[UUID] = field(default_factory=set)
    touched_handoffs: set[UUID] = field(default_factory=set)
    touched_triage: set[UUID] = field(default_factory=set)
    touched_accounts: set[str] = field(default_factory=set)
    touched_floods: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Folded:
    """What a batch led to, in the order in which it was folded."""

    settled: list[Judged] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    poison: list[tuple[int, str]] = field(default_factory=list)
    """(index in the batch, what deciding it raised): these become dead letters, the rest goes on."""
    acts: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    """(feedback, lead, lead_seq): the place of each act and timer that changed a lead in that lead's history."""
    recounted: dict[UUID, Counted] = field(default_factory=dict)
    """Events whose counting changed after their verdict (a burst seen too late): the stored `counted` becomes this."""
    erased_leads: set[UUID] = field(default_factory=set)
    """Leads whose rows, receipts, timers and outbox entries the shell removes."""
