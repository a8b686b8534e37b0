"""A delivery: one message to one person over one channel, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from schemas.fact import Fact
from schemas.play import CardKind


class DeliveryOutcome(StrEnum):
    """Three values: a timeout after sending is neither delivered nor failed."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class DeliveryRecorded(Fact, frozen=True, kw_only=True, tag="delivery_recorded"):
    """The final word of one attempt group. `detail` holds no secret and no lead data."""

    handoff: UUID
    kind: CardKind
    sequence: int
    person: str
    channel: str
    outcome: DeliveryOutcome
    at: datetime
    attempts: int = 1
    detail: str = ""


DECODER = msgspec.json.Decoder(DeliveryRecorded)
