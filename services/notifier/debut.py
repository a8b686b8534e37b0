"""First cards on PostgreSQL: the offset, what is shown, to whom, and what is due, in one statement and one round trip.

All that is written selects from what moved the offset (PostgreSQL's manual, 7.8.4 Data-Modifying Statements in WITH):
where another owner moved it, or something stands of one of the handoffs already, nothing at all is done.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from runtime.database import Database
from runtime.log import Batch
from runtime.positions import Positions
from services.notifier.tables import DELIVERIES, HANDOFFS, PEOPLE, READERS

_UNCLAIMED = {"attempts": 0, "owner": "", "lease_until": 0}
_COLUMNS: dict[Table, tuple[str, ...]] = {
    PEOPLE: ("channel", "address", "person", "name"),
    HANDOFFS: ("handoff", "version", "at", "play"),
    READERS: ("handoff", "person", "name", "addresses", "notice", "version"),
    DELIVERIES: (
        *("handoff", "kind", "sequence", "person", "channel", "key", "address", "whole", "state"),
        *("created_at", "due_at", "until", *_UNCLAIMED),
    ),
}


class Debut:
    """Commits a batch of first cards."""

    def __init__(self, database: Database, positions: Positions) -> None:
        self._database, self._positions = database, positions
        self._statement = _statement(positions)

    async def commit(self, batch: Batch, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> frozenset[str] | None:
        """The keys of the ledger's rows that are new; None where nothing was done, and the long way has to say why."""
        columns = [
            [row.get(name, _UNCLAIMED.get(name)) for row in rows[table]]
            for table, names in _COLUMNS.items()
            for name in names
        ]
        (said,) = await self._database.alone(self._statement, *self._positions.claim(batch), *columns)
        return frozenset(said["due"]) if said["moved"] else None


def _statement(positions: Positions) -> str:
    """Every table's columns as arrays, behind the five values of the offset."""
    numbers = count(6)
    arrays = {
        table: [f"${next(numbers)}::{_kind(table, name)}[]" for name in names] for table, names in _COLUMNS.items()
    }
    known = f"SELECT FROM {HANDOFFS.name} WHERE handoff = ANY({arrays[HANDOFFS][0]})"
    parts = [f"moved AS ({positions.moved} AND NOT EXISTS ({known}) RETURNING next)"]
    for table, names in _COLUMNS.items():
        rows = f"SELECT one.* FROM moved, unnest({', '.join(arrays[table])}) AS one"  # noqa: S608  (our own names)
        write = f"INSERT INTO {table.name} ({', '.join(names)}) {rows}{_clash(table)}"
        parts.append(f"{table.name}_written AS ({write})")
    due = f"ARRAY(SELECT key FROM {DELIVERIES.name}_written)"  # noqa: S608  (our own names)
    return f"WITH {', '.join(parts)} SELECT EXISTS (SELECT FROM moved) AS moved, {due} AS due"  # noqa: S608  (our own names)


def _clash(table: Table) -> str:
    """What is done where a key exists, as the long way does it; of a handoff nothing exists."""
    keys = [column.name for column in table.primary_key]
    if table is HANDOFFS:
        return ""
    if table is DELIVERIES:
        return " ON CONFLICT DO NOTHING RETURNING key"
    changed = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[table] if name not in keys)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"


def _kind(table: Table, name: str) -> str:
    return str(table.c[name].type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy left it out
