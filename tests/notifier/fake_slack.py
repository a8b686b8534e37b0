"""A Slack that stands on this machine: strict about Block Kit, remembers every card, fails on demand.

In a test: `async with FakeSlack() as slack`. As a process of its own: `python -m tests.notifier.fake_slack PORT`, and
then over HTTP: GET /control/messages, GET /control/views, POST /control/faults, POST /control/reset.
Checked against docs.slack.dev; what it does not know it refuses, so that a test never passes on a guess.
"""

import asyncio
import itertools
import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.notifier.block_rules import faults_of, faults_of_view

TOKEN = "xoxb-of-the-fake-slack"


@dataclass
class FakeFault:
    """What goes wrong with the next `times` calls of `method`."""

    method: str
    times: int = 1
    status: int = 200
    error: str = ""
    """Slack's own word, in a body with `ok: false`."""
    retry_after: int | None = None
    hang: float = 0.0
    """Seconds before anything is answered."""
    drop: bool = False
    """Close the connection instead of answering."""
    applied: bool = False
    """The call takes effect all the same."""


@dataclass
class FakeMessage:
    """One message as it stands in its conversation."""

    channel: str
    user: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    thread_ts: str = ""
    updates: int = 0


@dataclass
class FakeSlack:
    """One workspace. Any `U…` is somebody; a DM with `U0X` is `D0X`. `U0GONE` is a deactivated account."""

    messages: list[FakeMessage] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    faults: list[FakeFault] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why calls were refused that no fault was asked for: our bugs."""
    calls: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        self._clock = itertools.count(1_700_000_000)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """For PLAYCALLER_SLACK_BASE_URL."""
        return f"http://{self.host}:{self.port}/api/"

    def fail(self, method: str, **how: Any) -> None:
        """Let the next call of the method go wrong."""
        self.faults.append(FakeFault(method, **how))

    def cards(self) -> list[FakeMessage]:
        """What stands in the conversations outside of threads."""
        return [one for one in self.messages if not one.thread_ts]

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/control/{what}", self._control_look)
        app.router.add_post("/control/faults", self._control_faults)
        app.router.add_post("/control/reset", self._control_reset)
        return app

    async def _control_look(self, request: web.Request) -> web.Response:
        held = {"messages": [asdict(one) for one in self.messages], "views": self.views, "refused": self.refused}
        return web.json_response(held[request.match_info["what"]])

    async def _control_faults(self, request: web.Request) -> web.Response:
        self.faults = [FakeFault(**one) for one in await request.json()]
        return web.json_response({"ok": True})

    async def _control_reset(self, _request: web.Request) -> web.Response:
        for kept in (self.messages, self.views, self.faults, self.refused, self.calls):
            kept.clear()
        return web.json_response({"ok": True})

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        arguments = dict(request.query) | (await _body(request))
        fault = next((one for one in self.faults if one.method == method), None)
        if fault is None:
            return web.json_response(self._answer(request, method, arguments))
        fault.times -= 1
        if fault.times <= 0:
            self.faults.remove(fault)
        if fault.applied:
            self._answer(request, method, arguments)
        return await self._fail(request, fault)

    async def _fail(self, request: web.Request, fault: FakeFault) -> web.StreamResponse:
        await asyncio.sleep(fault.hang)
        if fault.drop and request.transport is not None:
            request.transport.close()
            return web.Response()
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        if fault.status >= 500:
            return web.Response(status=fault.status, text="<html>upstream</html>", content_type="text/html")
        return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=headers)

    def _answer(self, request: web.Request, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        doing = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "conversations.replies": self._history,
            "views.open": self._view,
        }.get(method)
        if doing is None:
            return self._refuse("unknown_method")
        return doing(arguments)

    def _refuse(self, error: str, why: str = "") -> dict[str, Any]:
        self.refused.append(f"{error} {why}".strip())
        return {"ok": False, "error": error}

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        to = str(given.get("channel", ""))
        if to == "U0GONE":
            return {"ok": False, "error": "user_disabled"}
        if to[:1] not in {"U", "D", "C"}:
            return {"ok": False, "error": "channel_not_found"}
        if fault := faults_of(given):
            return self._refuse(*fault)
        channel = f"D{to[1:]}" if to.startswith("U") else to
        thread = str(given.get("thread_ts", ""))
        if thread and not any(one.ts == thread and one.channel == channel for one in self.messages):
            return self._refuse("thread_not_found")
        ts = f"{next(self._clock)}.000100"
        blocks, metadata = given.get("blocks") or [], given.get("metadata") or {}
        self.messages.append(FakeMessage(channel, to, ts, given["text"], blocks, metadata, thread))
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": given["text"]}}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        found = next((one for one in self.messages if (one.channel, one.ts) == (given["channel"], given["ts"])), None)
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        if fault := faults_of(given, longest_text=4000):
            return self._refuse(*fault)
        found.text, found.blocks = given["text"], given.get("blocks") or []
        found.updates += 1
        return {"ok": True, "channel": found.channel, "ts": found.ts, "text": found.text}

    def _open(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "channel": {"id": f"D{given['users'][1:]}"}}

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        thread = str(given.get("ts", ""))
        mine = [one for one in self.messages if one.channel == given["channel"]]
        mine = (
            [one for one in mine if thread in (one.ts, one.thread_ts)]
            if thread
            else [one for one in mine if not one.thread_ts]
        )
        page, start = int(given.get("limit", 100)), int(given.get("cursor") or 0)
        with_metadata = str(given.get("include_all_metadata", "")).lower() == "true"
        shown = [
            {"ts": one.ts, "text": one.text, **({"metadata": one.metadata} if with_metadata else {})}
            for one in reversed(mine)
        ]
        more = str(start + page) if start + page < len(shown) else ""
        return {"ok": True, "messages": shown[start : start + page], "response_metadata": {"next_cursor": more}}

    def _view(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("trigger_id") == "expired":
            return {"ok": False, "error": "expired_trigger_id"}
        view = json.loads(given["view"]) if isinstance(given["view"], str) else given["view"]
        if fault := faults_of_view(view):
            return self._refuse(*fault)
        self.views.append(view)
        return {"ok": True, "view": {"id": f"V{len(self.views)}"}}


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        found = await request.json()
        return found if isinstance(found, dict) else {}
    return dict(await request.post())


async def _serve(port: int) -> None:
    async with FakeSlack(port=port) as slack:
        print(slack.url, flush=True)  # noqa: T201  (its starter reads where it listens)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
