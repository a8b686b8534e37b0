"""A signed generic webhook (Standard Webhooks): the card as JSON to any HTTPS address, with an id to dedup by.

https://github.com/standard-webhooks/standard-webhooks. `webhook-id` is our key, the same on every retry.
"""

import base64
import hashlib
import hmac

import httpx
import msgspec
from pydantic import SecretStr

from runtime.settings import Settings
from services.notifier.card import Card
from services.notifier.channel import (
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
from services.notifier.sheet import sheet_of

PERMANENT = frozenset({400, 404, 405, 410, 413, 415, 422})


class WebhookSettings(Settings):
    """This channel's own setting."""

    webhook_secret: SecretStr | None = None
    """`whsec_` and the base64 of the key."""


class Webhook:
    """Posts the sheet of a card."""

    def __init__(self, means: Means, secret: SecretStr) -> None:
        self._clock, self._secret = means.clock, secret
        self._client = httpx.AsyncClient(timeout=means.settings.delivery_timeout, trust_env=False)

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:
        """Post it."""
        body = msgspec.json.encode(
            {"type": "play.delivered", "handoff": str(card.handoff), "thread": thread, "sheet": sheet_of(card)}
        )
        try:
            answer = await self._client.post(address, content=body, headers=self._signed(key, body))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Failed(Fault.RETRY, "the receiver cannot be reached")
        except httpx.HTTPError as fault:
            return Unknown(f"no answer from the receiver ({type(fault).__name__})")
        return _classified(answer, key)

    def _signed(self, key: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock.now().timestamp()))
        secret = base64.b64decode(self._secret.get_secret_value().removeprefix("whsec_"))
        signature = hmac.new(secret, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
        return {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(signature).decode(),
        }

    async def update(self, handle: str, card: Card) -> Outcome:
        """A webhook that was taken cannot be changed."""
        return Failed(Fault.PERMANENT, "a webhook cannot be changed")

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:
        """Nobody to ask; sending the key again is harmless instead."""
        return Unknown("a receiver cannot be asked")

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


def _classified(answer: httpx.Response, key: str) -> Outcome:
    said = f"the receiver answered {answer.status_code}"
    if answer.is_success:
        return Delivered(key)
    if answer.status_code in {401, 403}:
        return Failed(Fault.CONFIG, said)
    if answer.status_code in PERMANENT:
        return Failed(Fault.PERMANENT, said)
    wait = answer.headers.get("retry-after", "")
    return Failed(Fault.RETRY, said, float(wait) if wait.isdigit() else None)


async def _open(means: Means) -> Channel | None:
    secret = WebhookSettings.load().webhook_secret
    return Webhook(means, secret) if secret else None


CHANNEL = ChannelPlugin(
    name="webhook", capabilities=Capabilities(idempotent=True), open=_open, needs="PLAYCALLER_WEBHOOK_SECRET"
)
