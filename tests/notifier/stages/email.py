"""Email's stage: a mail server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any

from runtime.database import Database
from tests.notifier.mail_sink import MailSink
from tests.notifier.staging import LINK, Expected, Stage, Staging, Trouble

PASSWORD = "a password for the mail server"
_FAULTS = {
    Trouble.RATE_LIMITED: ("rcpt", "450 4.2.1 too many messages"),
    Trouble.REFUSED: ("rcpt", "550 5.1.1 no such user"),
    Trouble.MISCONFIGURED: ("mail", "550 5.7.1 not allowed to send"),
    Trouble.DOWN: ("greeting", "421 4.3.2 shutting down"),
    Trouble.HANG: ("hang", ""),
    Trouble.LOST_ANSWER: ("lost", ""),
}


class _Email:
    address = "grace@brightwater.example"
    secrets = (PASSWORD,)

    def __init__(self, sink: MailSink) -> None:
        self.sink = sink

    def trouble(self, trouble: Trouble) -> str:
        self.sink.fault, self.sink.answer = _FAULTS[trouble]
        return self.address

    def shown(self) -> list[str]:
        return [_whole(mail) for mail in self.sink.mails]

    def active(self) -> list[str]:
        mail = self.sink.mails[-1]
        html, text = mail.get_body(("html",)), mail.get_body(("plain",))
        reader = _Reader()
        reader.feed(html.get_content() if html else "")
        links = LINK.findall(text.get_content() if text else "")
        return [*sorted(name.lower() for name in mail), *reader.found, *links, *LINK.findall(reader.text)]


class _Reader(HTMLParser):
    """The tags and what they point to, and the text that a mail program would search for links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pointing = [f"{name}={value}" for name, value in attrs if name in {"href", "src", "action"} or name[:2] == "on"]
        self.found.append(" ".join([tag, *pointing]))

    def handle_data(self, data: str) -> None:
        self.text += data


def _whole(mail: Any) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    return "\n".join([headers, *(part.get_content() for part in mail.walk() if not part.is_multipart())])


@asynccontextmanager
async def _open(_database: Database) -> AsyncIterator[tuple[Stage, dict[str, Any]]]:
    async with MailSink(password=PASSWORD) as sink:
        settings = {
            "smtp_host": sink.host,
            "smtp_port": sink.port,
            "smtp_tls": "none",
            "smtp_user": "playcaller",
            "smtp_password": PASSWORD,
        }
        yield _Email(sink), settings


STAGE = Staging(
    name="email",
    open=_open,
    expects={
        Trouble.RATE_LIMITED: Expected("retry"),
        Trouble.REFUSED: Expected("permanent"),
        Trouble.MISCONFIGURED: Expected("config"),
        Trouble.DOWN: Expected("retry"),
        Trouble.HANG: Expected("retry"),
        Trouble.LOST_ANSWER: Expected("unknown"),
    },
)
