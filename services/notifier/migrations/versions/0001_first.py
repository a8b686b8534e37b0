"""The notifier's first tables: positions, outbox, what is shown to whom, the ledger, reactions, the inbox.

Written out rather than taken from the metadata: a migration says what stood then, whatever the code says later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
T, U, N, B, BLOB, FLAG = sa.Text, sa.Uuid, sa.Integer, sa.BigInteger, sa.LargeBinary, sa.Boolean


def _c(name: str, kind: object, *, key: bool = False, null: bool = False, default: str | None = None) -> sa.Column:
    given = {"server_default": sa.text(default)} if default is not None else {}
    return sa.Column(name, kind, primary_key=key, nullable=null, **given)


def upgrade() -> None:
    """From nothing to the first house."""
    op.create_table(
        "notifier_positions", _c("topic", T, key=True), _c("number", N, key=True), _c("next", B), _c("epoch", B)
    )
    op.create_table(
        "notifier_outbox",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *(_c("at", B), _c("topic", T), _c("key", BLOB), _c("value", BLOB), _c("headers", BLOB)),
    )
    op.create_table(
        "notifier_handoffs",
        *(_c("handoff", U, key=True), _c("version", N), _c("at", B), _c("play", BLOB, null=True)),
        _c("erased", FLAG, default="false"),
    )
    op.create_table(
        "notifier_readers",
        *(_c("handoff", U, key=True), _c("person", T, key=True), _c("name", T), _c("addresses", T)),
        *(_c("notice", T), _c("version", N)),
    )
    op.create_table(
        "notifier_people", _c("channel", T, key=True), _c("address", T, key=True), _c("person", T), _c("name", T)
    )
    _ledger()
    op.create_table(
        "notifier_reactions",
        *(_c("id", U, key=True), _c("handoff", U), _c("person", T), _c("action", T)),
        *(_c("version", N), _c("at", B), _c("sentence", T)),
    )
    op.create_index("ix_notifier_reactions_handoff", "notifier_reactions", ["handoff"])
    op.create_table(
        "notifier_inbox",
        *(_c("key", T, key=True), _c("handoff", U), _c("person", T), _c("kind", T), _c("whole", FLAG), _c("at", B)),
    )
    op.create_index("notifier_inbox_person", "notifier_inbox", ["person", "handoff"])


def _ledger() -> None:
    op.create_table(
        "notifier_deliveries",
        *(_c("handoff", U, key=True), _c("kind", T, key=True), _c("sequence", N, key=True)),
        *(_c("person", T, key=True), _c("channel", T, key=True)),
        *(_c("key", T), _c("address", T), _c("whole", FLAG), _c("state", T)),
        *(_c("created_at", B), _c("due_at", B), _c("until", B), _c("attempts", N, default="0")),
        *(_c("owner", T, default="''"), _c("lease_until", B, default="0"), _c("handle", T, default="''")),
        *(_c("shown_state", T, default="''"), _c("settled_at", B, null=True), _c("refresh_at", B, null=True)),
        *(_c("refreshes", N, default="0"), _c("detail", T, default="''")),
        sa.UniqueConstraint("key"),
    )
    op.create_index("notifier_deliveries_due", "notifier_deliveries", ["state", "due_at"])
    op.create_index("notifier_deliveries_refresh", "notifier_deliveries", ["refresh_at"])
    op.create_table(
        "notifier_attempts",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *(_c("key", T), _c("at", B), _c("took", N), _c("outcome", T), _c("detail", T)),
    )
    op.create_index("ix_notifier_attempts_key", "notifier_attempts", ["key"])
