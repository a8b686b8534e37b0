"""What lies under the ring goes away and comes back: refusals are honest, and nothing acknowledged is lost."""

import asyncio
import os
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest

from playcaller.servers.kafka import kafka
from playcaller.servers.ports import free_ports
from playcaller.servers.postgres import postgres
from tests.faults.journal import Journal
from tests.faults.providers import Desks, desks
from tests.faults.reckoning import evidence_of, settled, violations
from tests.faults.rings import Ring, clustered_ring, embedded_ring
from tests.faults.sender import post_all
from tests.faults.straw_team import straw_team
from tests.faults.webhooks import postings
from tests.notifier.fake_slack import FakeSlack

WEBHOOKS, SEED = 90, 7
PATIENCE = 120.0

pytestmark = pytest.mark.faults


def a_journal() -> Journal:
    return Journal(postings(WEBHOOKS, SEED))


def _embedded(folder: Path, told: Desks) -> AbstractAsyncContextManager[Ring]:
    return embedded_ring(folder, told.providers, playbook=straw_team(folder / "playbook"))


def _clustered(
    folder: Path, told: Desks, bootstrap: str, database: str, *, routers: int = 1
) -> AbstractAsyncContextManager[Ring]:
    playbook = straw_team(folder / "playbook")
    return clustered_ring(folder, told.providers, bootstrap, database, routers=routers, playbook=playbook)


@pytest.mark.servers
async def test_a_broker_that_is_killed_costs_503s_and_nothing_else(fresh_postgres_url: str, tmp_path: Path) -> None:
    journal, (port,) = a_journal(), free_ports(1)
    async with desks() as told, asyncio.timeout(PATIENCE), AsyncExitStack() as servers:
        broker = await servers.enter_async_context(kafka(tmp_path / "kafka", port=port))
        ring = await servers.enter_async_context(_clustered(tmp_path, told, broker.bootstrap, fresh_postgres_url))
        sending = asyncio.create_task(post_all(journal, ring.url, seed=SEED))
        await journal.reaches(WEBHOOKS // 3)
        os.kill(broker.pid, signal.SIGKILL)
        await journal.sees(503)
        before = journal.acknowledged
        await servers.enter_async_context(kafka(tmp_path / "kafka", port=port))
        await sending
        await settled(ring, within=PATIENCE)
        evidence = await evidence_of(ring)

        assert before < WEBHOOKS
        assert set(journal.answers()) == {200, 503}
        assert violations(journal, evidence, told) == []
        assert [service.deaths for service in ring.processes] == [[], [], []]


@pytest.mark.servers
async def test_while_postgres_is_away_webhooks_are_still_taken(kafka_bootstrap: str, tmp_path: Path) -> None:
    journal, (port,) = a_journal(), free_ports(1)
    async with desks() as told, asyncio.timeout(PATIENCE), AsyncExitStack() as servers:
        first_life = AsyncExitStack()
        first = await first_life.enter_async_context(postgres(tmp_path / "postgres", port=port))
        ring = await servers.enter_async_context(_clustered(tmp_path, told, kafka_bootstrap, first.url))
        sending = asyncio.create_task(post_all(journal, ring.url, seed=SEED))
        await journal.reaches(WEBHOOKS // 3)
        await first_life.aclose()
        await sending
        await servers.enter_async_context(postgres(tmp_path / "postgres", port=port))
        await settled(ring, within=PATIENCE)
        evidence = await evidence_of(ring)

        assert set(journal.answers()) == {200}
        assert violations(journal, evidence, told) == []
        assert [service.deaths for service in ring.processes] == [[], [], []]


async def test_cards_wait_for_a_slack_that_is_away(tmp_path: Path) -> None:
    journal = a_journal()
    async with desks() as told, asyncio.timeout(PATIENCE), _embedded(tmp_path, told) as ring:
        told.slack.fail("chat.postMessage", status=503)  # fewer in a row than open the breaker
        told.slack.fail("chat.postMessage", drop=True)
        told.slack.fail("chat.postMessage", drop=True, applied=True)
        told.slack.fail("chat.postMessage", status=429, error="ratelimited", retry_after=1)
        await post_all(journal, ring.url, seed=SEED)
        await settled(ring, within=PATIENCE)
        evidence = await evidence_of(ring)

        assert told.slack.faults == []
        assert violations(journal, evidence, told) == []
        assert len(told.cards(evidence)) > WEBHOOKS // 20


async def test_cards_wait_for_a_slack_that_does_not_even_listen(tmp_path: Path) -> None:
    journal = a_journal()
    async with desks() as told, asyncio.timeout(PATIENCE), _embedded(tmp_path, told) as ring:
        await told.slack.__aexit__()
        await post_all(journal, ring.url, seed=SEED)
        async with FakeSlack(messages=told.slack.messages, refused=told.slack.refused, port=told.slack.port):
            await settled(ring, within=PATIENCE)
            evidence = await evidence_of(ring)

        assert violations(journal, evidence, told) == []
        assert len(told.cards(evidence)) > WEBHOOKS // 20


@pytest.mark.servers
async def test_of_two_routers_the_survivor_takes_over(
    kafka_bootstrap: str, fresh_postgres_url: str, tmp_path: Path
) -> None:
    journal = a_journal()
    async with desks() as told, asyncio.timeout(PATIENCE), AsyncExitStack() as running:
        ring = await running.enter_async_context(
            _clustered(tmp_path, told, kafka_bootstrap, fresh_postgres_url, routers=2)
        )
        sending = asyncio.create_task(post_all(journal, ring.url, seed=SEED))
        await journal.reaches(WEBHOOKS // 3)
        await ring.services["router2"].kill()
        await sending
        await settled(ring, within=PATIENCE)
        evidence = await evidence_of(ring)

        assert violations(journal, evidence, told) == []
        assert ring.services["router2"].deaths == [-9]
