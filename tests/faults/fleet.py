"""The processes of a ring, each started again as soon as it dies, as Kubernetes would; and ways to kill them."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playcaller.servers import leash

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Service:
    """One process that is meant to run always. It never outlives the test."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    deaths: list[int] = field(default_factory=list)
    """Exit statuses, in order; -9 is a kill."""
    died_at: list[float] = field(default_factory=list)
    """When each of them was seen, as a POSIX timestamp."""
    _running: asyncio.subprocess.Process | None = None
    _armed: str = ""
    _keeping: "asyncio.Task[None] | None" = None
    _died: asyncio.Condition = field(default_factory=asyncio.Condition)
    _stopping: bool = False
    _lives: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Start it, and keep it running until `stop`."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep())

    async def _spawn(self) -> None:
        armed = {"PLAYCALLER_FAILPOINT": self._armed} if self._armed else {}
        self._armed = ""
        with self.output.open("ab") as sink:
            sink.write(f"--- {self.name} starts {armed or ''}\n".encode())
            sink.flush()
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", leash.__file__, str(int(signal.SIGKILL)), str(os.getpid()), ""),
                *(sys.executable, "-m", "playcaller", *self.command),
                cwd=ROOT,
                env={**os.environ, **self.environment, **armed},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        self._lives.set()

    async def _keep(self) -> None:
        while not self._stopping:
            assert self._running is not None
            status = await self._running.wait()
            self._lives.clear()
            async with self._died:
                self.deaths.append(status)
                self.died_at.append(time.time())
                self._died.notify_all()
            if not self._stopping:
                await self._spawn()

    async def kill(self, *, arm: str = "") -> None:
        """`kill -9`, as soon as it lives. With `arm`, its next life ends at that fail-point (`name[:n]`)."""
        await self._lives.wait()
        self._armed = arm
        assert self._running is not None
        with contextlib.suppress(ProcessLookupError):
            self._running.kill()

    async def dies(self, times: int) -> None:
        """Wait until it has died so many times in all."""
        async with self._died:
            await self._died.wait_for(lambda: len(self.deaths) >= times)

    async def stop(self, within: float = 30.0) -> int:
        """Ask it to end (SIGTERM); its exit status, which is a kill's where it did not end within these seconds."""
        self._stopping = True
        if self._running is None or self._keeping is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._running.terminate()
        try:
            async with asyncio.timeout(within):
                await asyncio.shield(self._keeping)
        except TimeoutError:
            self._running.kill()
            await self._keeping
        return self.deaths[-1]

    def crashes(self) -> list[int]:
        """Deaths that were no kills: the process gave up by itself, which it never should."""
        return [status for status in self.deaths if status != -signal.SIGKILL]

    def last_words(self, lines: int = 25) -> str:
        """The end of its output."""
        text = self.output.read_text("utf-8", "replace") if self.output.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
