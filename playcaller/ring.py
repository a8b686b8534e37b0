"""A running ring, as the terminal sees it: where its doors are, the log it runs on, and what it runs on in words."""

import asyncio
from dataclasses import dataclass, field

from runtime.log import Log


class RingError(Exception):
    """The ring cannot go on. The message says what to do."""


class Addresses:
    """Where the services answer, as they announce themselves."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self.complete = asyncio.Event()

    def announce(self, role: str, url: str) -> None:
        """A service answers there."""
        self._urls[role] = url.rstrip("/")
        if {"ingest", "notifier"} <= self._urls.keys():
            self.complete.set()

    @property
    def door(self) -> str:
        """Where webhooks go."""
        return self._urls["ingest"]

    @property
    def inbox(self) -> str:
        """Where a rep reads."""
        return self._urls["notifier"]


@dataclass(frozen=True, slots=True)
class Ring:
    """Everything is up. `stop` is set when it is asked to end, and may be set to end it."""

    addresses: Addresses
    log: Log
    stop: asyncio.Event
    facts: dict[str, str] = field(default_factory=dict)
    """What it runs on: a name and its value, for people."""
