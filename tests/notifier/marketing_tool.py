"""A marketing tool on this machine: a real HTTP server that checks each webhook with the standard's own library."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from playcaller.servers.ports import free_ports
from tests.notifier.builders import NOON

SECRET = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHRlc3Qgc2VjcmV0"
HANG, DROP = -1, -2
"""In the place of a status: no answer for a long time; taken, but the connection breaks before the answer."""


@dataclass
class MarketingTool:
    """Takes webhooks. `script` holds the next statuses; when it is empty, 200. What it took is in `took`."""

    url: str
    script: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every answer that is no 200."""
    now: datetime = NOON
    asked: list[str] = field(default_factory=list)
    """The `webhook-id` of every request, in order."""
    took: dict[str, dict[str, Any]] = field(default_factory=dict)
    """webhook-id → body, once each, as the standard asks of a receiver."""
    secret: str = SECRET
    seen: list[dict[str, str]] = field(default_factory=list)
    """The headers of every request."""

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One webhook. Answers 401 where the signature is not ours."""
        body, key = await request.text(), request.headers["webhook-id"]
        self.asked.append(key)
        self.seen.append(dict(request.headers))
        status = self.script.pop(0) if self.script else 200
        if status == HANG:
            await asyncio.sleep(20)
        if not self._signed(request, body):
            return web.Response(status=401)
        if status in {200, DROP}:
            self.took.setdefault(key, json.loads(body))
        if status == DROP and request.transport is not None:
            request.transport.close()
        return web.Response(status=abs(status), headers=self.headers if status != 200 else {})

    def _signed(self, request: web.Request, body: str) -> bool:
        stamp = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        expected = Webhook(self.secret).sign(request.headers["webhook-id"], stamp, body)
        fresh = abs(stamp - self.now) < timedelta(minutes=5) or self.now == NOON
        return fresh and expected in request.headers["webhook-signature"].split(" ")

    @property
    def types(self) -> list[str]:
        """What it took, in order."""
        return [body["type"] for body in self.took.values()]


@asynccontextmanager
async def a_marketing_tool(
    host: str = "127.0.0.1", trusted: ssl.SSLContext | None = None
) -> AsyncIterator[MarketingTool]:
    """One that listens on this machine, over TLS where a context is given."""
    (port,) = free_ports(1)
    tool = MarketingTool(f"http{'s' if trusted else ''}://{host}:{port}/hooks/nurture?list=7")
    app = web.Application()
    app.router.add_post("/hooks/nurture", tool.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=trusted).start()
    try:
        yield tool
    finally:
        await runner.cleanup()
