"""A client of one Slack workspace: no retries of its own, since the ledger decides what is tried again."""

from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from services.notifier.settings import NotifierSettings


def client_of(settings: NotifierSettings, session: aiohttp.ClientSession) -> AsyncWebClient | None:
    """The client, over the caller's session and its timeouts; nothing where no token is configured."""
    if settings.slack_token is None:
        return None
    client = AsyncWebClient(
        token=settings.slack_token.get_secret_value(),
        base_url=settings.slack_base_url,
        session=session,
        retry_handlers=[],
    )
    if urlsplit(settings.slack_base_url).hostname in {"127.0.0.1", "::1", "localhost"}:
        client.proxy = None  # the SDK would take the environment's proxy even for this very machine
    return client
