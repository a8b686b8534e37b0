"""Cards and rendered plays are written as they are: compressed, an insert into the outbox took four times as long.

A value over 2 kB is compressed, and moved to a table beside (PostgreSQL's manual, 66.2 TOAST). An outbox row lives for
milliseconds and a handoff's row is written anew as a whole at every change, so both only cost time here.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LARGE = {"router_outbox": ("value",), "router_handoff": ("handoff", "text")}
_ROW = 8160
"""Bytes a row may have and still stand in its page: the largest PostgreSQL takes."""


def upgrade() -> None:
    """What is written from now on stands as it is; what was written before is read all the same."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table, columns in _LARGE.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = {_ROW})")


def downgrade() -> None:
    """As PostgreSQL does by itself."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table, columns in _LARGE.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTENDED")
        op.execute(f"ALTER TABLE {table} RESET (toast_tuple_target)")
