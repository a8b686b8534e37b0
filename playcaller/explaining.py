"""`playcaller explain`: what would happen to a payload, or what was decided on an event, and why."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.text import Text

from playcaller.ring import RingError
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import LogError
from runtime.opening import database_url, key_secret, make_log
from runtime.settings import Settings
from schemas.event import Event, EventType
from services.ingest.draft import MalformedError, NotUnderstoodError, TooManyEventsError
from services.ingest.reading import events_from, source_named, sources
from services.ingest.sample import media_type
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.playbook_store import books_in, in_force
from services.router.domain.playbook import Playbook
from services.router.explaining import Explained, as_json, explain, explain_against, in_five_lines, in_full
from services.router.past import ReplayError, as_then
from services.router.recalling import last_of, recalled

TELLS_NOTHING = frozenset({EventType.UNKNOWN, EventType.PROFILE_STATED})


@dataclass(frozen=True, slots=True)
class Wish:
    """How it is to be told."""

    full: bool = False
    as_json: bool = False
    with_state: bool = False
    """Judge it with everything the state knows of the person, instead of as a stranger's."""


def run(what: str, source: str, playbook_path: Path, wish: Wish) -> int:
    """Print what each event of the payload in this file would lead to; of an event's id or an email, what it led to.

    Raises `RingError` where it cannot be read, or is not known.
    """
    playbook, file = in_force(playbook_path), Path(what)
    if what != "-" and not file.exists():
        explained = asyncio.run(_recalled(what, books_in(playbook_path)))
    else:
        explained = _of_payload(file, source, playbook, wish)
    if wish.as_json:
        sys.stdout.write(json.dumps([as_json(one) for one in explained], indent=2, ensure_ascii=False) + "\n")
        return 0
    console = Console(highlight=False)
    for one in explained:
        console.print(Text((in_full if wish.full else in_five_lines)(one, playbook)), end="\n\n")
    return 0


def _of_payload(file: Path, source: str, playbook: Playbook, wish: Wish) -> Sequence[Explained]:
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    now = datetime.now(UTC)
    events = _read(raw, file, source, now)
    return asyncio.run(_with_state(events, playbook, now)) if wish.with_state else explain(events, playbook, now)


async def _recalled(what: str, books: Mapping[tuple[str, str], Playbook]) -> Sequence[Explained]:
    settings = Settings.load()
    if settings.database_url is None and not (settings.data / "state.db").exists():
        raise RingError(f"{what}: No such file, and {settings.data} holds no state in which to look for it")
    database = Database(database_url(settings))
    try:
        event = await last_of(database, what) if "@" in what else _id(what)
        if event is None:
            raise RingError(f"{what}: neither a file, nor an event's id, nor the email address of somebody known here")
        async with make_log(settings, SystemClock()) as log:
            found = await recalled(database, log, as_then(books), event, Forgotten(key_secret(settings)))
    except (ReplayError, LogError) as gone:
        raise RingError(str(gone)) from None
    finally:
        await database.close()
    if found is None:
        raise RingError(f"{event}: nothing was decided on such an event")
    return [found]


def _id(what: str) -> UUID | None:
    try:
        return UUID(what)
    except ValueError:
        return None


def _read(raw: bytes, file: Path, source: str, now: datetime) -> Sequence[Event]:
    if source:
        try:
            return _events(source, raw, file, now)
        except (MalformedError, NotUnderstoodError, TooManyEventsError) as fault:
            raise RingError(f"{source} cannot read this payload: {fault}") from None
    understood = {name: events for name in sources() if (events := _tried(name, raw, file, now))}
    if len(understood) != 1:
        found = f"{', '.join(sorted(understood))} can" if understood else "no source can"
        raise RingError(f"{found} read this payload: say which sent it, with --source {'|'.join(sorted(sources()))}")
    return next(iter(understood.values()))


def _tried(name: str, raw: bytes, file: Path, now: datetime) -> Sequence[Event]:
    """The events, where this source's table recognises what it reads."""
    if media_type(file, raw).partition(";")[0] not in source_named(name).media_types:
        return ()
    try:
        events = _events(name, raw, file, now)
    except (MalformedError, NotUnderstoodError, TooManyEventsError):
        return ()
    return events if any(event.type not in TELLS_NOTHING for event in events) else ()


def _events(name: str, raw: bytes, file: Path, now: datetime) -> Sequence[Event]:
    doors = {door.rpartition("/")[2]: door for door in source_named(name).doors}
    door = doors.get(file.name.partition(".")[0], "")
    return events_from(name, raw, {"content-type": media_type(file, raw)}, now, path=door)


async def _with_state(events: Sequence[Event], playbook: Playbook, now: datetime) -> Sequence[Explained]:
    settings = Settings.load()
    if settings.database_url is None and not (settings.data / "state.db").exists():
        raise RingError(f"{settings.data} holds no state yet: start `playcaller up` first, or leave --with-state out")
    database = Database(database_url(settings))
    try:
        return await explain_against(database, key_secret(settings), events, playbook, now)
    finally:
        await database.close()
