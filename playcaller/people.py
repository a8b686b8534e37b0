"""Expected faults, told to people: what is wrong and what to do next, and no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEBUG_HINT = "Set PLAYCALLER_LOG_LEVEL=DEBUG to see where this came from."


@contextmanager
def plainly() -> Iterator[None]:
    """End the process with a sentence at an expected fault; the unexpected keeps its traceback."""
    from pydantic import ValidationError
    from sqlalchemy.exc import DBAPIError

    from playcaller.ring import RingError
    from playcaller.servers.child import ServerError
    from runtime.discovery import PluginError
    from runtime.lockfile import HeldError
    from runtime.log import LogError
    from runtime.migrations import MigrationError
    from services.ingest.reading import UnknownSourceError
    from services.router.adapters.playbook_faults import PlaybookFaultsError
    from services.router.adapters.playbook_store import PublishError

    try:
        yield
    except ValidationError as fault:
        _end("\n".join(_setting(error["loc"], error["msg"]) for error in fault.errors(include_input=False)))
    except DBAPIError as fault:
        _end(f"The database does not answer ({type(fault.orig).__name__}): check PLAYCALLER_DATABASE_URL. {DEBUG_HINT}")
    except (
        PluginError,
        LogError,
        MigrationError,
        ServerError,
        HeldError,
        RingError,
        PlaybookFaultsError,
        PublishError,
        UnknownSourceError,
    ) as fault:
        _end(str(fault))
    except OSError as fault:
        _end(f"{fault.strerror or fault}{f': {fault.filename}' if fault.filename else ''}")


def _setting(place: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part) for part in place).upper()
    return f"PLAYCALLER_{name}: {message}"


def _end(message: str) -> None:
    import os

    if os.environ.get("PLAYCALLER_LOG_LEVEL", "").upper() == "DEBUG":
        raise  # noqa: PLE0704  (called only while a fault is being handled; the traceback is what was asked for)
    sys.stderr.write(f"{message}\n")
    raise SystemExit(1)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first plain exception of a group: where several tasks fail, the first is the cause and the rest its echo."""
    for one in group.exceptions:
        return first_of(one) if isinstance(one, BaseExceptionGroup) else one
    return group
