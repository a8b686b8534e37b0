"""How many handoffs each rep was given, so that two who draw at the same time for one rep notice each other."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table, empty: only whether a count has grown since somebody looked is ever asked."""
    op.create_table(
        "router_given",
        sa.Column("rep", sa.Text, primary_key=True, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Draws of two teams for one rep do not notice each other."""
    op.drop_table("router_given")
