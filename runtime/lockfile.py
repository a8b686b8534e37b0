"""A lock that one process holds and everybody can read the holder of."""

import fcntl
import os
import sys
from pathlib import Path
from typing import TextIO


class HeldError(Exception):
    """Another process holds it. The message says which, and what to do."""


class Lockfile:
    """An advisory lock (flock(2)) on a file that names its holder; it is let go when the process ends, however."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: TextIO | None = None

    @property
    def held(self) -> bool:
        """Does this object hold it?"""
        return self._held is not None

    def take(self) -> None:
        """Take it, at once or never. Raises `HeldError`."""
        if self._held:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise HeldError(
                f"{self.path.parent} is in use by {holder}: stop that one first, or choose another folder"
            ) from None
        file.truncate(0)
        command = Path(sys.argv[0]).name or "python"
        file.write(f"process {os.getpid()} ({' '.join([command, *sys.argv[1:2]])})\n")
        file.flush()
        self._held = file

    def release(self) -> None:
        """Let it go."""
        if self._held:
            self._held.truncate(0)
            self._held.close()
            self._held = None
