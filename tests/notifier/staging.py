"""What the promise suite asks of a channel's stage: a provider on this machine that can be made to fail.

A stage is one file in `tests/notifier/stages/`, named like its channel, and exposes `STAGE = Staging(name=…, open=…)`.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from runtime.database import Database
from services.notifier.card import Card

LINK = re.compile(r"(?i)\b(?:https?|mailto|tel|javascript|data):[^\s\"'<>|\u200b]+|\bwww\.[^\s\u200b]+")
"""What a program that looks for links in text would take for one."""


class Trouble(StrEnum):
    """What may happen to a call."""

    RATE_LIMITED = "rate limited"
    REFUSED = "refused for this address"
    MISCONFIGURED = "refused for our credentials"
    DOWN = "down"
    UNREACHABLE = "unreachable"
    HANG = "hangs"
    LOST_ANSWER = "shown, but the answer was lost"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the channel must make of a trouble: `retry`, `permanent`, `config` or `unknown`."""

    outcome: str
    retry_after: float | None = None


class Stage(Protocol):
    """A provider that stands on this machine."""

    address: str
    secrets: tuple[str, ...]
    """What must never turn up in a message, an outcome or a log."""

    def trouble(self, trouble: Trouble) -> str:
        """Let the next call go wrong; the address to send to."""
        ...

    def shown(self) -> list[str]:
        """Everything the provider holds, a text for each message, the oldest first."""
        ...

    def active(self) -> list[str]:
        """What a reader's program would act on in the last message: links, mentions, markup, headers."""
        ...


@dataclass(frozen=True, slots=True)
class Staging:
    """A channel's stage: its settings come from `open`, its promises from `expects`."""

    name: str
    open: Callable[[Database], AbstractAsyncContextManager[tuple[Stage, dict[str, Any]]]]
    expects: Mapping[Trouble, Expected]
    environment: Mapping[str, str] = field(default_factory=dict)
    """For a channel that reads settings of its own."""
    dresses: Callable[[Card], Card] = lambda card: card
    """Makes of the suite's cards what this channel carries."""
    carries: tuple[str, ...] = ("Ada Lovelace", "nobody sees a pump failing")
    """What of the suite's first card has to be found there."""
