"""The marketing tool's stage: a receiver that verifies with the standard's own library and drops what it has seen."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from playcaller.servers.ports import free_ports
from runtime.database import Database
from schemas.enrolment import Contact
from services.notifier.card import Card
from tests.notifier.builders import an_enrolment
from tests.notifier.marketing_tool import DROP, HANG, SECRET, MarketingTool, a_marketing_tool
from tests.notifier.staging import LINK, Expected, Stage, Staging, Trouble

_STATUS = {
    Trouble.RATE_LIMITED: 429,
    Trouble.REFUSED: 410,
    Trouble.MISCONFIGURED: 401,
    Trouble.DOWN: 503,
    Trouble.HANG: HANG,
    Trouble.LOST_ANSWER: DROP,
}


class _Nurture:
    secrets = (SECRET, SECRET.removeprefix("whsec_"))

    def __init__(self, tool: MarketingTool) -> None:
        self.tool, self.address = tool, tool.url

    def trouble(self, trouble: Trouble) -> str:
        if trouble is Trouble.UNREACHABLE:
            return f"http://127.0.0.1:{free_ports(1)[0]}/"
        self.tool.script, self.tool.headers = [_STATUS[trouble]], {"Retry-After": "7"}
        return self.address

    def shown(self) -> list[str]:
        return [json.dumps(body, ensure_ascii=False) for body in self.tool.took.values()]

    def active(self) -> list[str]:
        """Its structure, and whatever a mail that names the contact would make a link of."""
        last = list(self.tool.took.values())[-1]
        said = last["data"]["contact"]
        links = [found for text in said.values() for found in LINK.findall(text)]
        return [*sorted(last), *sorted(last["data"]), *sorted(said), *links]


def _dressed(card: Card) -> Card:
    brief = card.brief
    contact = Contact(email=brief.email, name=brief.name, title=brief.title, company=brief.company, phone=brief.phone)
    return replace(card, version=1, enrolment=an_enrolment(contact=contact, reason=card.notice, resolve=card.notice))


@asynccontextmanager
async def _open(_database: Database) -> AsyncIterator[tuple[Stage, dict[str, Any]]]:
    async with a_marketing_tool() as tool:
        yield _Nurture(tool), {}


STAGE = Staging(
    name="nurture",
    open=_open,
    environment={"PLAYCALLER_NURTURE_SECRET": SECRET},
    dresses=_dressed,
    carries=("Ada Lovelace", "ada@acme.example"),
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
