"""Slack by a bot token: chat.postMessage, chat.update, and conversations.history to look for what got lost.

https://docs.slack.dev/reference/methods/chat.postMessage. There is no idempotency key, so the message carries our key
as metadata (an id, nothing else: every app of the workspace can read it), and an unknown outcome is looked for.
Scopes: chat:write, im:write (to find the DM), im:history (to look into it).
"""

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from services.notifier.blockkit import message
from services.notifier.card import Card
from services.notifier.channel import (
    Absent,
    Capabilities,
    Channel,
    ChannelPlugin,
    Delivered,
    Failed,
    Fault,
    Means,
    Outcome,
    Sighting,
    Unknown,
)
from services.notifier.workspace import client_of, session_of

EVENT = "playcaller_card"
PAGES = 10
"""Of two hundred messages each, looked through before we say that we do not know."""

_RETRY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
        "external_channel_migrating",
    }
)
_UNKNOWN = frozenset({"internal_error", "fatal_error"})
"""`Some aspect of the operation may have succeeded`, says their reference."""
_CONFIG = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "not_allowed_token_type",
        "no_permission",
        "accesslimited",
        "access_denied",
        "ekm_access_denied",
        "two_factor_setup_required",
        "team_access_not_granted",
        "messages_tab_disabled",
        "message_limit_exceeded",
    }
)
_OURS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_attachments",
        "invalid_arguments",
    }
)
"""A message Slack does not like: certainly not shown, so it may go out once more as plain text."""


class Slack:
    """One workspace. A handle is `<conversation>:<ts>`."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._client, self._session = client, session

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:
        """Post it, in the thread where there is one."""
        conversation, _, ts = thread.partition(":")
        arguments: dict[str, Any] = {
            "channel": conversation or address,
            "metadata": {"event_type": EVENT, "event_payload": {"key": key}},
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "link_names": False,
            "parse": "none",
            **({"thread_ts": ts} if ts else {}),
            **message(card),
        }
        outcome = await self._call("chat.postMessage", arguments)
        if isinstance(outcome, Failed) and outcome.detail in _OURS:
            del arguments["blocks"]
            outcome = await self._call("chat.postMessage", arguments)
        return outcome

    async def update(self, handle: str, card: Card) -> Outcome:
        """Change it in place. `text` without `blocks` would drop the blocks, so both are sent."""
        conversation, _, ts = handle.partition(":")
        return await self._call("chat.update", {"channel": conversation, "ts": ts, **message(card)})

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:
        """Look through the conversation for our key."""
        conversation, _, ts = thread.partition(":")
        try:
            return await self._search(key, conversation or await self._conversation(address), ts)
        except (SlackApiError, SlackRequestError, aiohttp.ClientError, TimeoutError, OSError) as fault:
            return Unknown(f"Slack could not be asked ({_reason(fault)})")

    async def _search(self, key: str, conversation: str, ts: str) -> Sighting:
        method = "conversations.replies" if ts else "conversations.history"
        asked: dict[str, Any] = {"channel": conversation, "include_all_metadata": "true", "limit": 200}
        if ts:
            asked["ts"] = ts
        for _ in range(PAGES):
            page = await self._client.api_call(method, http_verb="GET", params=asked)
            messages: list[dict[str, Any]] = page.get("messages", [])
            for one in messages:
                if _key_in(one) == key:
                    return Delivered(f"{conversation}:{one['ts']}", "found by its key")
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not asked["cursor"]:
                return Absent()
        return Unknown("not among the last messages of the conversation")

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def _conversation(self, address: str) -> str:
        if address[:1] in {"C", "G", "D"}:
            return address
        opened = await self._client.conversations_open(users=address)
        return str(opened["channel"]["id"])

    async def _call(self, method: str, arguments: dict[str, Any]) -> Outcome:
        try:
            answer = await self._client.api_call(method, json=arguments)
        except aiohttp.ClientConnectorError as fault:
            return Failed(Fault.RETRY, f"Slack cannot be reached ({type(fault).__name__})")
        except SlackApiError as fault:
            return _classified(fault)
        except (SlackRequestError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            return Unknown(f"no answer from Slack ({type(fault).__name__})")
        return Delivered(f"{answer['channel']}:{answer['ts']}")


def _classified(fault: SlackApiError) -> Outcome:
    """What Slack's answer means (HTTP 200 for nearly everything: only `ok` counts)."""
    answer: Any = fault.response
    status: int = getattr(answer, "status_code", 0) or getattr(answer, "status", 0)
    error = _reason(fault)
    if status == 429 or error in _RETRY:  # noqa: PLR2004  (RFC 6585)
        return Failed(Fault.RETRY, error or "ratelimited", _retry_after(answer))
    if status >= 500 or error in _UNKNOWN or not error:  # noqa: PLR2004  (RFC 9110: a server's fault)
        return Unknown(f"Slack answered {status} {error}".strip())
    if error in _CONFIG:
        return Failed(Fault.CONFIG, error)
    return Failed(Fault.PERMANENT, error)


def _reason(fault: Exception) -> str:
    """Slack's own error word; never the request, which holds the lead, nor the headers, which hold the token."""
    data = getattr(getattr(fault, "response", None), "data", None)
    word = data.get("error", "") if isinstance(data, dict) else ""
    if isinstance(fault, SlackApiError):
        return word if isinstance(word, str) and word.replace("_", "").isalnum() else ""
    return type(fault).__name__


def _retry_after(answer: Any) -> float:
    headers = getattr(answer, "headers", {}) or {}
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(found) if str(found).isdigit() else 1.0


def _key_in(found: dict[str, Any]) -> str:
    metadata = found.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return str(payload.get("key", "")) if metadata.get("event_type") == EVENT else ""


async def _open(means: Means) -> Channel | None:
    session = session_of(means.settings.delivery_timeout)
    client = client_of(means.settings, session)
    if client is None:
        await session.close()
        return None
    return Slack(client, session)


CHANNEL = ChannelPlugin(
    name="slack",
    capabilities=Capabilities(updates=True, reconciles=True, gap=1.0),
    open=_open,
    needs="PLAYCALLER_SLACK_TOKEN",
    draws=message,
)
