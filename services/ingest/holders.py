"""Who a kept file is about: beside it, one small file a person, named by their keyed hash, so that both are found."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from runtime import failpoints
from schemas.event import Event, IdentifierKind
from schemas.fact import Trust
from services.ingest.durable import synced, written
from services.ingest.forms import Form
from services.ingest.identity import email
from services.ingest.records import Recorder
from services.ingest.webhook import EPOCH

_ENDING = ".of"


class Held(NamedTuple):
    """Whose files they are, as keyed hashes in hex, and when their door received them (UTC)."""

    persons: frozenset[str] = frozenset()
    at: datetime = EPOCH


def held_by(recorder: Recorder, form: Form, events: tuple[Event, ...], at: datetime) -> Held:
    """Everybody whom the form's events name, and every email address that was typed into it."""
    said = {(one.kind, one.value) for event in events for one in event.identifiers}
    typed = [email(value, Trust.CLAIMED) for _, value in form.fields]
    said |= {(IdentifierKind.EMAIL, one.value) for one in typed if one is not None}
    return Held(frozenset({person(recorder, kind, value) for kind, value in said}), at)


def person(recorder: Recorder, kind: IdentifierKind, value: str) -> str:
    """The name under which this identifier's files are found: the keyed hash that stands on the log, in hex."""
    return recorder.keyed(f"{kind.value}:{value}").hex()


def hold(place: Path, held: Held, incoming: Path) -> None:
    """Say, durably, whom the file at `place` is about; who is named again holds it from the later time on."""
    if not held.persons:
        return
    folder = place.with_name(place.name + _ENDING)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for one in sorted(held.persons):
        written(folder / one, held.at.isoformat().encode(), incoming / f"{place.name}.{one}")
    synced(folder.parent)
    synced(folder.parent.parent)


def holding(root: Path, one: str, at: datetime) -> Iterator[tuple[Path, Path]]:
    """The files that this person held at `at` or before: (the file's place, what says so)."""
    for mark in sorted(root.glob(f"??/*{_ENDING}/{one}")):
        if _since(mark) <= at:
            yield mark.parent.with_name(mark.parent.name.removesuffix(_ENDING)), mark


def let_go(place: Path, mark: Path) -> bool:
    """This person holds the file no more; True where it was held by nobody else and is gone.

    The file goes first: whoever is killed in between finds the mark again, and so its way to the file.
    """
    last = len(list(mark.parent.iterdir())) == 1
    if last:
        place.unlink(missing_ok=True)
        synced(place.parent)
    failpoints.reach("ingest.file_erased")
    mark.unlink()
    synced(mark.parent)
    if last:
        mark.parent.rmdir()
    return last


def _since(mark: Path) -> datetime:
    """When the file was received; what cannot be read is as old as can be."""
    try:
        return datetime.fromisoformat(mark.read_text("ascii")).astimezone(UTC)
    except ValueError:
        return EPOCH
