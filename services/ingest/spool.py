"""Keeps forms on local disk while the log is away (E4): durable before the answer, bounded, drained in order."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from runtime.log import Log, LogError, LogUnavailableError, Message
from services.ingest.durable import written
from services.ingest.metrics import SPOOL_BYTES, SPOOL_CORRUPT

_log = structlog.get_logger(__name__)
_SUFFIX = ".waiting"


class SpoolFullError(Exception):
    """It holds all it may: the sender has to be refused after all."""


class _Entry(msgspec.Struct, frozen=True):
    said: list[tuple[str, bytes, bytes, dict[str, bytes]]]
    """(topic, key, value, headers)"""


_DECODER = msgspec.msgpack.Decoder(_Entry)


class Spool:
    """One file an entry, named by a UUIDv7, so that the order of names is the order of arrival."""

    def __init__(self, folder: Path, log: Log, *, limit: int) -> None:
        self._folder, self._log, self._limit = folder, log, limit
        self._writing = asyncio.Lock()
        self._more = asyncio.Event()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for torn in folder.glob("*.part"):
            torn.unlink()
        self._sizes = {path.name: path.stat().st_size for path in sorted(folder.glob(f"*{_SUFFIX}"))}
        self._told()

    @property
    def waiting(self) -> int:
        """How many entries wait."""
        return len(self._sizes)

    async def put(self, name: UUID, said: Sequence[tuple[str, Message]]) -> None:
        """Durable once it returns. Raises `SpoolFullError`, also when the disk refuses."""
        entry = _Entry([(topic, one.key, one.value, dict(one.headers)) for topic, one in said])
        data = msgspec.msgpack.encode(entry)
        if sum(self._sizes.values()) + len(data) > self._limit:
            raise SpoolFullError
        path = self._folder / f"{name}{_SUFFIX}"
        async with self._writing:
            try:
                await asyncio.to_thread(written, path, data, path.with_suffix(".part"))
            except OSError as fault:
                _log.exception("spool cannot be written", folder=str(self._folder))
                raise SpoolFullError from fault
            self._sizes[path.name] = len(data)
        self._told()

    async def drain(self, stop: asyncio.Event, *, every: float = 1.0) -> None:
        """Append what waits, oldest first, until stopped; try again each `every` seconds while the log is away."""
        while not stop.is_set():
            with contextlib.suppress(LogUnavailableError):
                await self.flush()
            waits = [asyncio.ensure_future(stop.wait())]
            if not self._sizes:
                waits.append(asyncio.ensure_future(self._more.wait()))
            await asyncio.wait(waits, timeout=every if self._sizes else None, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            self._more.clear()

    async def flush(self) -> int:
        """Append what waits, oldest first; how many. Raises `LogUnavailableError` at the first that cannot be."""
        done = 0
        for name in sorted(self._sizes):
            path = self._folder / name
            try:
                entry = _DECODER.decode(await asyncio.to_thread(path.read_bytes))
                for topic, key, value, headers in entry.said:
                    await self._log.append(topic, [Message(key, value, headers)])
            except LogUnavailableError:
                raise
            except (msgspec.MsgspecError, LogError, OSError) as fault:
                _log.warning("spooled entry put aside", entry=name, fault=type(fault).__name__)
                SPOOL_CORRUPT.inc()
                with contextlib.suppress(OSError):
                    path.rename(path.with_suffix(".corrupt"))
            else:
                await asyncio.to_thread(path.unlink)
                done += 1
            del self._sizes[name]
            self._told()
        return done

    def _told(self) -> None:
        SPOOL_BYTES.set(sum(self._sizes.values()))
        if self._sizes:
            self._more.set()
