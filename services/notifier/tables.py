"""The messenger's tables: what is shown of each handoff, to whom, and the ledger of what was said to whom.

Times are integers, milliseconds since 1970 UTC. Everything that describes a lead stands in `handoffs.play` and in
`readers.notice` and nowhere else, so that one statement forgets a person.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

from runtime.outbox import outbox_table
from runtime.positions import positions_table

METADATA = MetaData()
POSITIONS = positions_table(METADATA, "notifier_positions")
OUTBOX = outbox_table(METADATA, "notifier_outbox")

HANDOFFS = Table(
    "notifier_handoffs",
    METADATA,
    Column("handoff", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("play", LargeBinary),
    Column("erased", Boolean, nullable=False, server_default=text("false")),
)
"""The newest command of each handoff: its bytes as they stood on the log; nothing once erased."""

READERS = Table(
    "notifier_readers",
    METADATA,
    Column("handoff", Uuid, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("addresses", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
"""Who has been told of a handoff, where they want to be told, and what was new for them last."""

PEOPLE = Table(
    "notifier_people",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
)
"""Whose address is whose: so that a press of a button can be led back to a person."""

DELIVERIES = Table(
    "notifier_deliveries",
    METADATA,
    Column("handoff", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", Text, nullable=False, server_default=text("''")),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("handle", Text, nullable=False, server_default=text("''")),
    Column("shown_state", Text, nullable=False, server_default=text("''")),
    Column("settled_at", BigInteger),
    Column("refresh_at", BigInteger),
    Column("refreshes", Integer, nullable=False, server_default=text("0")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Index("notifier_deliveries_due", "state", "due_at"),
    Index("notifier_deliveries_refresh", "refresh_at"),
)
"""The ledger: `due → attempting → delivered | failed | unknown`, `attempting → unsure → looking`, `due → skipped`."""

ATTEMPTS = Table(
    "notifier_attempts",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("took", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Every attempt, append-only: when, how long in milliseconds, what came of it. No secret, no lead data."""

REACTIONS = Table(
    "notifier_reactions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("handoff", Uuid, nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sentence", Text, nullable=False),
)
"""What people did here that stands on the log: so that a double click is one, and the card says so at once."""

INBOX = Table(
    "notifier_inbox",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("handoff", Uuid, nullable=False),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("notifier_inbox_person", "person", "handoff"),
)
"""What the local inbox has been handed."""


def millis(moment: datetime) -> int:
    """The instant as it is stored."""
    return int(moment.timestamp() * 1000)


def instant(stored: int) -> datetime:
    """The instant that was stored, UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)
