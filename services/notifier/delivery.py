"""A delivery: one row of the ledger, the states it goes through, and the key it carries to the provider."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from schemas.play import CardKind

NAMESPACE = UUID("0a9c2e55-7d1e-5e0a-8a37-54a0b6a3c1d2")


class State(StrEnum):
    """Where a delivery is. Only `due` and `unsure` wait for a worker; the last four are final."""

    DUE = "due"
    ATTEMPTING = "attempting"
    """Committed before the provider is called: whoever finds it after a crash knows that it may have been sent."""
    UNSURE = "unsure"
    """It may have been sent: look before anything else."""
    LOOKING = "looking"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    """Something newer carries what it would have said."""


OVER = frozenset({State.DELIVERED, State.FAILED, State.UNKNOWN, State.SKIPPED})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a worker needs of a row. Times are milliseconds since 1970 UTC."""

    handoff: UUID
    kind: CardKind
    sequence: int
    person: str
    channel: str
    key: str
    address: str
    whole: bool
    state: State
    until: int
    attempts: int
    handle: str
    refresh_at: int | None
    refreshes: int


def delivery_of(row: Any) -> Delivery:
    """The delivery in this row of the ledger."""
    return Delivery(
        handoff=row.handoff,
        kind=CardKind(row.kind),
        sequence=row.sequence,
        person=row.person,
        channel=row.channel,
        key=row.key,
        address=row.address,
        whole=row.whole,
        state=State(row.state),
        until=row.until,
        attempts=row.attempts,
        handle=row.handle,
        refresh_at=row.refresh_at,
        refreshes=row.refreshes,
    )


def key_of(handoff: UUID, kind: CardKind, sequence: int, person: str, channel: str) -> str:
    """What a provider may be told of a message: a v5 of the ledger's key, equal on every retry, opaque to strangers."""
    return str(uuid5(NAMESPACE, f"{handoff}|{kind.value}|{sequence}|{person}|{channel}"))
