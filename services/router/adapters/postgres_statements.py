"""The statements of `postgres_state`: made once for each shape, never for a value."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, Text, Uuid

from services.router.adapters.state import Held

_ARRAYS: dict[type, str] = {
    Uuid: "uuid[]",
    Text: "text[]",
    BigInteger: "bigint[]",
    Integer: "integer[]",
    Boolean: "boolean[]",
    LargeBinary: "bytea[]",
}
SEPARATOR = "\x1f"
"""ASCII's unit separator: hardly anybody types it."""


def array_of(table: Table, column: str) -> str:
    """The array type of a column."""
    kind = table.c[column].type
    return next(array for type_, array in _ARRAYS.items() if isinstance(kind, type_) and type(kind) is type_)


def _given(table: Table, columns: Sequence[str], joined: bool = False, start: int = 1) -> str:  # noqa: FBT001, FBT002  (ours alone)
    return ", ".join(_one(table, name, number, joined) for number, name in enumerate(columns, start))


def _one(table: Table, name: str, number: int, joined: bool) -> str:  # noqa: FBT001  (ours alone)
    if joined and isinstance(table.c[name].type, Text):
        return f"string_to_array(${number}::text, chr({ord(SEPARATOR)}))"
    return f"${number}::{array_of(table, name)}"


def _rows(table: Table, columns: Sequence[str], start: int = 1) -> str:
    return f"SELECT * FROM unnest({_given(table, columns, start=start)})"  # noqa: S608  (our own names)


def _inserting(table: Table, names: tuple[str, ...], start: int = 1) -> str:
    return f"INSERT INTO {table.name} ({_quoted(names)}) {_rows(table, names, start)}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def names_of(table: Table) -> tuple[str, ...]:
    """The names of a table's columns."""
    return tuple(column.name for column in table.columns)


def keys_of(table: Table) -> tuple[str, ...]:
    """The names of its primary key."""
    return tuple(column.name for column in table.primary_key.columns)


@lru_cache
def fetching(table: Table, by: tuple[str, ...], columns: tuple[str, ...], only: str, joined: bool) -> str:  # noqa: FBT001  (ours alone)
    """Several columns are looked up key by key (the planner leaves a subquery with an OFFSET as it is).

    Else a table that has grown since it was analysed is read as a whole, at every batch.
    """
    further = f" AND {only}" if only else ""
    if len(by) == 1:
        return (
            f'SELECT {_quoted(columns)} FROM {table.name} WHERE "{by[0]}" = ANY({_given(table, by, joined)}){further}'  # noqa: S608  (our own names)
        )
    match = " AND ".join(f'"{name}" = asked."{name}"' for name in by)
    asked = f"unnest({_given(table, by, joined)}) AS asked({_quoted(by)})"
    found = f"SELECT {_quoted(columns)} FROM {table.name} WHERE {match}{further} OFFSET 0"  # noqa: S608  (our own names)
    return f"SELECT row.* FROM {asked}, LATERAL ({found}) AS row"  # noqa: S608  (our own names)


@lru_cache
def tallying(table: Table, of: str, where: str) -> str:
    """How many rows have each value of one column, of those whose other column is among some texts."""
    return f'SELECT "{of}", count(*) FROM {table.name} WHERE "{where}" = ANY($1::text[]) GROUP BY "{of}"'  # noqa: S608  (our own names)


@lru_cache
def numbering(table: Table) -> str:
    """Rows whose first column the database numbers, in their order; their numbers."""
    number, *names = names_of(table)
    return f'{_inserting(table, tuple(names))} RETURNING "{number}"'


@lru_cache
def remembering(table: Table) -> str:
    """Keys, joined by commas, that may be there already."""
    key, day = names_of(table)
    keys = "SELECT one::uuid, $2::integer FROM unnest(string_to_array($1::text, ',')) AS one"
    return f'INSERT INTO {table.name} ("{key}", "{day}") {keys} ON CONFLICT DO NOTHING'


@lru_cache
def own(table: Table) -> str:
    """Those of the keys whose row this very transaction has written (PostgreSQL's manual, 5.6 System Columns)."""
    (key,) = keys_of(table)
    own = "xmin = pg_current_xact_id()::xid"
    return f'SELECT "{key}" FROM {table.name} WHERE "{key}" = ANY($1::uuid[]) AND {own}'  # noqa: S608  (our own names)


@lru_cache
def locking(table: Table, joined: bool, held: Held) -> str:  # noqa: FBT001  (ours alone)
    """Whole rows by their keys, in the keys' order."""
    keys = keys_of(table)
    order = _quoted(keys)
    asked = f"SELECT * FROM unnest({_given(table, keys, joined)})"  # noqa: S608  (our own names)
    rows = f"SELECT {_quoted(names_of(table))} FROM {table.name} WHERE ({order}) IN ({asked}) ORDER BY {order}"  # noqa: S608  (our own names)
    return f"{rows} FOR UPDATE{' SKIP LOCKED' if held == 'skipped' else ''}"


@lru_cache
def adding(table: Table, start: int = 1) -> str:
    """Rows that may be there already, and then stay."""
    return f"{creating(table, start)} ON CONFLICT DO NOTHING"


@lru_cache
def creating(table: Table, start: int = 1) -> str:
    """Rows that are not there."""
    return _inserting(table, names_of(table), start)


@lru_cache
def putting(table: Table, start: int = 1) -> str:
    """Rows in place of those with the same keys."""
    names, keys = names_of(table), keys_of(table)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return f"{creating(table, start)} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {changed}"


@lru_cache
def summing(table: Table) -> str:
    """Rows whose last column is added to what stands there."""
    names = names_of(table)
    new = f'excluded."{names[-1]}"'
    return f"{putting(table).replace(new, f'{table.name}.{names[-1]} + {new}')} RETURNING {_quoted(names)}"


_WRITTEN = {"put": putting, "add": adding, "create": creating}


@lru_cache(maxsize=512)
def together(writes: tuple[tuple[str, Table], ...]) -> str:
    """One statement for several tables (PostgreSQL's manual, 7.8.4 Data-Modifying Statements in WITH)."""
    parts, start = [], 1
    for how, table in writes:
        parts.append(_WRITTEN[how](table, start))
        start += len(names_of(table))
    if len(parts) == 1:
        return parts[0]
    named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {named} SELECT"
