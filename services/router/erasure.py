"""Forgets a person: state, verdicts, receipts, timers, outbox and dead letters at once, and tells the notifier."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.carriage import Carriage
from runtime.keys import keyed_hash
from runtime.log import Message
from schemas.event import IdentifierKind
from schemas.fact import encode
from schemas.feedback import IdentifiersErased, LeadErased
from schemas.play import ErasePlay
from schemas.topics import FEEDBACK, PLAYS
from services.router.adapters import tables
from services.router.adapters.codec import instant
from services.router.adapters.loading import Loaded
from services.router.adapters.snapshots import without
from services.router.desk import Desk
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey
from services.router.metrics import ERASURES
from services.router.naming import named
from services.router.telling import JSON

_OWNED: tuple[Table, ...] = (
    tables.HANDOFF,
    tables.TRIAGE,
    tables.VERDICT,
    tables.ACT,
    tables.STANDING,
)
"""What is removed with the lead, by its `lead` column."""

_TELLING = 8
"""Bytes from which a text found within another text is no accident."""


async def request_erasure(carriage: Carriage, email: str, actor: str) -> UUID:
    """Ask the router, on the log, to forget who has this email address; the id of the request.

    Raises `LogUnavailableError` where the request is not durable yet: ask again.
    """
    address, at = email.strip().lower(), carriage.clock.now()
    fact = LeadErased(id=named("erasure", address, at.isoformat()), email=address, actor=actor, at=at)
    key = lead_id(IdentifierKey(IdentifierKind.EMAIL, address)).bytes
    await carriage.log.append(FEEDBACK.name, [Message(key, encode(fact), JSON)])
    return fact.id


async def erase_leads(
    desk: Desk, connection: AsyncConnection, loaded: Loaded, leads: Iterable[UUID]
) -> list[tuple[str, Message]]:
    """Remove every row about these leads within the batch's transaction; what is to be told instead.

    That a rep was drawn for a handoff stays, without whose it was: others' decisions have seen it, and replay needs it.
    """
    gone, at = sorted(leads), max(loaded.world.erased_at.values())
    handoffs = await _ids(connection, tables.HANDOFF, gone)
    shown = [*handoffs, *await _ids(connection, tables.TRIAGE, gone)]
    identifier = tables.IDENTIFIER
    rows = await connection.execute(select(identifier.c.kind, identifier.c.value).where(identifier.c.lead.in_(gone)))
    persons = {IdentifierKey(IdentifierKind(row.kind), row.value) for row in rows} | loaded.world.erased
    await _outbox(connection, shown, persons)
    await without(connection, gone)
    await desk.state.remove(connection, tables.TIMER, "subject", [*shown, *gone])
    await desk.state.remove(connection, identifier, "lead", gone)
    for table in _OWNED:
        await desk.state.remove(connection, table, "lead", gone)
    account, drawn = tables.ACCOUNT, tables.ASSIGNMENT
    await connection.execute(update(drawn).where(drawn.c.lead.in_(gone)).values(lead=drawn.c.handoff))
    await connection.execute(update(account).where(account.c.target_handoff.in_(handoffs)).values(target_handoff=None))
    hashes = {desk.forgotten.hash(key): loaded.world.erased_at.get(key, at) for key in persons}
    await desk.state.put(connection, tables.ERASED, sorted(hashes.items()))
    ERASURES.inc(len(gone))
    blanks = [(PLAYS.name, Message(one.bytes, encode(_blank(one, instant(at))), JSON)) for one in shown]
    return [*blanks, _known_as(desk, persons, instant(at))]


def without_the_erased(said: list[tuple[str, Message]], loaded: Loaded) -> list[tuple[str, Message]]:
    """What is to be said, but for what names somebody whose erasure stands in this very batch."""
    asked = loaded.world.erased_at
    if asked == loaded.forgotten:
        return said
    traces = [trace for key, at in asked.items() if loaded.forgotten.get(key) != at for trace in _traces(key.value)]
    return [one for one in said if not any(trace in one[1].value for trace in traces)]


def _blank(handoff: UUID, at: datetime) -> ErasePlay:
    return ErasePlay(id=named("erase", handoff), handoff=handoff, at=at)


def _known_as(desk: Desk, persons: Iterable[IdentifierKey], at: datetime) -> tuple[str, Message]:
    """For the doors, which keep files by person: nobody but the state knows under what else they came."""
    secret = desk.carriage.key_secret
    keys = sorted(keyed_hash(secret, f"{key.kind.value}:{key.value}").hex() for key in persons)
    fact = IdentifiersErased(id=named("identifiers", at.isoformat(), *keys), keys=tuple(keys), at=at)
    return FEEDBACK.name, Message(fact.id.bytes, encode(fact), JSON)


async def _ids(connection: AsyncConnection, table: Table, leads: Sequence[UUID]) -> list[UUID]:
    rows = await connection.execute(select(table.c.id).where(table.c.lead.in_(leads)).order_by(table.c.id))
    return [row.id for row in rows]


async def _outbox(connection: AsyncConnection, subjects: Sequence[UUID], persons: Iterable[IdentifierKey]) -> None:
    """What was about to be said of them is not said; dead letters in the outbox are looked into."""
    outbox = tables.OUTBOX
    traces = [trace for person in persons for trace in _traces(person.value)]
    theirs: ColumnElement[bool] = outbox.c.key.in_([subject.bytes for subject in subjects])
    for row in await connection.execute(select(outbox.c.id, outbox.c.value).where(~theirs)):
        if any(trace in row.value for trace in traces):
            theirs = or_(theirs, outbox.c.id == row.id)
    await connection.execute(delete(outbox).where(theirs))


def _traces(value: str) -> list[bytes]:
    """The text as it stands in JSON, and, at each of the three alignments, in the base64 of a dead letter's bytes."""
    plain = value.encode("utf-8", "surrogatepass")
    if len(plain) < _TELLING:
        return [b'"' + plain + b'"']
    found = [plain]
    for shift in range(3):
        coded = base64.b64encode(b"\x00" * shift + plain)
        inner = coded[4 if shift else 0 : -4]  # without the groups that depend on the neighbours
        found.append(inner)
    return found
