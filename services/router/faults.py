"""What a failed transaction means: try again, look for the one row at fault, or let it be seen."""

from enum import StrEnum

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from services.router.adapters.state import CrossedError, RefusedError

_CROSSED = frozenset({"40001", "40P01"})
_DATA = ("22", "23")
_SQLITE_DATA = frozenset({"IntegrityError", "DataError"})


class Meaning(StrEnum):
    """What to do about it."""

    AGAIN = "again"
    """Another transaction was in the way: the same batch, once more."""
    DATA = "data"
    """One of the rows cannot be written: halve the batch until it is found."""
    OTHER = "other"
    """The database is away, or we are at fault: the loop backs off and hands the batch over again."""


def meaning_of(error: BaseException) -> Meaning:
    """What this exception means for its batch."""
    if isinstance(error, CrossedError):
        return Meaning.AGAIN
    if isinstance(error, (RefusedError, UnicodeEncodeError, OverflowError)):
        return Meaning.DATA
    state = sqlstate(error)
    if state in _CROSSED:
        return Meaning.AGAIN
    if state.startswith(_DATA) or isinstance(error, asyncpg.DataError):
        return Meaning.DATA
    cause = _innermost(error)
    if type(cause).__name__ in _SQLITE_DATA and not isinstance(error, (InterfaceError, OperationalError)):
        return Meaning.DATA
    return Meaning.OTHER


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five characters (appendix A of its manual), or nothing."""
    found = getattr(_innermost(error), "sqlstate", None) or getattr(error, "sqlstate", None)
    return found if isinstance(found, str) else ""


def _innermost(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error
