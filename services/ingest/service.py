"""Runs the door: listens, serves until it is told to stop, then finishes what is under way."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
import uvicorn

from runtime.carriage import Carriage
from runtime.collector import calm_collector
from services.ingest.attachments import FileStore
from services.ingest.control import Control
from services.ingest.door import Door
from services.ingest.erasures import Erasures
from services.ingest.gate import gates
from services.ingest.intake import Intake
from services.ingest.operators import Operators
from services.ingest.reading import sources
from services.ingest.records import Recorder
from services.ingest.settings import IngestSettings, SourceSettings, source_settings
from services.ingest.spool import Spool

_log = structlog.get_logger(__name__)
_BACKLOG = 2048


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to the process, and says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def open(self) -> bool:
        """May webhooks be sent here?"""
        return self.started and not self.should_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()


def build_door(
    carriage: Carriage,
    settings: IngestSettings,
    public_url: str,
    own: dict[str, SourceSettings] | None = None,
    spool: Spool | None = None,
) -> Door:
    """The whole ASGI application. Raises `SystemExit` with the mend where a source is wrongly configured."""
    known = gates(sources().values(), settings, source_settings() if own is None else own, public_url)
    files = file_store(settings)
    recorder = Recorder(carriage.key_secret)
    intake = Intake(carriage.log, recorder, settings, spool)
    control = Control(Operators(settings.ingest_operators), carriage.log, recorder, carriage.clock)
    return Door(known, intake, settings, carriage.clock, files, control=control)


def file_store(settings: IngestSettings) -> FileStore:
    """Where this door keeps uploaded files."""
    return FileStore(settings.attachments, largest=settings.ingest_max_file, budget=settings.ingest_max_files)


async def serve(
    carriage: Carriage,
    settings: IngestSettings,
    announce: Callable[[str], None] = lambda _url: None,
    own: dict[str, SourceSettings] | None = None,
) -> None:
    """Serve until `carriage.stop`, then drain within `settings.grace` seconds. `announce` gets the URL once it listens.

    `own` are the sources' secrets and options; nothing means those of the environment.
    """
    listener = _listen(settings.ingest_host, settings.ingest_port)
    url = _url(listener)
    spool = Spool(Path(settings.spool), carriage.log, limit=settings.ingest_spool_limit)
    door = build_door(carriage, settings, settings.ingest_public_url or url, own, spool)
    config = uvicorn.Config(
        door,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=max(1, int(settings.grace)),
    )
    server = _Server(config, lambda: announce(url))
    carriage.health.ready("log", carriage.log.ready)
    carriage.health.ready("ingest", server.open)
    draining = asyncio.create_task(spool.drain(carriage.stop), name="spool")
    erasures = Erasures(carriage.log, file_store(settings), Recorder(carriage.key_secret), carriage.clock)
    forgetting = asyncio.create_task(erasures.follow(carriage.stop), name="erasures")
    stopping = asyncio.create_task(_stop(server, carriage), name="ingest-stop")
    try:
        with calm_collector():
            await server.serve(sockets=[listener])
    finally:
        for task in (stopping, draining, forgetting):
            task.cancel()
        await asyncio.gather(stopping, draining, forgetting, return_exceptions=True)
        listener.close()


async def _stop(server: uvicorn.Server, carriage: Carriage) -> None:
    await carriage.stop.wait()
    _log.info("the door closes: finishing what is under way")
    server.should_exit = True


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
        )
    except OSError as fault:
        raise SystemExit(
            f"ingest: cannot listen on {host}:{port} ({fault.strerror}): set PLAYCALLER_INGEST_PORT to a free port"
        ) from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer waits for the peer's next ACK
    return listener
