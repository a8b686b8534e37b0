"""A mail server that keeps what it is given and fails where it is told to; aiosmtpd speaks the SMTP.

In a test: `async with MailSink() as sink`. As a process: `python -m tests.notifier.mail_sink PORT FILE`, which appends
a JSON line (message_id, to, subject) for each mail.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailSink:
    """`fault` names the step that goes wrong: greeting, auth, mail, rcpt, data, lost, hang, hang-after; "" for none."""

    fault: str = ""
    answer: str = "451 4.3.0 try again later"
    """What the failing step is answered."""
    password: str = ""
    file: Path | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def _protocol(self) -> asyncio.Protocol:
        if self.fault == "greeting":
            return _Greeting(self.answer)
        auth: dict[str, Any] = {}
        if self.password:
            auth = {"authenticator": self._authenticate, "auth_require_tls": False, "auth_required": True}
        return SMTP(self, enable_SMTPUTF8=True, timeout=60, **auth)

    def _authenticate(self, *given: Any) -> AuthResult:
        known = given[-1]
        good = isinstance(known, LoginPassword) and known.password.decode() == self.password
        return AuthResult(success=good, handled=good)

    async def handle_MAIL(  # noqa: N802  (aiosmtpd names its hooks so)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault == "hang":
            await asyncio.sleep(3600)
        envelope.mail_from = address
        return self.answer if self.fault == "mail" else "250 OK"

    async def handle_RCPT(  # noqa: N802  (the same)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault == "rcpt" or address.startswith("gone@"):
            return "550 5.1.1 no such user" if address.startswith("gone@") else self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (the same)
        if self.fault == "data":
            return self.answer
        self._keep(envelope)
        if self.fault == "lost" and server.transport is not None:
            server.transport.abort()
        if self.fault == "hang-after":
            await asyncio.sleep(3600)
        return "250 kept"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        if self.file is not None:
            line = {"message_id": mail["Message-ID"], "to": envelope.rcpt_tos, "subject": mail["Subject"]}
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


class _Greeting(asyncio.Protocol):
    """Says no before anybody could say anything."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(f"{self._answer}\r\n".encode())  # type: ignore[attr-defined]  # a TCP transport writes
        transport.close()


async def _serve(port: int, file: Path) -> None:
    async with MailSink(port=port, file=file) as sink:
        print(sink.port, flush=True)  # noqa: T201  (its starter reads where it listens)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
