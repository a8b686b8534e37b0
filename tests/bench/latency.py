"""B6: from an accepted webhook to its card, on Kafka + PostgreSQL; alone, and beside waiting page views."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from statistics import median
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy import select

from runtime.log import Log, Partition
from schemas.topics import EVENTS_BEHAVIOUR
from services.router.adapters.tables import POSITIONS
from tests.bench.hops import floor_ms
from tests.bench.measure import Note, Pair
from tests.bench.pace import paced
from tests.bench.process import TESTED, WORLD, stay
from tests.bench.program import Bench, run
from tests.bench.traffic import ANONYMOUS, Traffic, message
from tests.faults.evidence import evidence_of_handoffs
from tests.faults.rings import Providers, Ring, clustered_ring
from tests.faults.straw_team import straw_team
from tests.faults.webhooks import signed
from tests.notifier.fake_slack import FakeSlack
from tests.notifier.mail_sink import MailSink

RATE, SECONDS, CARDS_A_SECOND = 200, 20, 4
"""Two in a hundred events are forms, as in the mix of B3; a larger team takes them, as Slack has each wait a second."""
WAITING, PIECE = 100_000, 2_000
_numbers = count()


@dataclass
class StopWatch(FakeSlack):
    """A fake Slack that notes when it is handed each card."""

    at: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        key = ((given.get("metadata") or {}).get("event_payload") or {}).get("key", "")
        self.at.setdefault(key, time.perf_counter())
        self.news.set()
        return super()._post(given)


def on_the_wire(source: str, path: str, payload: dict[str, Any]) -> bytes:
    """The signed request as bytes."""
    body = json.dumps(payload).encode()
    request = signed(source, path, body, datetime.now(UTC))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n{head}\r\n".encode() + body


def page_view(number: int) -> bytes:
    """An anonymous visit."""
    url = "https://www.acme.example/product"
    payload = {"messageId": f"view-{number}", "anonymousId": f"visitor-{number}", "properties": {"url": url}}
    return on_the_wire("segment", "/v1/page", payload)


def consultation(number: int) -> bytes:
    """Somebody new asks to talk."""
    fields = {"email": f"ada.{number}@company{number}.example", "firstname": "Ada", "consultation": "yes"}
    submission = {"conversion-id": f"c-{number}", "form-id": f"form-{number % 40}", "title": "Talk to us"}
    submission |= {"timestamp": int(time.time() * 1000), "page-url": "https://www.acme.example/contact"}
    stated = {name: {"value": value, "versions": [{"source-type": "FORM"}]} for name, value in fields.items()}
    payload = {"vid": number, "portal-id": 1, "properties": stated, "form-submissions": [submission]}
    return on_the_wire("hubspot", "/webhooks/hubspot", payload)


async def card_ms(ring: Ring, slack: StopWatch, rate: float, seconds: float, every: int) -> float:
    """Send at this rate, each `every`-th a request for a consultation; from its 200 to its card, the median in ms."""
    asked: dict[int, int] = {}
    requests = []
    for index in range(int(rate * seconds)):
        number = next(_numbers)
        if index % every == 0:
            asked[index] = number
        requests.append(consultation(number) if index % every == 0 else page_view(number))
    known = set(slack.at)
    answered = await paced(ring.door, requests, rate)
    async with asyncio.timeout(120):
        while len(set(slack.at) - known) < len(asked):
            slack.news.clear()
            await slack.news.wait()
    accepted = {f"ada.{number}@company{number}.example": answered[index] for index, number in asked.items()}
    handoffs = await _emails(ring)
    waits = [
        slack.at[key] - accepted[email] for key, email in handoffs.items() if email in accepted and key in slack.at
    ]
    return median(waits) * 1000


async def _emails(ring: Ring) -> dict[str, str]:
    async with ring.looking() as (_, database):
        ledger, handoffs = await evidence_of_handoffs(database)
    emails: dict[UUID, str] = {handoff.id: handoff.brief.email for handoff in handoffs}
    return {key: emails[handoff] for key, (handoff, _kind, _sequence) in ledger.items() if handoff in emails}


async def fill(log: Log, events: int, seed: int) -> None:
    """Put page views on the behaviour lane, as if they had waited there."""
    traffic = Traffic(seed, datetime.now(UTC))
    for _ in range(events // PIECE):
        await log.append(EVENTS_BEHAVIOUR.name, [message(traffic.event(ANONYMOUS)) for _ in range(PIECE)])


async def waiting(log: Log, ring: Ring) -> int:
    """How many records of the behaviour lane the router has not committed yet."""
    async with ring.looking() as (_, database), database.reading() as connection:
        rows = (await connection.execute(select(POSITIONS))).all()
    reached = {Partition(row.topic, row.number): row.next for row in rows}
    lanes = await log.partitions(EVENTS_BEHAVIOUR.name)
    return sum([(await log.bounds(lane))[1] - reached.get(lane, 0) for lane in lanes])


async def _floor(bootstrap: str, database_url: str) -> float:
    """The limit stands where the ring does, the servers on the other core for both."""
    stay(TESTED)
    try:
        return await floor_ms(bootstrap, database_url, 200)
    finally:
        stay(WORLD)


async def measure(bench: Bench) -> AsyncIterator[Pair | Note]:
    """One ring; each round takes the floor, the way at 200 a second, then urgent ones alone and beside a backlog."""
    stay(WORLD)
    bootstrap, state, reference = await bench.kafka(), await bench.postgres(), await bench.postgres()
    async with StopWatch() as slack, MailSink() as mail:
        providers = Providers(slack.url, mail.port)
        stay(TESTED)  # the ring inherits it
        team = straw_team(bench.folder / "playbook")
        async with clustered_ring(bench.folder, providers, bootstrap, state, playbook=team) as ring:
            stay(WORLD)
            await card_ms(ring, slack, 20, 5, 20)
            for number in range(bench.rounds):
                before = await _floor(bootstrap, reference)
                reached = await card_ms(ring, slack, RATE, SECONDS, RATE // CARDS_A_SECOND)
                after = await _floor(bootstrap, reference)
                yield Pair(measure="B6a", ours=reached, limit=(before + after) / 2)
                alone = await card_ms(ring, slack, 1, 10, 1)
                async with ring.looking() as (log, _):
                    await fill(log, WAITING, 1000 + number)
                    beside = await card_ms(ring, slack, 1, 10, 1)
                    left = await waiting(log, ring)
                yield Pair(measure="B6b", ours=beside, limit=alone)
                yield Note(text=f"{left:,} page views were still waiting when the last card came")


if __name__ == "__main__":
    run(measure, uvloop.new_event_loop)
