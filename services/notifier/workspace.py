"""A client of one Slack workspace: no retries of its own, since the ledger decides what is tried again."""

import logging
from urllib.parse import urlsplit

import aiohttp
import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from services.notifier.settings import NotifierSettings

_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(logging.INFO)
"""The SDK spells out every message, a lead's words and all, in a line for debugging, even if nobody reads it."""


def session_of(timeout: float) -> aiohttp.ClientSession:
    """A session for `client_of`; a call may take `timeout` seconds."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout), json_serialize_bytes=msgspec.json.encode)


def client_of(settings: NotifierSettings, session: aiohttp.ClientSession) -> AsyncWebClient | None:
    """The client, over the caller's session and its timeouts; nothing where no token is configured."""
    if settings.slack_token is None:
        return None
    client = AsyncWebClient(
        token=settings.slack_token.get_secret_value(),
        base_url=settings.slack_base_url,
        session=session,
        logger=_QUIET,
        retry_handlers=[],
    )
    if urlsplit(settings.slack_base_url).hostname in {"127.0.0.1", "::1", "localhost"}:
        client.proxy = None  # the SDK would take the environment's proxy even for this very machine
    return client
