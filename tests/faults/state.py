"""A router's whole state, read from its tables: who is who, what they did, where they stand, whose play they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from runtime.database import Database
from schemas.event import IdentifierKind
from schemas.handoff import OPEN
from services.router.adapters import codec, tables
from services.router.adapters.loading import account_in
from services.router.domain.assignment import Rotation
from services.router.domain.decision import Draw
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import IdentifierKey, Lead, Standing
from services.router.domain.world import AccountRow, IdentifierRow


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row of the verdicts."""

    lead: UUID
    seq: int
    event: UUID
    outcome: str
    handoff: UUID | None
    digest: bytes
    receipt: bytes
    """The whole verdict, where it was told to somebody."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One draw, as it was recorded."""

    number: int
    handoff: UUID
    round: int
    team: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the routers of one house have come to."""

    identifiers: Mapping[IdentifierKey, IdentifierRow]
    standings: Mapping[UUID, Standing]
    handoffs: Mapping[UUID, Handoff]
    items: Mapping[UUID, TriageItem]
    accounts: Mapping[str, AccountRow]
    rulings: tuple[Ruling, ...]
    drawings: tuple[Drawing, ...]
    """In the order of their numbers."""
    rotations: Mapping[str, Rotation]

    def lead(self, identity: UUID) -> Lead:
        """The lead as the sum of its identifiers."""
        dossiers = {key: row.dossier for key, row in sorted(self.identifiers.items()) if row.lead == identity}
        known = any(key.kind is not IdentifierKind.COOKIE for key in dossiers)
        return Lead(identity, known, dossiers, self.standings.get(identity, Standing()))

    def open_handoffs(self) -> list[Handoff]:
        """Those somebody is accountable for."""
        return [one for one in self.handoffs.values() if one.state in OPEN]


async def state_of(database: Database) -> State:
    """Read it all, at one moment."""
    rows: dict[str, list[Any]] = {}
    async with database.reading() as connection:
        for table in _READ:
            found = await connection.execute(select(table).order_by(*table.primary_key.columns))
            rows[table.name] = list(found)
    return State(
        identifiers={row.key: row for row in map(_identifier, rows[tables.IDENTIFIER.name])},
        standings={row.lead: codec.STANDING.decode(row.standing) for row in rows[tables.STANDING.name]},
        handoffs={row.id: codec.HANDOFF.decode(row.handoff) for row in rows[tables.HANDOFF.name]},
        items={row.id: codec.TRIAGE.decode(row.item) for row in rows[tables.TRIAGE.name]},
        accounts={row.key: account_in(row) for row in rows[tables.ACCOUNT.name]},
        rulings=tuple(
            Ruling(row.lead, row.seq, row.event, row.outcome, row.handoff, row.digest, row.receipt)
            for row in rows[tables.VERDICT.name]
        ),
        drawings=tuple(sorted(map(_drawing, rows[tables.ASSIGNMENT.name]), key=lambda one: (one.number, one.handoff))),
        rotations={row.team: codec.ROTATION.decode(row.rotation) for row in rows[tables.ROTATION.name]},
    )


_READ: tuple[Table, ...] = (
    tables.IDENTIFIER,
    tables.STANDING,
    tables.HANDOFF,
    tables.TRIAGE,
    tables.ACCOUNT,
    tables.VERDICT,
    tables.ASSIGNMENT,
    tables.ROTATION,
)


def _identifier(row: Any) -> IdentifierRow:
    return IdentifierRow(
        IdentifierKey(IdentifierKind(row.kind), row.value),
        row.lead,
        codec.DOSSIER.decode(row.dossier),
        codec.OWNERSHIP.decode(row.ownership) if row.ownership else codec.EMPTY_OWNERSHIP,
    )


def _drawing(row: Any) -> Drawing:
    return Drawing(row.batch, row.handoff, row.round, row.team, codec.DRAW.decode(row.draw))
