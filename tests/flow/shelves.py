"""What the ring's tables hold, read as people would ask for it. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Table, select

from runtime.database import Database
from schemas.event import IdentifierKind
from schemas.verdict import Verdict
from services.notifier import tables as messenger
from services.router.adapters import codec, tables
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Dossier, IdentifierKey, Lead, Standing

_VERDICTS = msgspec.json.Decoder(Verdict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row of the verdicts."""

    event: UUID
    lead: UUID
    seq: int
    outcome: str
    code: str
    batch: int
    row: tuple[Any, ...]
    receipt: Verdict | None


async def rows(database: Database, table: Table) -> Sequence[Row[Any]]:
    async with database.reading() as connection:
        return (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()


def key_of(who: str) -> IdentifierKey:
    """`ada@acme.example` is an email, `+4930…` a phone, anything else the tracking API's cookie."""
    if "@" in who:
        return IdentifierKey(IdentifierKind.EMAIL, who)
    kind = IdentifierKind.PHONE if who.startswith("+") else IdentifierKind.COOKIE
    return IdentifierKey(kind, who if kind is IdentifierKind.PHONE else f"segment:{who}")


async def lead_of(database: Database, who: str) -> Lead:
    """The lead to whom this identifier belongs now, with everything known. Raises `LookupError`."""
    every = await rows(database, tables.IDENTIFIER)
    key = key_of(who)
    ids = [row.lead for row in every if (row.kind, row.value) == (key.kind, key.value)]
    if not ids:
        raise LookupError(f"{key} is unknown")
    dossiers: dict[IdentifierKey, Dossier] = {
        IdentifierKey(IdentifierKind(row.kind), row.value): codec.DOSSIER.decode(row.dossier)
        for row in every
        if row.lead == ids[0]
    }
    standings = [row for row in await rows(database, tables.STANDING) if row.lead == ids[0]]
    standing = codec.STANDING.decode(standings[0].standing) if standings else Standing()
    known = any(one.kind is not IdentifierKind.COOKIE for one in dossiers)
    return Lead(ids[0], known, dossiers, standing)


async def rulings(database: Database, lead: UUID) -> list[Ruling]:
    """A lead's verdicts in the order of their numbers."""
    return [
        Ruling(
            event=row.event,
            lead=row.lead,
            seq=row.seq,
            outcome=row.outcome,
            code=row.code,
            batch=row.batch,
            row=tuple(row),
            receipt=_VERDICTS.decode(row.receipt) if row.receipt else None,
        )
        for row in await rows(database, tables.VERDICT)
        if row.lead == lead
    ]


async def handoffs(database: Database, lead: UUID) -> list[Handoff]:
    found = [codec.HANDOFF.decode(row.handoff) for row in await rows(database, tables.HANDOFF) if row.lead == lead]
    return sorted(found, key=lambda one: one.received_at)


async def items(database: Database, lead: UUID) -> list[TriageItem]:
    return [codec.TRIAGE.decode(row.item) for row in await rows(database, tables.TRIAGE) if row.lead == lead]


async def everything(database: Database) -> bytes:
    """Every value of every row of every table of router and notifier."""
    found: list[bytes] = []
    for table in (*tables.METADATA.sorted_tables, *messenger.METADATA.sorted_tables):
        for row in await rows(database, table):
            found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)
