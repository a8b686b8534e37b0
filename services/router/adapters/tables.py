"""Every table of the router. Ids and 128-bit hashes are UUID columns, moments are milliseconds UTC, days are ordinals.

What is looked up by lead or account has it first in its key, so that the tables can be distributed by it one day.
"""

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
CROWDED = "NOT lone"
"""Nine of ten identifiers are a visitor's one cookie: they are found by it, and cost no second index."""
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

POSITIONS = positions_table(METADATA, "router_positions")
OUTBOX = outbox_table(METADATA, "router_outbox")

BATCH = Table(
    "router_batch",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("lane", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("lists", Text, nullable=False),
    Column("dropped", LargeBinary, nullable=False),
)
"""One row a transaction, numbered after locking: replay goes through them in this order. A draw has a row too."""

PUBLICATION = Table(
    "router_publication",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("lists", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Each playbook that was announced, in order; the same one stands here again after another came between."""

SEEN = Table(
    "router_seen",
    METADATA,
    Column("key", Uuid, primary_key=True),
    Column("day", Integer, nullable=False),
)
"""De-duplication: the first half of each event's SHA-256, and the day it may be forgotten from."""

TOMBSTONE = Table(
    "router_tombstone",
    METADATA,
    Column("event", Uuid, primary_key=True),
    Column("day", Integer, nullable=False),
)
"""Events whose correction was judged, before them or after: when they come, they count nothing."""

DEAD = Table(
    "router_dead",
    METADATA,
    Column("event", Uuid, primary_key=True),
    Column("day", Integer, nullable=False),
)
"""Events that ended as dead letters and were not driven again since: they have counted nothing."""

IDENTIFIER = Table(
    "router_identifier",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("lead", Uuid, nullable=False),
    Column("lone", Boolean, nullable=False),
    Column("day", Integer, nullable=False),
    Column("dossier", LargeBinary, nullable=False),
    Column("ownership", LargeBinary, nullable=False),
    Index("router_identifier_lead", "lead", postgresql_where=text(CROWDED), sqlite_where=text(CROWDED)),
)
"""What is known through one identifier. `lone`: the only cookie of a visitor sales never heard of; expires by `day`."""

STANDING = Table(
    "router_standing",
    METADATA,
    Column("lead", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("lifecycle", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("standing", LargeBinary, nullable=False),
)

ACCOUNT = Table(
    "router_account",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("target_handoff", Uuid, nullable=True),
    Column("owner", Text, nullable=False),
    Column("contacts", LargeBinary, nullable=False),
)

HANDOFF = Table(
    "router_handoff",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("lead", Uuid, nullable=False),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("deadline", BigInteger, nullable=True),
    Column("handoff", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Index("router_handoff_lead", "lead"),
    Index("router_handoff_state", "state", "team"),
)
"""`text` is the play as it was rendered for the assignee: every card of this round carries the same words."""

TRIAGE = Table(
    "router_triage",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("lead", Uuid, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("team", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("item", LargeBinary, nullable=False),
    Index("router_triage_lead", "lead"),
)

VERDICT = Table(
    "router_verdict",
    METADATA,
    Column("lead", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("event", Uuid, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("handoff", Uuid, nullable=True),
    Column("playbook", Text, nullable=False),
    Column("lists", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("counted", LargeBinary, nullable=False),
    Column("surroundings", LargeBinary, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Index("router_verdict_event", "event"),
)
"""One compact row a verdict; `digest` is of its whole JSON, `receipt` is that JSON where something happened."""

ACT = Table(
    "router_act",
    METADATA,
    Column("lead", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("fact", Uuid, nullable=False),
    Column("batch", BigInteger, nullable=False),
)
"""The place of each act and timer that changed a lead in that lead's history: they take a number as events do."""

TIMER = Table(
    "router_timer",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("about", Uuid, nullable=True),
    Column("round", Integer, nullable=False),
    Index("router_timer_due", "due_at"),
    Index("router_timer_subject", "subject"),
)

ROTATION = Table(
    "router_rotation",
    METADATA,
    Column("team", Text, primary_key=True),
    Column("rotation", LargeBinary, nullable=False),
)
"""One row a team, locked by whoever draws."""

ASSIGNMENT = Table(
    "router_assignment",
    METADATA,
    Column("lead", Uuid, primary_key=True),
    Column("handoff", Uuid, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("lead_seq", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("rep", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("draw", LargeBinary, nullable=False),
    Index("router_assignment_batch", "batch"),
)
"""Who was drawn, when, and why: a recorded fact, applied by replay and never decided again."""

GIVEN = Table(
    "router_given",
    METADATA,
    Column("rep", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""How many handoffs each rep was ever given: whoever gives one sees whether another did since they looked."""

FLOOD = Table(
    "router_flood",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("count", BigInteger, nullable=False),
)

ERASED = Table(
    "router_erased",
    METADATA,
    Column("hash", Uuid, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
"""Keyed hashes of the identifiers of people who asked to be forgotten."""

PARKED = Table(
    "router_parked",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)

SNAPSHOT = Table(
    "router_snapshot",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("lists", Text, nullable=False),
    Column("forgotten", Integer, nullable=False),
)
"""The state as it was after the batch of this number; `forgotten` people were taken out of it since."""

SNAPSHOT_PART = Table(
    "router_snapshot_part",
    METADATA,
    Column("snapshot", BigInteger, primary_key=True, autoincrement=False),
    Column("of", Text, primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("rows", LargeBinary, nullable=False),
)
"""Some rows of one table, packed. A lead's rows stand in the bucket of its id, so that it can be taken out again."""
