"""A handoff's newest command is written as it is: PostgreSQL would compress it, at every change.

A value over 2 kB is compressed, and moved to a table beside (PostgreSQL's manual, 66.2 TOAST); the row is written anew
as a whole at every change.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW = 8160
"""Bytes a row may have and still stand in its page: the largest PostgreSQL takes."""


def upgrade() -> None:
    """What is written from now on stands as it is; what was written before is read all the same."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE notifier_handoffs ALTER COLUMN play SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE notifier_handoffs SET (toast_tuple_target = {_ROW})")


def downgrade() -> None:
    """As PostgreSQL does by itself."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE notifier_handoffs ALTER COLUMN play SET STORAGE EXTENDED")
        op.execute("ALTER TABLE notifier_handoffs RESET (toast_tuple_target)")
