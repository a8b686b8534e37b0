"""Snapshots of the state, from which the past can be decided again once the first batches are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two more tables, empty: the first snapshot is made within the hour."""
    op.create_table(
        "router_snapshot",
        sa.Column("number", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("playbook", sa.Text, nullable=False),
        sa.Column("lists", sa.Text, nullable=False),
        sa.Column("forgotten", sa.Integer, nullable=False),
    )
    op.create_table(
        "router_snapshot_part",
        sa.Column("snapshot", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("of", sa.Text, primary_key=True, nullable=False),
        sa.Column("bucket", sa.Integer, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Without snapshots."""
    op.drop_table("router_snapshot_part")
    op.drop_table("router_snapshot")
