"""Everything that is kept about one person, as plain JSON, for whoever asks for their data."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.database import Database
from schemas.event import IdentifierKind
from services.router.adapters import codec, tables
from services.router.adapters.codec import instant


async def export_person(database: Database, email: str) -> dict[str, Any]:
    """What the state holds about who has this email address; `{}` where nobody has. Times are UTC, RFC 3339."""
    identifier = tables.IDENTIFIER
    asked = (identifier.c.kind == IdentifierKind.EMAIL.value) & (identifier.c.value == email.strip().lower())
    async with database.reading() as connection:
        lead = (await connection.execute(select(identifier.c.lead).where(asked))).scalar_one_or_none()
        return {} if lead is None else await _everything(connection, lead)


async def _everything(connection: AsyncConnection, lead: UUID) -> dict[str, Any]:
    identifiers = await _rows(connection, tables.IDENTIFIER, lead)
    standings = await _rows(connection, tables.STANDING, lead)
    handoffs = await _rows(connection, tables.HANDOFF, lead)
    items = await _rows(connection, tables.TRIAGE, lead)
    subjects = [lead, *(row.id for row in handoffs), *(row.id for row in items)]
    timer = tables.TIMER
    timers = await connection.execute(select(timer).where(timer.c.subject.in_(subjects)).order_by(timer.c.due_at))
    return {
        "lead": str(lead),
        "identifiers": [
            {"kind": row.kind, "value": row.value, "known": _plain(_by_name(codec.DOSSIER.decode(row.dossier)))}
            for row in identifiers
        ],
        "standing": [_plain(codec.STANDING.decode(row.standing)) for row in standings],
        "verdicts": [_verdict(row) for row in await _rows(connection, tables.VERDICT, lead)],
        "handoffs": [_handoff(row) for row in handoffs],
        "triage": [_plain(codec.TRIAGE.decode(row.item)) for row in items],
        "assignments": [
            {"handoff": str(row.handoff), "rep": row.rep, "at": instant(row.at).isoformat()}
            for row in await _rows(connection, tables.ASSIGNMENT, lead)
        ],
        "timers": [{"kind": row.kind, "due_at": instant(row.due_at).isoformat()} for row in timers],
    }


async def _rows(connection: AsyncConnection, table: Table, lead: UUID) -> Sequence[Row[Any]]:
    found = await connection.execute(select(table).where(table.c.lead == lead).order_by(*table.primary_key.columns))
    return found.all()


def _verdict(row: Row[Any]) -> dict[str, Any]:
    return {
        "event": str(row.event),
        "number": row.seq,
        "at": instant(row.at).isoformat(),
        "outcome": row.outcome,
        "reason": row.code,
        "playbook": row.playbook,
        "receipt": msgspec.json.decode(row.receipt) if row.receipt else None,
    }


def _handoff(row: Row[Any]) -> dict[str, Any]:
    text = _plain(codec.PLAY_TEXT.decode(row.text)) if row.text else None
    return {"handoff": _plain(codec.HANDOFF.decode(row.handoff)), "play": text}


def _by_name(value: Any) -> Any:
    """What the state keeps as arrays, with names again and an event's id as people write it; nothing that is empty."""
    match value:
        case msgspec.Struct():
            found = ((name, getattr(value, name)) for name in value.__struct_fields__)
            return {name: _by_name(one) for name, one in found if one is not None and one != {}}
        case Mapping():
            return {key: _by_name(one) for key, one in value.items()}
        case tuple():
            return [_by_name(one) for one in value]
        case bytes():
            return str(UUID(bytes=value))
    return value


def _plain(value: Any) -> Any:
    """As it reads in JSON: plain dicts, lists, strings and numbers."""
    return msgspec.json.decode(msgspec.json.encode(value))
