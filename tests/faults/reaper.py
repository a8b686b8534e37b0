"""Kills processes while webhooks come in: at random moments, and at named places in the code."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


async def reap(
    planned: Sequence[Kill],
    services: Mapping[str, Service],
    journal: Journal,
    idle: Callable[[], Coroutine[Any, Any, None]],
) -> Counter[str]:
    """Carry the plan out; how often each fail-point was really died at ("" for the other kills).

    `services` maps each role to the process it runs in (all to one, when embedded). `idle` returns once everything is
    sent and worked off, so that no fail-point can be reached any more.
    """
    died: Counter[str] = Counter()
    for kill in planned:
        await journal.reaches(kill.after)
        service = services[kill.role]
        deaths = len(service.deaths)
        await service.kill(arm=kill.failpoint)
        await service.dies(deaths + 1)
        died[""] += 1
        if kill.failpoint:
            there = await _first(service.dies(deaths + 2), idle())
            if not there:  # an armed process would spoil the reckoning
                await service.kill()
                await service.dies(deaths + 2)
            died[kill.failpoint.partition(":")[0] if there else ""] += 1
    return died


async def _first(wanted: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None]) -> bool:
    """Did the wanted thing happen, at the latest when the other did?"""
    tasks = [asyncio.ensure_future(one) for one in (wanted, other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
