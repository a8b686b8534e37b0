"""The hot doors as plain ASGI in front of the app: read, hand to the intake, answer. All else goes to the app."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request

from runtime.clock import Clock
from services.ingest.answer import Answer, Headers, problem
from services.ingest.app import build_app
from services.ingest.attachments import FileStore, FileTooLargeError
from services.ingest.bodies import EncodingError, GoneError, Receive, Stream, TooLargeError, decoded, limited
from services.ingest.control import Control
from services.ingest.cross_origin import allowed_origin, preflight
from services.ingest.draft import MalformedError
from services.ingest.forms import MULTIPART, Form
from services.ingest.gate import Gate
from services.ingest.intake import OFF_RETRY_AFTER, Intake
from services.ingest.multipart import MultipartReader
from services.ingest.refusal import Refusal
from services.ingest.settings import IngestSettings
from services.ingest.source import Cors
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook, unambiguous

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PREFIX = "/webhooks/"
_SIZE_DIGITS = 18
_NO_BODY: MutableMapping[str, Any] = {"type": "http.response.body", "body": b""}


class Door:
    """Serves `POST /webhooks/<source>` and the sources' further doors; passes everything else to `app`."""

    def __init__(
        self,
        gates: Mapping[str, Gate],
        intake: Intake,
        settings: IngestSettings,
        clock: Clock,
        files: FileStore,
        *,
        control: Control,
    ) -> None:
        self._gates, self._intake, self._settings, self._clock, self._files = gates, intake, settings, clock, files
        self._app: App = build_app(gates, self.forward, control)
        self._doors = {_PREFIX + name: (gate, "") for name, gate in gates.items()}
        self._doors |= {path: (gate, word) for gate in gates.values() for path, word in gate.source.doors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"]
        found = self._doors.get(path) or self._doors.get(path.rstrip("/"))
        if found is None:
            if not path.startswith(_PREFIX):
                return await self._app(scope, limited(receive, self._settings.ingest_max_body), send)
            answer = problem(404, Refusal.UNKNOWN_SOURCE, f"there is no such source: choose from {self._names()}")
            return await respond(send, answer, scope["method"])
        gate, word = found
        webhook = self._webhook(gate, word, scope)
        try:
            answer = await self._answered(gate, webhook, receive)
        except GoneError:
            return None
        more = () if gate.cors is Cors.NONE else allowed_origin(gate, webhook.headers.get(b"origin", b""))
        return await respond(send, answer, webhook.method, more)

    def _names(self) -> str:
        return ", ".join(sorted(path.removeprefix(_PREFIX) for path in self._doors if path.startswith(_PREFIX)))

    async def _answered(self, gate: Gate, webhook: Webhook, receive: Receive) -> Answer:
        if webhook.method not in gate.methods:
            return self._other_method(gate, webhook)
        unwelcome = self._unwelcome(gate, webhook)
        if unwelcome is not None:
            return unwelcome
        if gate.files and webhook.media_type() == MULTIPART:
            return await self._upload(gate, webhook, receive)
        stream = Stream(receive)
        body = await stream.piece()
        if stream.ended and len(body) <= self._settings.ingest_max_body and b"content-encoding" not in webhook.headers:
            return await self._intake.take(gate, msgspec.structs.replace(webhook, body=body, content=body))
        whole = await self._whole(gate, webhook, stream, body)
        return whole if isinstance(whole, Answer) else await self._intake.take(gate, whole)

    async def _whole(self, gate: Gate, webhook: Webhook, stream: Stream, first: bytes) -> Webhook | Answer:
        try:
            body = first if stream.ended else await self._rest(webhook, stream, first)
            content = decoded(body, webhook.header(b"content-encoding"), self._settings.ingest_max_body)
        except TooLargeError:
            mend = f"a webhook may have {self._settings.ingest_max_body} bytes: send fewer events at once"
            return self._intake.refuse(gate, 413, Refusal.TOO_LARGE, mend)
        except TimeoutError:
            return self._intake.refuse(gate, 408, Refusal.SLOW, "the body did not arrive in time: send it again")
        except EncodingError:
            return self._intake.refuse(gate, 415, Refusal.MEDIA_TYPE, "send the body as it is, or gzip or deflate it")
        except MalformedError as fault:
            return self._intake.refuse(gate, 400, Refusal.MALFORMED, str(fault))
        return msgspec.structs.replace(webhook, body=body, content=content)

    async def forward(self, name: str, request: Request, body: bytes) -> Answer:
        """Take a body that the app has checked, as if it had come by the source's own door."""
        gate = self._gates[name]
        webhook = msgspec.structs.replace(self._webhook(gate, "", request.scope), body=body, content=body)
        return self._unwelcome(gate, webhook) or await self._intake.take(gate, webhook)

    def _unwelcome(self, gate: Gate, webhook: Webhook) -> Answer | None:
        wait = gate.buckets.wait(webhook.address, self._clock.monotonic())
        if wait:
            mend = f"this address sends too much: wait {wait} s"
            return self._intake.refuse(gate, 429, Refusal.TOO_MANY, mend, retry_after=wait)
        if not gate.on:
            mend = f"this source is off: {gate.mend}"
            return self._intake.refuse(gate, 503, Refusal.SOURCE_OFF, mend, retry_after=OFF_RETRY_AFTER)
        media_type = webhook.media_type()
        if media_type and media_type not in gate.media_types:
            mend = f"send one of: {', '.join(sorted(gate.media_types))}"
            return self._intake.refuse(gate, 415, Refusal.MEDIA_TYPE, mend)
        return None

    def _webhook(self, gate: Gate, word: str, scope: Scope) -> Webhook:
        headers = unambiguous(scope["headers"])
        client = scope.get("client")
        return Webhook(
            received_at=self._clock.now(),
            headers=headers,
            method=scope["method"],
            path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            door=word,
            address=address(scope["headers"], client[0] if client else "", self._settings.ingest_proxies),
            site=gate.site,
        )

    def _other_method(self, gate: Gate, webhook: Webhook) -> Answer:
        if webhook.method == "OPTIONS" and gate.source.cors is not Cors.NONE:
            return preflight(gate, webhook.headers.get(b"origin", b""))
        allow = ((b"allow", ", ".join(gate.source.methods).encode()),)
        gate.refused(Refusal.METHOD)
        return problem(405, Refusal.METHOD, f"send it as {' or '.join(gate.source.methods)}", more=allow)

    async def _rest(self, webhook: Webhook, stream: Stream, first: bytes) -> bytes:
        limit, stated = self._settings.ingest_max_body, webhook.header(b"content-length")
        chunks = bytearray(first)
        async with asyncio.timeout(self._settings.ingest_body_timeout):
            if not (stated.isdigit() and len(stated) <= _SIZE_DIGITS and int(stated) > limit):
                async for piece in stream.pieces():
                    chunks += piece
                    if len(chunks) > limit:
                        break
                else:
                    return bytes(chunks)
        await stream.swallow()
        raise TooLargeError

    async def _upload(self, gate: Gate, webhook: Webhook, receive: Receive) -> Answer:
        stream = Stream(receive)
        verdict = self._intake.verified(gate, webhook)  # before a stranger's files touch the disk
        if not isinstance(verdict, Verified):
            await stream.swallow()
            return verdict
        reader: MultipartReader | None = None
        try:
            reader = MultipartReader(webhook.header(b"content-type"), self._files)
            form = await self._form(reader, stream)
        except (TooLargeError, FileTooLargeError):
            await stream.swallow()
            mend = f"a form may have {self._settings.ingest_max_form} bytes, a file {self._settings.ingest_max_file}"
            return self._intake.refuse(gate, 413, Refusal.TOO_LARGE, mend)
        except MalformedError as fault:
            await stream.swallow()
            return self._intake.refuse(gate, 400, Refusal.MALFORMED, str(fault))
        except TimeoutError:
            return self._intake.refuse(gate, 408, Refusal.SLOW, "the form did not arrive in time: send it again")
        else:
            return await self._intake.take(gate, msgspec.structs.replace(webhook, form=form), reader.keep)
        finally:
            if reader is not None:
                reader.discard()

    async def _form(self, reader: MultipartReader, stream: Stream) -> Form:
        size = 0
        async with asyncio.timeout(self._settings.ingest_body_timeout * 3):
            async for chunk in stream.pieces():
                size += len(chunk)
                if size > self._settings.ingest_max_form:
                    raise TooLargeError
                reader.feed(chunk)
        return reader.finish()


def address(headers: list[tuple[bytes, bytes]], peer: str, proxies: int) -> str:
    """The sender's address: the peer's, or what the outermost of our `proxies` says it saw (X-Forwarded-For)."""
    if proxies <= 0:
        return peer
    seen = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1").split(",")
    return (seen[-proxies] if len(seen) >= proxies else seen[0]).strip()[:60] or peer


async def respond(send: Send, answer: Answer, method: str = "POST", more: Headers = ()) -> None:
    """Send the answer."""
    await send(_start(answer, more))
    await send({"type": "http.response.body", "body": answer.body} if answer.body and method != "HEAD" else _NO_BODY)


@lru_cache(maxsize=256)
def _start(answer: Answer, more: Headers) -> MutableMapping[str, Any]:
    headers = [*answer.headers, *more, (b"content-length", str(len(answer.body)).encode())]
    if answer.status == 413:  # noqa: PLR2004  (Content Too Large: what still comes on this connection is not read)
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
