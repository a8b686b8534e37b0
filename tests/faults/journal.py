"""The journal of a run: every webhook that was sent, and every answer the door gave to it. What is true is in here."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

REFUSED = 0
"""In `answers`: the connection was refused, cut or timed out. Nothing was promised."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as the sender writes it."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(slots=True)
class Posting:
    """One webhook, as its sender knows it. `tokens` name its events: unique in the run, and part of the payload."""

    source: str
    kind: str
    tokens: tuple[str, ...]
    email: str
    signed: Callable[[datetime], Request]
    """The same webhook, signed anew: what a sender does when it tries again."""
    answers: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """Was it ever answered 2xx?"""
        return any(200 <= answer < 300 for answer in self.answers)


class Journal:
    """All postings of a run; whoever waits for its progress is woken with each answer."""

    def __init__(self, postings: list[Posting]) -> None:
        self.postings = postings
        self.acknowledged = 0
        self._news = asyncio.Condition()

    async def note(self, posting: Posting, answer: int) -> None:
        """The door said this (an HTTP status, or `REFUSED`)."""
        before = posting.acknowledged
        posting.answers.append(answer)
        self.acknowledged += posting.acknowledged and not before
        async with self._news:
            self._news.notify_all()

    async def reaches(self, count: int) -> None:
        """Wait until so many webhooks are acknowledged."""
        async with self._news:
            await self._news.wait_for(lambda: self.acknowledged >= count)

    async def sees(self, answer: int) -> None:
        """Wait until somebody was answered so."""
        async with self._news:
            await self._news.wait_for(lambda: self.answers()[answer] > 0)

    def answers(self) -> Counter[int]:
        """How often each answer was given, for the report of a run."""
        return Counter(answer for posting in self.postings for answer in posting.answers)

    def kinds(self) -> Counter[str]:
        """How many postings there are of each kind."""
        return Counter(posting.kind for posting in self.postings)
