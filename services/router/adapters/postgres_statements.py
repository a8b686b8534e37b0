"""The statements of `postgres_state`: made once for each shape, never for a value."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, Text, Uuid

from services.router.adapters.ask import Ask, Create, Fetch, Filled, Lock, Number, Sum, Tally, Whole

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


def _inserting(table: Table, names: tuple[str, ...], start: int = 1, when: str = "") -> str:
    rows = f"SELECT * FROM unnest({_given(table, names, start=start)})"  # noqa: S608  (our own names)
    return f"INSERT INTO {table.name} ({_quoted(names)}) {rows}{_where(when)}"


def _all(*conditions: str) -> str:
    return " AND ".join(filter(None, conditions))


def _where(*conditions: str) -> str:
    found = _all(*conditions)
    return f" WHERE {found}" if found else ""


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def names_of(table: Table) -> tuple[str, ...]:
    """The names of a table's columns."""
    return tuple(column.name for column in table.columns)


def keys_of(table: Table) -> tuple[str, ...]:
    """The names of its primary key."""
    return tuple(column.name for column in table.primary_key.columns)


@lru_cache
def fetching(one: Fetch, joined: bool, start: int = 1) -> str:  # noqa: FBT001  (ours alone)
    """Several columns are looked up key by key (the planner leaves a subquery with an OFFSET as it is).

    Else a table that has grown since it was analysed is read as a whole, at every batch.
    """
    picked = f"SELECT {_quoted(one.columns)} FROM {one.table.name}"  # noqa: S608  (our own names)
    given, further = _given(one.table, one.by, joined, start), [one.only] if one.only else []
    if len(one.by) == 1:
        return picked + _where(f'"{one.by[0]}" = ANY({given})', *further)
    match = [f'"{name}" = asked."{name}"' for name in one.by]
    found = f"{picked}{_where(*match, *further)} OFFSET 0"
    return f"SELECT row.* FROM unnest({given}) AS asked({_quoted(one.by)}), LATERAL ({found}) AS row"  # noqa: S608  (our own names)


@lru_cache
def remembering(table: Table) -> str:
    """Keys, joined by commas, that may be there already."""
    key, day = names_of(table)
    keys = "SELECT one::uuid, $2::integer FROM unnest(string_to_array($1::text, ',')) AS one"
    return f'INSERT INTO {table.name} ("{key}", "{day}") {keys} ON CONFLICT DO NOTHING'


def remembering_at_once(table: Table, keys: Sequence[str], day: int) -> str:
    """As `remembering`, its values in it, where something was `moved`. The keys are hexadecimal digits alone."""
    key, kept = names_of(table)
    rows = f"SELECT one::uuid, {day:d} FROM moved, unnest(string_to_array('{','.join(keys)}', ',')) AS one"  # noqa: S608  (our own names, and digits)
    return f'INSERT INTO {table.name} ("{key}", "{kept}") {rows} ON CONFLICT DO NOTHING'


@lru_cache
def own(table: Table) -> str:
    """Those of the keys whose row this very transaction has written (PostgreSQL's manual, 5.6 System Columns)."""
    (key,) = keys_of(table)
    own = "xmin = pg_current_xact_id()::xid"
    return f'SELECT "{key}" FROM {table.name} WHERE "{key}" = ANY($1::uuid[]) AND {own}'  # noqa: S608  (our own names)


@lru_cache
def locking(one: Lock, joined: bool, start: int = 1, when: str = "") -> str:  # noqa: FBT001  (ours alone)
    """Whole rows by their keys, in the keys' order."""
    keys = keys_of(one.table)
    order, given = _quoted(keys), _given(one.table, keys, joined, start)
    asked = f"({order}) IN (SELECT * FROM unnest({given}))"  # noqa: S608  (our own names)
    rows = f"SELECT {_quoted(names_of(one.table))} FROM {one.table.name}{_where(asked, when)} ORDER BY {order}"  # noqa: S608  (our own names)
    return f"{rows} FOR UPDATE{' SKIP LOCKED' if one.held == 'skipped' else ''}"


@lru_cache
def adding(table: Table, start: int = 1) -> str:
    """Rows that may be there already, and then stay."""
    return f"{creating(table, start)} ON CONFLICT DO NOTHING"


@lru_cache
def creating(table: Table, start: int = 1, when: str = "") -> str:
    """Rows that are not there."""
    return _inserting(table, names_of(table), start, when)


@lru_cache
def putting(table: Table, start: int = 1, when: str = "") -> str:
    """Rows in place of those with the same keys."""
    names, keys = names_of(table), keys_of(table)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return f"{creating(table, start, when)} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {changed}"


def _summing(table: Table, start: int, when: str) -> str:
    names = names_of(table)
    new = f'excluded."{names[-1]}"'
    return f"{putting(table, start, when).replace(new, f'{table.name}.{names[-1]} + {new}')} RETURNING {_quoted(names)}"


def _numbering(table: Table, start: int, when: str) -> str:
    number, *names = names_of(table)
    return f'{_inserting(table, tuple(names), start, when)} RETURNING "{number}"'


@lru_cache(maxsize=512)
def asking(one: Ask, start: int = 1, when: str = "") -> str:
    """One ask, given without its keys and rows; what locks or writes does so only `when` this holds."""
    match one:
        case Fetch() | Tally() | Filled() | Whole():
            return _reading(one, start)
        case Lock():
            return locking(one, joined=False, start=start, when=when)
        case Create():
            return f"{creating(one.table, start, when)} RETURNING true"
        case Sum():
            return _summing(one.table, start, when)
        case Number():
            return _numbering(one.table, start, when)


def _reading(one: Fetch | Tally | Filled | Whole, start: int) -> str:
    match one:
        case Fetch():
            return fetching(one, joined=False, start=start)
        case Tally():
            counted = f'SELECT "{one.of}", count(*) FROM {one.table.name}'  # noqa: S608  (our own names)
            return f'{counted} WHERE "{one.where}" = ANY(${start}::text[]) GROUP BY "{one.of}"'
        case Filled():
            held = [f"EXISTS (SELECT FROM {table.name}) AS filled{place}" for place, table in enumerate(one.tables)]
            return f"SELECT {', '.join(held)}"
        case Whole():
            return f"SELECT {_quoted(names_of(one.table))} FROM {one.table.name}"  # noqa: S608  (our own names)


_WRITTEN = {"put": putting, "add": adding, "create": creating}


@lru_cache(maxsize=512)
def together(writes: tuple[tuple[str, Table], ...], asks: tuple[Ask, ...], given: tuple[int, ...]) -> str:
    """One statement that writes to several tables and asks for several things: its answer is a row of arrays.

    `given` is how many values each ask takes. PostgreSQL runs the parts of a WITH in no order of its own: among the
    asks, what locks or writes looks at what the one before it has come to, and so waits for it (its manual, 7.8.4
    Data-Modifying Statements in WITH).
    """
    parts, start, before = [], 1, ""
    for place, (how, table) in enumerate(writes):
        parts.append(f"w{place} AS ({_WRITTEN[how](table, start)})")
        start += len(names_of(table))
    for place, one in enumerate(asks):
        free = f"NOT EXISTS (SELECT FROM a{one.unless})" if isinstance(one, Lock) and one.unless is not None else ""
        parts.append(f"a{place} AS ({asking(one, start, _all(before, free))})")
        start += given[place]
        if not isinstance(one, Fetch | Tally | Filled | Whole):
            before = f"(SELECT count(*) FROM a{place}) >= 0"  # noqa: S608  (our own names)
    answers = ", ".join(f"ARRAY(SELECT ROW(a{place}.*) FROM a{place})" for place in range(len(asks)))  # noqa: S608  (our own names)
    return f"WITH {', '.join(parts)} SELECT {answers}"
