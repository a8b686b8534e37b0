"""The marketing tool: who enters a nurture track and who leaves it, as a signed webhook.

Signed and retried as Standard Webhooks says: https://github.com/standard-webhooks/standard-webhooks (spec). Its
`webhook-id` is our key, the same on every retry, so that a receiver that keeps what it has seen does nothing twice.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Annotated

import httpx
import msgspec
from pydantic import SecretStr, field_validator
from pydantic_settings import NoDecode

from runtime.clock import Clock
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
from services.notifier.enrolments import payload
from services.notifier.outward import ForbiddenError, NotFoundError, Outward

_REFUSED = frozenset({400, 405, 406, 409, 410, 413, 415, 422})
"""This very message will never be taken: trying again only costs both of us."""
_NOT_SET_UP = frozenset({401, 403, 404})
"""Whoever mends the address or the secret gets the message: it is tried again until then."""
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LONGEST_WAIT = 86_400.0
"""Seconds. No tool is left alone for longer because it said so."""
_SHORTEST = 24
"""Bytes of a secret, as the specification asks."""


class NurtureSettings(Settings):
    """This channel's own settings."""

    nurture_secret: SecretStr | None = None
    """`whsec_` and the base64 of 24 to 64 bytes; several with commas, while one takes the place of another."""
    nurture_inside: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names of tools that stand in our own network."""

    @field_validator("nurture_inside", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Nurture:
    """Posts enrolments. Nothing else is ever sent to a marketing tool."""

    def __init__(self, outward: Outward, clock: Clock, keys: tuple[bytes, ...]) -> None:
        self._outward, self._clock, self._keys = outward, clock, keys

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:  # noqa: ARG002  (there is no thread in a tool)
        """Tell the tool at this address. A redirect is refused: where it leads is for a person to decide."""
        if card.enrolment is None:
            return Failed(Fault.PERMANENT, "a marketing tool is told of enrolments only")
        body = msgspec.json.encode(payload(card.enrolment, card.version))
        try:
            answer = await self._outward.post(address, body, self._headers(key, body))
        except ForbiddenError as why:
            return Failed(Fault.CONFIG, str(why))
        except (NotFoundError, *_NEVER_LEFT):
            return Failed(Fault.RETRY, "the tool cannot be reached")
        except httpx.HTTPError as fault:
            return Unknown(f"no answer from the tool ({type(fault).__name__})")
        return _classified(answer, key)

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock.now().timestamp()))
        signed = f"{key}.{stamp}.".encode() + body
        signatures = [base64.b64encode(hmac.digest(one, signed, hashlib.sha256)).decode() for one in self._keys]
        return {
            "content-type": "application/json",
            "user-agent": "Playcaller",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
        }

    async def update(self, handle: str, card: Card) -> Outcome:  # noqa: ARG002  (the contract names them)
        """What a tool was told cannot be untold: what is new is told beside it."""
        return Failed(Fault.PERMANENT, "a webhook cannot be changed")

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:  # noqa: ARG002  (the same)
        """Nobody to ask; sending the same key again is harmless instead."""
        return Unknown("a tool cannot be asked what it was told")

    async def close(self) -> None:
        """Give the connections back."""
        await self._outward.close()


def _classified(answer: httpx.Response, key: str) -> Outcome:
    said = f"the tool answered {answer.status_code}"
    if answer.is_success:
        return Delivered(key)
    if answer.is_redirect or 300 <= answer.status_code < 400:  # noqa: PLR2004  (HTTP's own limits)
        return Failed(Fault.CONFIG, f"{said}: redirects are not followed, write where it leads")
    if answer.status_code in _NOT_SET_UP:
        return Failed(Fault.CONFIG, said)
    if answer.status_code in _REFUSED:
        return Failed(Fault.PERMANENT, said)
    wait = answer.headers.get("retry-after", "")
    asked = min(float(wait), _LONGEST_WAIT) if wait.isascii() and wait.isdigit() and len(wait) <= len("86400") else None
    return Failed(Fault.RETRY, said, asked)


def keys_of(secret: SecretStr) -> tuple[bytes, ...]:
    """The keys in the setting. Raises `SystemExit` with the mend where one is no secret."""
    found = []
    for written in secret.get_secret_value().split(","):
        try:
            key = base64.b64decode(written.strip().removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) < _SHORTEST:
            raise SystemExit(
                f"PLAYCALLER_NURTURE_SECRET: write whsec_ and the base64 of at least {_SHORTEST} random bytes "
                "(openssl rand -base64 32); several with commas"
            )
        found.append(key)
    return tuple(found)


async def _open(means: Means) -> Channel | None:
    settings = NurtureSettings.load()
    if settings.nurture_secret is None:
        return None
    outward = Outward(means.settings.delivery_timeout, settings.nurture_inside)
    return Nurture(outward, means.clock, keys_of(settings.nurture_secret))


CHANNEL = ChannelPlugin(
    name="nurture", capabilities=Capabilities(idempotent=True), open=_open, needs="PLAYCALLER_NURTURE_SECRET"
)
