"""What may be asked of the state: some of it reads, some locks, some writes; several of them make one round trip."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Table

Row = Sequence[Any]
Held = Literal["awaited", "skipped"]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The rows whose `by` columns equal one of the keys, in no order, not locked.

    `only` is a condition in SQL, ours and constant, such as a partial index's.
    """

    table: Table
    by: tuple[str, ...]
    keys: Sequence[Row]
    columns: tuple[str, ...]
    only: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """The whole rows with these primary keys, locked until the end of the transaction in the keys' order.

    A row that another transaction holds is waited for, or left out. `unless` is the place of an earlier one of what
    is asked together: where that finds any row, none is locked.
    """

    table: Table
    keys: Sequence[Row]
    held: Held = "awaited"
    unless: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Each value of the column `of`, and how many rows have it whose column `where` is among these texts."""

    table: Table
    of: str
    where: str
    among: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """One row: of each table, whether it holds any row at all."""

    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """Every row of a table that stays small, in no order, not locked."""

    table: Table


@dataclass(frozen=True, slots=True)
class Create:
    """Write rows that should not be there yet; no answer. Raises `CrossedError` where one of them is."""

    table: Table
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Sum:
    """Write whole rows in place of those with the same primary key, their last column added to what stands there.

    No two of them may share a key. Whoever counts at the same time counts on top. Gives the rows as they stand now.
    """

    table: Table
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Number:
    """Write these rows without their first column, which the database numbers in their order; (number,) of each."""

    table: Table
    rows: Sequence[Row]


Ask = Fetch | Lock | Tally | Filled | Whole | Create | Sum | Number
NOTHING = Filled(())
"""Stands where nothing is asked."""


def size(one: Ask) -> int:
    """How many keys or rows go with it; nothing has to be asked where there are none."""
    match one:
        case Fetch() | Lock():
            return len(one.keys)
        case Create() | Sum() | Number():
            return len(one.rows)
        case Filled():
            return min(1, len(one.tables))
        case Tally() | Whole():
            return 1


def idle(one: Ask, before: Sequence[Sequence[Row]]) -> bool:
    """Whether there is nothing to do, by itself or after what the asks `before` it were answered."""
    return not size(one) or (isinstance(one, Lock) and one.unless is not None and bool(before[one.unless]))


def runs(asks: Sequence[Ask], most: int) -> Iterator[list[int]]:
    """The places of what is asked at all, in order, together as long as they are at most so many keys and rows."""
    run: list[int] = []
    held = 0
    for place, one in enumerate(asks):
        if not size(one):
            continue
        if run and held + size(one) > most:
            yield run
            run, held = [], 0
        run.append(place)
        held += size(one)
    if run:
        yield run


async def one_by_one(asks: Sequence[Ask], answer: Callable[[Ask], Awaitable[Sequence[Row]]]) -> list[Sequence[Row]]:
    """The answers to these, each by itself."""
    answers: list[Sequence[Row]] = []
    for one in asks:
        answers.append(() if idle(one, answers) else await answer(one))
    return answers
