"""Keeps uploaded files by reference (E9): streamed to disk, named by their hash, never opened, never executed."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

import structlog

from schemas.event import Attachment
from services.ingest.durable import synced
from services.ingest.holders import Held, hold, holding, let_go
from services.ingest.plain import text

_log = structlog.get_logger(__name__)


class FileTooLargeError(Exception):
    """A file is larger than we take."""


class Upload:
    """One file on its way in. Feed it, then `finish`; `keep` makes it durable."""

    def __init__(self, store: "FileStore | None", name: str, media_type: str) -> None:
        self._store, self._hash, self.size = store, hashlib.sha256(), 0
        self.name = text(name.replace("\\", "/").rpartition("/")[2], 200)
        self._media_type = text(media_type, 100).lower() or "application/octet-stream"
        self._file: IO[bytes] | None = store.incoming() if store else None

    def write(self, data: bytes) -> None:
        """Some more of it. Raises `FileTooLargeError`."""
        self.size += len(data)
        if self._store and self.size > self._store.largest:
            self.discard()
            raise FileTooLargeError(f"a file is larger than {self._store.largest} bytes: send a link to it instead")
        self._hash.update(data)
        if self._file:
            self._file.write(data)

    def reference(self) -> Attachment:
        """What stands in the event for the file."""
        return Attachment(name=self.name, media_type=self._media_type, size=self.size, sha256=self._hash.hexdigest())

    def keep(self, held: Held) -> None:
        """Make it durable under its hash, and whose it is. Blocks on the disk."""
        if self._store and self._file:
            self._store.keep(self._file, self._hash.hexdigest(), self.size, held)
            self._file = None

    def discard(self) -> None:
        """Forget what came so far."""
        if self._file:
            self._file.close()
            with contextlib.suppress(OSError):
                Path(self._file.name).unlink()
            self._file = None


class Incoming(Protocol):
    """Where uploads go."""

    def upload(self, name: str, media_type: str) -> Upload:
        """A new file begins."""
        ...


class NoStore:
    """Reads files for their hashes alone, and keeps nothing: for explaining a payload."""

    def upload(self, name: str, media_type: str) -> Upload:
        """A new file begins."""
        return Upload(None, name, media_type)


class FileStore:
    """Files under `root/<first two letters>/<sha256>`, readable by nobody but us, `budget` bytes in all.

    Whose a file is stands beside it, in `<sha256>.of/<keyed hash of the person>`. Several processes may share a folder.
    Above the budget a file's reference is still true, but its bytes are not kept: a lead is worth more than its file.
    """

    def __init__(self, root: Path, *, largest: int, budget: int) -> None:
        self.root, self.largest, self._budget = root, largest, budget
        self._used: int | None = None

    def upload(self, name: str, media_type: str) -> Upload:
        """A new file begins."""
        return Upload(self, name, media_type)

    def incoming(self) -> IO[bytes]:
        """A private temporary file beside its later place."""
        self._arrivals.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.NamedTemporaryFile(dir=self._arrivals, delete=False)

    def keep(self, file: IO[bytes], sha256: str, size: int, held: Held) -> None:
        """Move a finished temporary file to its place, durably; the same content is kept once, for all who sent it."""
        temporary, place = Path(file.name), self.path(sha256)
        with file:
            file.flush()
            os.fsync(file.fileno())
        with self._alone():
            there = place.exists()
            if not there and not self._room(size):
                _log.warning("attachment not kept: the store is full", root=str(self.root), budget=self._budget)
                temporary.unlink()
                return
            hold(place, held, self._arrivals)  # before the file: no kill leaves a file that nobody is found to hold
            if there:
                temporary.unlink()
                return
            place.parent.mkdir(exist_ok=True, mode=0o700)
            temporary.replace(place)
            synced(place.parent)
            self._used = self._spent() + size

    def forget(self, person: str, at: datetime) -> int:
        """Delete what this person held at `at` (UTC) or before, unless others sent the same; how many files went."""
        if not self.root.exists():
            return 0
        with self._alone():
            gone = sum([let_go(place, mark) for place, mark in holding(self.root, person, at)])
            self._used = None
        return gone

    def tidy(self, before: datetime) -> int:
        """Delete uploads that a kill cut short, last written before this time (UTC); how many."""
        gone = 0
        for one in list(self._arrivals.glob("*")):
            with contextlib.suppress(FileNotFoundError):  # its upload has ended meanwhile
                if datetime.fromtimestamp(one.stat().st_mtime, UTC) < before:
                    one.unlink()
                    gone += 1
        return gone

    def path(self, sha256: str) -> Path:
        """Where a kept file lies."""
        return self.root / sha256[:2] / sha256

    @property
    def _arrivals(self) -> Path:
        return self.root / "incoming"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time, whichever process or thread (flock(2)). Blocks."""
        with (self.root / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _room(self, size: int) -> bool:
        """Counted anew before anything is refused: an erasure, or another process, may have made room."""
        if self._spent() + size > self._budget:
            self._used = None
        return self._spent() + size <= self._budget

    def _spent(self) -> int:
        if self._used is None:
            self._used = sum(one.stat().st_size for one in self.root.glob("??/*") if one.is_file())
        return self._used
