"""Follows the log's erasures, and deletes the files that the erased have uploaded to this door's folder (I4)."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from runtime.clock import Clock
from runtime.log import Log, LogError, Partition, Record
from schemas import feedback
from schemas.event import IdentifierKind
from schemas.fact import MalformedFactError, NewerFactError, decode
from schemas.feedback import IdentifiersErased, LeadErased
from schemas.topics import FEEDBACK
from services.ingest import metrics
from services.ingest.attachments import FileStore
from services.ingest.durable import written
from services.ingest.holders import person
from services.ingest.records import Recorder

_log = structlog.get_logger(__name__)
_PLACE = "erasures.json"
_PAGE = 500
_TAGS = (b'"lead_erased"', b'"identifiers_erased"')
_TORN = timedelta(hours=1)
"""No upload takes that long: what is older was cut short by a kill."""
_PLACES = msgspec.json.Decoder(dict[str, int])


class Erasures:
    """One a folder of uploaded files: each door keeps its own, so each follows the log by itself, from the beginning.

    How far it has come stands in the folder, and only after what it names is gone: a kill makes it look twice, which
    is looking once. Whoever uploads a file after having been erased keeps it.
    """

    def __init__(self, log: Log, files: FileStore, recorder: Recorder, clock: Clock) -> None:
        self._log, self._files, self._recorder, self._clock = log, files, recorder, clock

    async def follow(self, stop: asyncio.Event, *, every: float = 5.0) -> None:
        """Delete what is to be deleted, until stopped; an outage of log or disk is waited out."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._files.tidy, self._clock.now() - _TORN)
                await self.catch_up()
            except (LogError, NewerFactError, OSError) as fault:
                _log.warning("erasures of uploaded files wait", fault=type(fault).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)

    async def catch_up(self) -> int:
        """Everything the log says by now; how many files went. Raises `LogError`, `OSError`, `NewerFactError`."""
        if not self._files.root.exists():
            return 0
        gone, places = 0, await asyncio.to_thread(self._places)
        for partition in await self._log.partitions(FEEDBACK.name):
            gone += await self._partition(partition, places)
        return gone

    async def _partition(self, partition: Partition, places: dict[str, int]) -> int:
        first, end = await self._log.bounds(partition)
        name = str(partition.number)
        offset, gone = places.get(name, first), 0
        if not first <= offset <= end:
            _log.error("erasures may have been missed: look for files of the erased", partition=partition.number)
            offset = first
        while offset < end and (records := await self._log.read(partition, offset, _PAGE)):
            for record in records:
                gone += await self._obey(record)
            places[name] = offset = records[-1].offset + 1
            await asyncio.to_thread(self._remember, places)
        return gone

    async def _obey(self, record: Record) -> int:
        """Raises `NewerFactError` where an erasure is of a newer version: it waits for the upgrade."""
        if not any(tag in record.value for tag in _TAGS):
            return 0
        try:
            fact = decode(record.value, feedback.DECODER)
        except MalformedFactError:
            return 0
        match fact:
            case LeadErased():
                persons = [person(self._recorder, IdentifierKind.EMAIL, fact.email.strip().lower())]
            case IdentifiersErased():
                persons = list(fact.keys)
            case _:
                return 0
        gone = sum([await asyncio.to_thread(self._files.forget, one, fact.at) for one in persons])
        if gone:
            metrics.FILES_ERASED.inc(gone)
            _log.info("files of an erased person are deleted", files=gone, request=str(fact.id))
        return gone

    def _places(self) -> dict[str, int]:
        try:
            return _PLACES.decode((self._files.root / _PLACE).read_bytes())
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}

    def _remember(self, places: dict[str, int]) -> None:
        with self._files.incoming() as torn:  # a name of its own: another door may share the folder
            written(self._files.root / _PLACE, msgspec.json.encode(places), Path(torn.name))
