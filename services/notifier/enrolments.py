"""Enrolments on their way to the marketing tool: what is due is written down, and what the tool reads of each."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.enrolment import ChangeEnrolment, Contact, EnrolmentStep
from schemas.fact import decode, encode, replace
from schemas.play import CardKind
from services.notifier.card import Card, enrolment_card
from services.notifier.delivery import State, key_of
from services.notifier.metrics import IGNORED
from services.notifier.rendering import one_line
from services.notifier.tables import DELIVERIES, HANDOFFS, instant, millis
from services.notifier.upsert import put_if_absent, upsert

CHANNEL = "nurture"
VERSION = 1
"""Of the payload. Within one it only grows."""
PATIENCE = timedelta(days=3)
"""How long a tool is told again where the command does not say."""
_FORGOTTEN = 3
"""The sequence of the last word about somebody who asked to be forgotten; `sequence_of` gives the others."""
_LINK = re.compile(r"(?i)\b(?:https?|ftp|mailto|tel|javascript|data):\S|//|\bwww\.")
_LONG, _LONGER = 320, 2_000
_DECODER: "msgspec.json.Decoder[ChangeEnrolment]" = msgspec.json.Decoder(ChangeEnrolment)


def sequence_of(step: EnrolmentStep) -> int:
    """1 for what begins a stay, 2 for what ends it: a receiver ignores a number below one it has seen."""
    return 1 if step is EnrolmentStep.ENROLLED else 2


def payload(told: ChangeEnrolment, sequence: int) -> dict[str, Any]:
    """The webhook's body, as `docs/nurture.md` tells it. Times are RFC 3339, UTC. Of the forgotten it names nobody."""
    stay = {
        "enrolment": told.enrolment,
        "sequence": sequence,
        "track": told.track,
        "since": told.since,
        "reason": one_line(told.reason, _LONGER),
    }
    whose = {
        "lead": told.lead,
        "resolve": one_line(told.resolve, _LONG),
        "verdict": told.verdict,
        "cause": told.cause,
        "contact": {name: _words(getattr(told.contact, name)) for name in Contact.__struct_fields__},
    }
    data = stay if sequence == _FORGOTTEN else {**stay, **whose}
    return {"type": f"nurture.{told.step.value}", "timestamp": told.at, "version": VERSION, "data": data}


def _words(text: str) -> str:
    """What a stranger typed, on one line; a name with a link in it is an advertisement, and would be mailed on."""
    line = one_line(text, _LONG)
    return "" if _LINK.search(line) else line


async def take(connection: AsyncConnection, told: ChangeEnrolment, value: bytes, now: datetime) -> None:
    """Have the tool told. `value` is the command as it stood on the log; taking it twice changes nothing.

    What ends a stay takes the place of what began it, where that has not left yet: then there is nothing to tell.
    """
    sequence = sequence_of(told.step)
    row = {"handoff": told.enrolment, "version": sequence, "at": millis(told.at), "play": value}
    if not await put_if_absent(connection, HANDOFFS, [row]):
        found = select(HANDOFFS.c.version, HANDOFFS.c.erased).where(HANDOFFS.c.handoff == told.enrolment)
        known = (await connection.execute(found.with_for_update())).one()
        if known.erased or sequence <= known.version:
            IGNORED.labels("erased" if known.erased else "repeated" if sequence == known.version else "stale").inc()
            return
        await upsert(connection, HANDOFFS, row)
        if not await _may_have_left(connection, told.enrolment, "the stay is over", now):
            return
    until = told.expires_at or now + PATIENCE
    await _due(connection, told.enrolment, sequence, told.track, told.address, now=now, until=until)


async def forget(connection: AsyncConnection, enrolment: UUID, at: datetime, now: datetime) -> bool:
    """Forget who it was about; was there such an enrolment? A tool that may know them is told that the stay is over."""
    found = select(HANDOFFS).where(HANDOFFS.c.handoff == enrolment).with_for_update()
    row = (await connection.execute(found)).one_or_none()
    told = _enrolment(row.play) if row is not None else None
    if row is None or told is None:
        return False
    if row.erased:
        return True
    over = replace(
        told,
        step=EnrolmentStep.WITHDRAWN,
        at=at,
        lead=enrolment,
        cause=enrolment,
        verdict=None,
        contact=Contact(),
        reason="The person asked to be forgotten.",
        resolve="",
    )
    blank = {"handoff": enrolment, "version": _FORGOTTEN, "at": millis(at), "play": encode(over), "erased": True}
    await upsert(connection, HANDOFFS, blank)
    if await _may_have_left(connection, enrolment, "the person asked to be forgotten", now):
        until = now + PATIENCE
        await _due(connection, enrolment, _FORGOTTEN, told.track, told.address, now=now, until=until)
    return True


async def card_of(connection: AsyncConnection, enrolment: UUID) -> Card | None:
    """What is true of it now, as the ledger's other messages are carried; nothing where it is unknown here."""
    row = (await connection.execute(select(HANDOFFS).where(HANDOFFS.c.handoff == enrolment))).one_or_none()
    told = _enrolment(row.play) if row is not None else None
    return enrolment_card(told, row.version, instant(row.at)) if row is not None and told is not None else None


def _enrolment(value: bytes | None) -> ChangeEnrolment | None:
    """The enrolment in these bytes; nothing where they are a card's."""
    try:
        return decode(value, _DECODER) if value is not None else None
    except ValueError:
        return None


async def _may_have_left(connection: AsyncConnection, enrolment: UUID, why: str, now: datetime) -> bool:
    """Take back what waits to be told of it; may something have been told before, here or by who has forgotten it?"""
    theirs = DELIVERIES.c.handoff == enrolment
    skipped = {"state": State.SKIPPED.value, "detail": why, "settled_at": millis(now)}
    await connection.execute(update(DELIVERIES).where(theirs & (DELIVERIES.c.state == State.DUE.value)).values(skipped))
    rows = (await connection.execute(select(DELIVERIES.c.state, DELIVERIES.c.attempts).where(theirs))).all()
    return not rows or any(row.attempts > 0 for row in rows)


async def _due(
    connection: AsyncConnection,
    enrolment: UUID,
    sequence: int,
    track: str,
    address: str,
    *,
    now: datetime,
    until: datetime,
) -> None:
    row = {
        "handoff": enrolment,
        "kind": CardKind.ENROLMENT.value,
        "sequence": sequence,
        "person": track,
        "channel": CHANNEL,
        "key": key_of(enrolment, CardKind.ENROLMENT, sequence, track, CHANNEL),
        "address": address,
        "whole": False,
        "state": State.DUE.value,
        "created_at": millis(now),
        "due_at": millis(now),
        "until": millis(until),
    }
    await put_if_absent(connection, DELIVERIES, [row])
