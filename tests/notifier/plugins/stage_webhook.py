"""The webhook's stage: a receiver that verifies with the standard's own library and drops what it has seen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from playcaller.servers.ports import free_ports
from runtime.database import Database
from tests.notifier.builders import NOON
from tests.notifier.staging import LINK, Expected, Stage, Staging, Trouble

SECRET = "whsec_c2l4dGVlbiBieXRlcyBmb3IgYSB0ZXN0IQ=="


class _Webhook:
    secrets = (SECRET, SECRET.removeprefix("whsec_"))

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/hook"
        self.port = port
        self.next: Trouble | None = None
        self.kept: dict[str, str] = {}

    async def receive(self, request: web.Request) -> web.StreamResponse:
        body, trouble = await request.read(), self.next
        self.next = None
        signature = request.headers["webhook-signature"].removeprefix("v1,")
        expected = Webhook(SECRET).sign(request.headers["webhook-id"], _stamped(request), body.decode())
        assert f"v1,{signature}" == expected
        if trouble is Trouble.HANG:
            await asyncio.sleep(20)
        status = {Trouble.RATE_LIMITED: 429, Trouble.REFUSED: 410, Trouble.MISCONFIGURED: 401, Trouble.DOWN: 503}
        if trouble in status:
            return web.Response(status=status[trouble], headers={"Retry-After": "7"})
        self.kept.setdefault(request.headers["webhook-id"], body.decode())
        if trouble is Trouble.LOST_ANSWER and request.transport is not None:
            request.transport.close()
        return web.Response()

    def trouble(self, trouble: Trouble) -> str:
        self.next = trouble
        return f"http://127.0.0.1:{free_ports(1)[0]}/" if trouble is Trouble.UNREACHABLE else self.address

    def shown(self) -> list[str]:
        return list(self.kept.values())

    def active(self) -> list[str]:
        last = json.loads(self.shown()[-1])
        return [*sorted(last), *LINK.findall(json.dumps(last, ensure_ascii=False))]


def _stamped(request: web.Request) -> Any:
    return NOON + timedelta(seconds=int(request.headers["webhook-timestamp"]) - int(NOON.timestamp()))


@asynccontextmanager
async def _open(_database: Database) -> AsyncIterator[tuple[Stage, dict[str, Any]]]:
    (port,) = free_ports(1)
    stage = _Webhook(port)
    app = web.Application()
    app.router.add_post("/hook", stage.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield stage, {}
    await runner.cleanup()


STAGE = Staging(
    name="webhook",
    open=_open,
    environment={"PLAYCALLER_WEBHOOK_SECRET": SECRET},
    expects={
        Trouble.RATE_LIMITED: Expected("retry", 7.0),
        Trouble.REFUSED: Expected("permanent"),
        Trouble.MISCONFIGURED: Expected("config"),
        Trouble.DOWN: Expected("retry", 7.0),
        Trouble.UNREACHABLE: Expected("retry"),
        Trouble.HANG: Expected("unknown"),
        Trouble.LOST_ANSWER: Expected("unknown"),
    },
)
