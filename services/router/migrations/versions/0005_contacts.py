"""When anybody of an account was last contacted, so that a playbook can cap how often a company hears from us."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column, empty: a replica that does not know it yet writes its rows without."""
    column = sa.Column("contacts", sa.LargeBinary, nullable=False, server_default=sa.text("''"))
    op.add_column("router_account", column)


def downgrade() -> None:
    """How often an account was contacted is forgotten."""
    op.drop_column("router_account", "contacts")
