"""Which events ended as dead letters, so that a correction of one of them takes back nothing that was never counted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table, empty: of events that died before nothing is known."""
    op.create_table(
        "router_dead",
        sa.Column("event", sa.Uuid, primary_key=True, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Who died is forgotten."""
    op.drop_table("router_dead")
