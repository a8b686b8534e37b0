"""The contract of a channel: one file in `channels/` that shows a card to a person and says honestly what came of it.

A file exposes `CHANNEL = ChannelPlugin(name=<file name>, …)`; discovery finds it, and nothing else has to be told.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from runtime.clock import Clock
from runtime.database import Database
from services.notifier.card import Card
from services.notifier.settings import NotifierSettings


class Fault(StrEnum):
    """Why nothing was sent, and so what is next."""

    RETRY = "retry"
    """Try again later, on the same channel."""
    PERMANENT = "permanent"
    """This address or this message will never work here: go on to the person's next address."""
    CONFIG = "config"
    """The channel itself is not set up right: go on to the next address, and tell whoever is on duty."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider took it. `handle` is the channel's own text by which it finds the message again."""

    handle: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider certainly did not take it. `detail` holds no secret and no lead data."""

    fault: Fault
    detail: str
    retry_after: float | None = None
    """Seconds the provider asks us to wait."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no answer came: it may have been shown. Never send the same again without looking."""

    detail: str


@dataclass(frozen=True, slots=True)
class Absent:
    """We looked, and the provider certainly does not have it."""


Outcome: TypeAlias = Delivered | Failed | Unknown
Sighting: TypeAlias = Delivered | Absent | Unknown


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, so that the ledger knows what it may ask for."""

    updates: bool = False
    """A shown card can be changed in place."""
    idempotent: bool = False
    """Sending the same key twice shows one card: an unknown outcome may simply be sent again."""
    reconciles: bool = False
    """It can be asked whether it has a key."""
    gap: float = 0.0
    """Seconds between two messages to one address."""


class Channel(Protocol):
    """An open channel. Its methods return outcomes; they raise only on a bug of ours."""

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:
        """Show the card at the address, under `thread` (the handle of an earlier card) where there is one.

        `key` is a UUID text, equal whenever this very message is tried again.
        """
        ...

    async def update(self, handle: str, card: Card) -> Outcome:
        """Change the card that was shown. Repeating it is harmless."""
        ...

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:
        """Does the provider have the message with this key?"""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a channel may use to open itself."""

    settings: NotifierSettings
    database: Database
    clock: Clock


Drawer: TypeAlias = Callable[[Card], object]
Opener: TypeAlias = Callable[[Means], Awaitable[Channel | None]]


@dataclass(frozen=True, slots=True)
class ChannelPlugin:
    """What a channel's file exposes. `open` gives None where the settings leave the channel off; `needs` says which."""

    name: str
    capabilities: Capabilities
    open: Opener
    needs: str = ""
    draws: Drawer | None = None
    """Draws a card ahead of `send`, which then finds it drawn (`Card.drawn`): pure, and quick."""


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel that is on, with what it can do."""

    name: str
    capabilities: Capabilities
    channel: Channel
    draws: Drawer | None = None
