"""The router's first tables: positions, state, verdicts, timers, outbox, assignments, erasures.

Written out rather than taken from the metadata: a migration says what stood then, whatever the code says later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _c(name: str, kind: object, *, key: bool = False, null: bool = False) -> sa.Column:
    return sa.Column(name, kind, primary_key=key, nullable=null)


def upgrade() -> None:
    """From nothing to the first house."""
    t, u, i, b, blob, flag = sa.Text, sa.Uuid, sa.Integer, sa.BigInteger, sa.LargeBinary, sa.Boolean
    op.create_table(
        "router_positions", _c("topic", t, key=True), _c("number", i, key=True), _c("next", b), _c("epoch", b)
    )
    op.create_table(
        "router_outbox",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *(_c("at", b), _c("topic", t), _c("key", blob), _c("value", blob), _c("headers", blob)),
    )
    op.create_table(
        "router_batch",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        *(_c("lane", t), _c("partition", i), _c("first", b), _c("next", b), _c("at", b)),
        *(_c("playbook", t), _c("lists", t), _c("dropped", blob)),
    )
    op.create_table("router_seen", _c("key", u, key=True), _c("day", i))
    op.create_table("router_tombstone", _c("event", u, key=True), _c("day", i))
    op.create_table(
        "router_identifier",
        *(_c("kind", t, key=True), _c("value", t, key=True), _c("lead", u), _c("lone", flag), _c("day", i)),
        *(_c("dossier", blob), _c("ownership", blob)),
    )
    crowded = sa.text("NOT lone")
    op.create_index(
        "router_identifier_lead", "router_identifier", ["lead"], postgresql_where=crowded, sqlite_where=crowded
    )
    op.create_table(
        "router_standing",
        _c("lead", u, key=True),
        _c("seq", b),
        _c("lifecycle", t),
        _c("owner", t),
        _c("standing", blob),
    )
    op.create_table("router_account", _c("key", t, key=True), _c("target_handoff", u, null=True), _c("owner", t))
    op.create_table(
        "router_handoff",
        *(_c("id", u, key=True), _c("lead", u), _c("account", t), _c("state", t), _c("team", t), _c("assignee", t)),
        *(_c("priority", t), _c("received_at", b), _c("deadline", b, null=True), _c("handoff", blob), _c("text", blob)),
    )
    op.create_index("router_handoff_lead", "router_handoff", ["lead"])
    op.create_index("router_handoff_state", "router_handoff", ["state", "team"])
    op.create_table(
        "router_triage",
        *(_c("id", u, key=True), _c("lead", u), _c("open", flag), _c("team", t), _c("due_at", b), _c("item", blob)),
    )
    op.create_index("router_triage_lead", "router_triage", ["lead"])
    op.create_table(
        "router_verdict",
        *(_c("lead", u, key=True), _c("seq", b, key=True), _c("event", u), _c("at", b), _c("outcome", t)),
        *(_c("code", t), _c("handoff", u, null=True), _c("playbook", t), _c("lists", t), _c("batch", b)),
        *(_c("digest", blob), _c("counted", blob), _c("surroundings", blob), _c("receipt", blob)),
    )
    op.create_index("router_verdict_event", "router_verdict", ["event"])
    op.create_table("router_act", _c("lead", u, key=True), _c("seq", b, key=True), _c("fact", u), _c("batch", b))
    op.create_table(
        "router_timer",
        *(_c("id", u, key=True), _c("subject", u), _c("kind", t), _c("due_at", b), _c("about", u, null=True)),
        _c("round", i),
    )
    op.create_index("router_timer_due", "router_timer", ["due_at"])
    op.create_index("router_timer_subject", "router_timer", ["subject"])
    op.create_table("router_rotation", _c("team", t, key=True), _c("rotation", blob))
    op.create_table(
        "router_assignment",
        *(_c("lead", u, key=True), _c("handoff", u, key=True), _c("round", i, key=True), _c("lead_seq", b)),
        *(_c("batch", b), _c("rep", t), _c("team", t), _c("at", b), _c("playbook", t), _c("draw", blob)),
    )
    op.create_index("router_assignment_batch", "router_assignment", ["batch"])
    op.create_table("router_flood", _c("key", t, key=True), _c("day", i), _c("count", b))
    op.create_table("router_erased", _c("hash", u, key=True), _c("at", b))
    op.create_table("router_parked", _c("source", t, key=True), _c("at", b), _c("why", t))


def downgrade() -> None:
    """There is no way back from the first house: drop the database instead."""
    raise NotImplementedError("restore the backup taken before the upgrade")
