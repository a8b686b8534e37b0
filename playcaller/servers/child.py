"""A server as our child: its output goes to a file, it is stopped by its own pid, and it never outlives us."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Tell = Callable[[str], None]
_LEASH = Path(__file__).with_name("leash.py")
_LAST_WORDS = 12


class ServerError(Exception):
    """A server could not be had or started. The message names the one command that mends it."""


def made(folder: Path) -> Path:
    """The folder, made if need be, by its absolute path."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


class Child:
    """One running program. `death` is the signal it gets when this process dies."""

    def __init__(self, program: Sequence[str], output: Path, *, death: signal.Signals, user: str = "") -> None:
        self.output = output
        with output.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603  (the programs are ours to choose, there is no shell)
                [sys.executable, "-I", str(_LEASH), str(int(death)), str(os.getpid()), user, *program],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id; the leash becomes the program, so it is the program's own on Linux."""
        return self._process.pid

    def alive(self) -> bool:
        """Does it run?"""
        return self._process.poll() is None

    async def wait(self) -> int:
        """Its exit status, once it ends."""
        while (status := self._process.poll()) is None:  # noqa: ASYNC110  (a child watcher would tie it to one event loop)
            await asyncio.sleep(0.02)
        return status

    async def stop(self, number: signal.Signals, *, within: float) -> None:
        """Ask it to end with `number`; after `within` seconds it is killed."""
        if not self.alive():
            return
        self._process.send_signal(number)
        try:
            async with asyncio.timeout(within):
                await self.wait()
        except TimeoutError:
            self._process.kill()
            await self.wait()

    def last_words(self) -> str:
        """The end of its output, for an error message."""
        lines = self.output.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-_LAST_WORDS:])
