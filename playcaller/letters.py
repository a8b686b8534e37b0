"""Dead letters: list them, look at one, drive them again. Reading never disturbs a running ring."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from playcaller.ring import RingError
from runtime.carriage import Carriage
from runtime.clock import SystemClock
from runtime.log import Log, Message
from runtime.opening import make_log, open_carriage
from runtime.settings import Settings
from runtime.telemetry import configure
from schemas import dead_letter
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.event import Event
from schemas.fact import MalformedFactError, NewerFactError, decode
from schemas.topics import DEAD_LETTERS
from services.ingest.draft import MalformedError, NotUnderstoodError, TooManyEventsError
from services.ingest.reading import events_from, source_named
from services.ingest.records import Recorder
from services.router.adapters.state import state_of
from services.router.parking import unpark
from services.router.reading import DRIVEN_AGAIN

PAGE = 500
SHORT = 8
ALL = "all"
HEARD = 6.0
"""Seconds after which every running router has heard that a source is no longer parked."""
SHOWN_BYTES = 20_000


def listed(data: Path | None) -> None:
    """Print what the log still holds, oldest first."""
    letters = _run(data, _reading)
    table = Table("id", "died at (UTC)", "source", "reason", "why", box=None, header_style="bold")
    for letter in letters:
        died = f"{letter.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(letter.id)[-SHORT:], died, Text(letter.source), letter.reason.value, Text(letter.detail[:100])
        )
    Console().print(table if letters else "No dead letters.")


def shown(letter: str, data: Path | None) -> None:
    """Print one, with the original bytes. Raises `RingError` where there is none or more than one such id."""
    one = _named(_run(data, _reading), letter)
    console = Console(highlight=False)
    where = f"{one.topic}/{one.partition} at {one.offset}" if one.topic else "its source's door"
    facts = {
        "id": str(one.id),
        "died at": one.at.isoformat(),
        "source": one.source,
        "reason": one.reason.value,
        "why": one.detail,
        "came from": where,
        "type": one.media_type,
    }
    for name, value in facts.items():
        console.print(Text.assemble((f"{name:<10}", "bold"), value))
    console.print()
    console.print(Text(one.value[:SHOWN_BYTES].decode("utf-8", "replace")))


def retried(letter: str, reason: str, data: Path | None) -> None:
    """Put letters back where they came from, each so marked that it passes de-duplication once.

    `letter` is an id or `all`; `reason` narrows `all`. Raises `RingError` where nothing fits.
    """
    if reason and reason not in {one.value for one in DeadLetterReason}:
        raise RingError(f"--reason {reason}: write one of {', '.join(one.value for one in DeadLetterReason)}")

    async def retry(settings: Settings) -> int:
        async with open_carriage(settings) as carriage:
            letters = await _letters(carriage.log)
            chosen = letters if letter == ALL else [_named(letters, letter)]
            chosen = [one for one in chosen if not reason or one.reason.value == reason]
            await _unpark(carriage, {one.source for one in chosen if one.reason is DeadLetterReason.PARKED})
            for one in chosen:
                await _drive(carriage, one)
            return len(chosen)

    count = _run(data, retry)
    Console().print(f"{count} dead letter{'s' if count != 1 else ''} driven again.")


def _run(data: Path | None, work: "Callable[[Settings], Coroutine[Any, Any, Any]]") -> Any:
    if data is not None:
        os.environ["PLAYCALLER_DATA"] = str(data)
    settings = Settings.load()
    configure("ERROR", "console")
    return asyncio.run(work(settings))


async def _reading(settings: Settings) -> list[DeadLetter]:
    async with _log(settings) as log:
        return await _letters(log)


@asynccontextmanager
async def _log(settings: Settings) -> AsyncIterator[Log]:
    """The log alone, without the lock that a running ring holds: for reading."""
    if settings.log_engine == "sqlite" and not (settings.data / "log.db").exists():
        raise RingError(f"{settings.data} holds no log: name the folder with --data, or start `playcaller up` first")
    async with make_log(settings, SystemClock()) as log:
        yield log


async def _letters(log: Log) -> list[DeadLetter]:
    found = []
    for partition in await log.partitions(DEAD_LETTERS.name):
        offset, end = await log.bounds(partition)
        while offset < end and (records := await log.read(partition, offset, PAGE)):
            for record in records:
                try:
                    found.append(decode(record.value, dead_letter.DECODER))
                except (MalformedFactError, NewerFactError):
                    continue  # a newer version wrote it, and will read it
            offset = records[-1].offset + 1
    return sorted(found, key=lambda one: (one.at, one.id))


def _named(letters: list[DeadLetter], name: str) -> DeadLetter:
    found = [one for one in letters if str(one.id).endswith(name.lower()) or str(one.id).startswith(name.lower())]
    if len(found) != 1:
        raise RingError(f"{len(found)} dead letters have the id {name}: `playcaller dead-letters list` shows all")
    return found[0]


async def _unpark(carriage: Carriage, names: Collection[str]) -> None:
    if names:
        async with carriage.database.transaction() as connection:
            await unpark(connection, state_of(carriage.database), sorted(names))
        await asyncio.sleep(HEARD)


async def _drive(carriage: Carriage, letter: DeadLetter) -> None:
    """Back onto its lane as it was; or, where the door could not read it, read anew by its source's table."""
    again = {DRIVEN_AGAIN: letter.id.bytes}
    if letter.topic:
        headers = {"content-type": letter.media_type.encode(), **again}
        await carriage.log.append(letter.topic, [Message(letter.key, letter.value, headers)])
        return
    recorder = Recorder(carriage.key_secret)
    for event in _read_anew(letter):
        topic, message = recorder.message(event, {"content-type": b"application/json", **again})
        await carriage.log.append(topic, [message])


def _read_anew(letter: DeadLetter) -> Sequence[Event]:
    """The webhook's events, by whichever of its source's doors it came. Raises `RingError` where none can read it."""
    headers, faults = {"content-type": letter.media_type}, []
    for door in ("", *source_named(letter.source).doors):
        try:
            return events_from(letter.source, letter.value, headers, letter.at, path=door)
        except (MalformedError, NotUnderstoodError, TooManyEventsError) as fault:
            faults.append(str(fault))
    raise RingError(f"{letter.source} still cannot read {letter.id}: {faults[0]}. Mend its table first")
