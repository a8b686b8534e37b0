"""Senders, as vendors run them: several at once, each trying a webhook again until it is answered 2xx."""

import asyncio
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx

from tests.faults.journal import REFUSED, Journal, Posting

SENDERS = 8
_DEADLINE = 8.0
"""Seconds a sender waits for the answer: longer than the door's own append timeout, as all of them do."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_AGAIN = 0.05
"""The share of acknowledged webhooks that are sent a second time all the same: senders do."""


class PermanentRefusalError(AssertionError):
    """The door refused a good webhook for good: a retry would not help."""


async def post_all(journal: Journal, url: str, *, seed: int, pace: Callable[[], float] = lambda: 0.0) -> None:
    """Send everything in the journal until all of it is acknowledged. Raises `PermanentRefusalError` on a 4xx."""
    chance = random.Random(seed)
    queue = iter(journal.postings)
    client = httpx.AsyncClient(base_url=url, timeout=_DEADLINE, trust_env=False)
    async with client, asyncio.TaskGroup() as senders:
        for _ in range(SENDERS):
            senders.create_task(_send_some(client, queue, journal, chance, pace))


async def _send_some(
    client: httpx.AsyncClient,
    queue: Iterator[Posting],
    journal: Journal,
    chance: random.Random,
    pace: Callable[[], float],
) -> None:
    for posting in queue:
        await asyncio.sleep(pace())  # the pace of the traffic, not a wait for anything
        await _deliver(client, posting, journal, chance)
        if chance.random() < _AGAIN:
            await journal.note(posting, await _try(client, posting))


async def _deliver(client: httpx.AsyncClient, posting: Posting, journal: Journal, chance: random.Random) -> None:
    pause = _FIRST_PAUSE
    while not posting.acknowledged:
        answer = await _try(client, posting)
        await journal.note(posting, answer)
        if 400 <= answer < 500 and answer != 429:
            raise PermanentRefusalError(f"{posting.source} {posting.kind} {posting.tokens[0]}: {answer}")
        if not posting.acknowledged:
            await asyncio.sleep(chance.uniform(pause / 2, pause))  # a sender's own backoff
            pause = min(2 * pause, _LONGEST_PAUSE)


async def _try(client: httpx.AsyncClient, posting: Posting) -> int:
    request = posting.signed(datetime.now(UTC))
    try:
        answer = await client.post(request.path, content=request.body, headers=request.headers)
    except httpx.TransportError:
        return REFUSED
    return answer.status_code
