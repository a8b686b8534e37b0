"""Liveness, readiness and metrics, on a port of their own: what Kubernetes and Prometheus ask a process."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

ReadyCheck = Callable[[], Awaitable[bool]]
AliveCheck = Callable[[], bool]
_PATIENCE = 2.0
"""Seconds a check may take: a probe that hangs is a probe that failed."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """The word on one question: all checks by name, and whether every one of them holds."""

    checks: dict[str, bool]

    @property
    def good(self) -> bool:
        """Does every check hold?"""
        return all(self.checks.values())


@dataclass(slots=True)
class Health:
    """What a process says of itself. A database or a broker that is away makes it unready, never dead."""

    _ready: dict[str, ReadyCheck] = field(default_factory=dict)
    _alive: dict[str, AliveCheck] = field(default_factory=dict)

    def ready(self, name: str, check: ReadyCheck) -> None:
        """Register what has to hold before work may be sent here. A check that raises or hangs does not hold."""
        self._ready[name] = check

    def alive(self, name: str, check: AliveCheck) -> None:
        """Register what tells a stuck process from a waiting one: where it fails, a restart is the only mend."""
        self._alive[name] = check

    async def readiness(self) -> Report:
        """Ask every readiness check, side by side."""
        answers = await asyncio.gather(*(_holds(name, check) for name, check in self._ready.items()))
        return Report(dict(zip(self._ready, answers, strict=True)))

    def liveness(self) -> Report:
        """Ask every liveness check."""
        return Report({name: bool(check()) for name, check in self._alive.items()})


async def _holds(name: str, check: ReadyCheck) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return bool(await check())
    except Exception as fault:  # noqa: BLE001  (whatever a check raises, the answer to the probe is: not ready)
        _log.warning("readiness check failed", check=name, fault=type(fault).__name__)
        return False


class _App:
    """`/live`, `/ready`, `/metrics`; everything else is 404."""

    def __init__(self, health: Health, registry: CollectorRegistry) -> None:
        self._health, self._registry = health, registry

    async def __call__(self, scope: MutableMapping[str, Any], _receive: object, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, media_type, body = await self._answer(scope["path"])
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, path: str) -> tuple[int, str, bytes]:
        match path:
            case "/live":
                return _told(self._health.liveness())
            case "/ready":
                return _told(await self._health.readiness())
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case _:
                return 404, "text/plain; charset=utf-8", b"Ask /live, /ready or /metrics.\n"


def _told(report: Report) -> tuple[int, str, bytes]:
    body = json.dumps({"ok": report.good, "checks": report.checks}).encode()
    return (200 if report.good else 503), "application/json", body


class _Embedded(uvicorn.Server):
    """A server that leaves the process's signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve_health(
    health: Health, host: str = "127.0.0.1", port: int = 0, *, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[int]:
    """Answer probes while the block runs; gives the port (a free one for 0).

    Raises `SystemExit` with the mend where the address cannot be had.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        _App(health, registry), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Embedded(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="health")
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as fault:
        raise SystemExit(
            f"health: cannot listen on {host}:{port} ({fault.strerror}): set PLAYCALLER_HEALTH_PORT to a free port"
        ) from None
