"""Kills processes while webhooks come in: at random moments, and at named places in the code."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.fleet import Service
from tests.faults.journal import Journal

FAILPOINTS = {"ingest.appended": "ingest", "router.committed": "router", "notifier.sent": "notifier"}
"""Each place where a kill hurts most, and the role in which it lies."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One planned death: when so many webhooks are acknowledged, this role dies, at once or at a fail-point."""

    after: int
    role: str
    failpoint: str = ""


def plan(kills: int, postings: int, seed: int) -> Sequence[Kill]:
    """Spread over the run: every second one at a fail-point (each of them in turn), the others at random moments."""
    chance = random.Random(seed)
    places, roles = list(FAILPOINTS), sorted(set(FAILPOINTS.values()))
    moments = sorted(
        chance.randrange(postings // 20 + 1, max(postings * 8 // 10, postings // 20 + 2)) for _ in range(kills)
    )
    planned = []
    for number, moment in enumerate(moments):
        if number % 2:
            planned.append(Kill(moment, chance.choice(roles)))
        else:
            place = places[number // 2 % len(places)]
            planned.append(Kill(moment, FAILPOINTS[place], f"{place}:{chance.randrange(1, 4)}"))
    return planned


async def reap(planned: Sequence[Kill], services: Mapping[str, Service], journal: Journal) -> None:
    """Carry the plan out. `services` maps each role to the process it runs in (all to one, when embedded)."""
    for kill in planned:
        await journal.reaches(kill.after)
        service = services[kill.role]
        deaths = len(service.deaths)
        service.kill(arm=kill.failpoint)
        await service.dies(deaths + 1)
        if kill.failpoint:
            await service.dies(deaths + 2)


def killed(services: Sequence[Service]) -> int:
    """How many kills there were."""
    return sum(service.deaths.count(-9) for service in services)


async def within(seconds: float, *work: "asyncio.Future[None] | asyncio.Task[None]") -> None:
    """Await it all; raises `TimeoutError` after so many seconds."""
    async with asyncio.timeout(seconds):
        await asyncio.gather(*work)
