"""Slack's stage: the fake Slack."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from runtime.database import Database
from tests.notifier.fake_slack import TOKEN, FakeSlack
from tests.notifier.staging import LINK, Expected, Stage, Staging, Trouble

_TOKENS = re.compile(r"<[^>]*>")


class _Slack:
    address = "U0GRACE"
    secrets = (TOKEN,)

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack

    def trouble(self, trouble: Trouble) -> str:
        how: dict[Trouble, dict[str, Any]] = {
            Trouble.RATE_LIMITED: {"status": 429, "error": "ratelimited", "retry_after": 7},
            Trouble.MISCONFIGURED: {"error": "token_revoked"},
            Trouble.DOWN: {"status": 503},
            Trouble.HANG: {"hang": 20.0},
            Trouble.LOST_ANSWER: {"drop": True, "applied": True},
        }
        if trouble in how:
            self.slack.fail("chat.postMessage", **how[trouble])
        return "U0GONE" if trouble is Trouble.REFUSED else self.address

    def shown(self) -> list[str]:
        return [json.dumps([one.text, one.blocks, one.metadata], ensure_ascii=False) for one in self.slack.messages]

    def active(self) -> list[str]:
        last = self.slack.messages[-1]
        marked = [text["text"] for text in _texts(last.blocks) if text["type"] == "mrkdwn"]
        emoji = [text["text"] for text in _texts(last.blocks) if text.get("emoji")]
        links = [found for text in (last.text, *marked) for found in LINK.findall(text)]
        return [found for text in (last.text, *marked) for found in _TOKENS.findall(text)] + links + emoji


def _texts(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for one in node for found in _texts(one)]
    if not isinstance(node, dict):
        return []
    mine = [node] if node.get("type") in {"plain_text", "mrkdwn"} else []
    return mine + [found for one in node.values() for found in _texts(one)]


@asynccontextmanager
async def _open(_database: Database) -> AsyncIterator[tuple[Stage, dict[str, Any]]]:
    async with FakeSlack() as slack:
        yield _Slack(slack), {"slack_token": TOKEN, "slack_base_url": slack.url}
        assert slack.refused == []


STAGE = Staging(
    name="slack",
    open=_open,
    expects={
        Trouble.RATE_LIMITED: Expected("retry", 7.0),
        Trouble.REFUSED: Expected("permanent"),
        Trouble.MISCONFIGURED: Expected("config"),
        Trouble.DOWN: Expected("unknown"),
        Trouble.HANG: Expected("unknown"),
        Trouble.LOST_ANSWER: Expected("unknown"),
    },
)
