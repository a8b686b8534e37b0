"""Which playbook was published after which, so that going back to an earlier version is a publication of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table, empty: the next start of a router fills in the first row."""
    op.create_table(
        "router_publication",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("version", "lists")),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """What was published when is forgotten."""
    op.drop_table("router_publication")
