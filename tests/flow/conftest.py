"""A whole ring for a test, on each engine: everything between the webhook and the card is the real thing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from rich.console import Console
from sqlalchemy import make_url

from playcaller.audience import TOPICS, Audience
from playcaller.embedded import embedded
from playcaller.generated import as_environment, source_secrets
from playcaller.ring import Ring
from playcaller.story.posting import ORIGIN
from playcaller.story.script import Post, Scene
from playcaller.story.telling import Teller, Told
from playcaller.terminal import Terminal
from playcaller.watching import watching
from runtime.settings import Settings
from schemas.play import CardKind, DeliverPlay
from services.ingest.reading import sources
from services.router.narration import Narration
from tests.flow.founding import Founding, administer, founded

PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A running ring and whoever plays the vendors' part."""

    ring: Ring
    audience: Audience
    teller: Teller
    screen: StringIO

    async def tell(self, *scenes: Scene) -> Told:
        """Send these scenes' webhooks and wait until all of it is judged and delivered."""
        return await self.teller.tell(scenes)

    async def judged(self, post: Post, events: int = 1) -> list[Narration]:
        """Send one webhook; the verdicts of its events."""
        before = len(self.audience.judged)
        await self.send(post)
        wanted = before + events
        settled = await self.audience.until(
            lambda: len(self.audience.judged) >= wanted and self.audience.at_rest(), seconds=PATIENCE
        )
        assert settled, f"{len(self.audience.judged) - before} of {events} events judged"
        return self.audience.judged[before:]

    async def send(self, post: Post) -> None:
        """Send one webhook and see the door take it."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await self.teller.send(client, post)
        assert answer.is_success, answer.text

    def card_of(self, verdict: Narration) -> DeliverPlay:
        """The card by which somebody first heard of this verdict: a rep's offer, or the newest question to triage."""
        if verdict.outcome == "triage":
            return [card for card in self.audience.cards if card.kind is CardKind.TRIAGE][-1]
        (offer,) = [
            card for card in self.audience.cards if card.handoff == verdict.handoff and card.kind is CardKind.OFFER
        ]
        return offer


ENGINES = [pytest.param("embedded"), pytest.param("servers", marks=pytest.mark.servers)]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings that choose each engine."""
    if request.param == "embedded":
        return {}
    return {
        "LOG_ENGINE": "kafka",
        "KAFKA_BOOTSTRAP": request.getfixturevalue("kafka_bootstrap"),
        "DATABASE_URL": request.getfixturevalue("fresh_postgres_url"),
        "KEY_SECRET": uuid4().hex,
        "LINK_SECRET": uuid4().hex,
    }


@pytest.fixture
async def stage(engine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The whole ring, once on SQLite and once on Kafka and PostgreSQL."""
    settings = engine | {
        "DATA": str(tmp_path),
        "INGEST_PORT": "0",
        "NOTIFIER_PORT": "0",
        "INGEST_ORIGINS": ORIGIN,
        "PARTITIONS": "2",
        "TOPIC_PREFIX": f"flow{uuid4().hex[:10]}.",
    }
    secrets = source_secrets(tmp_path, sources(), {})
    for name, value in {f"PLAYCALLER_{name}": value for name, value in settings.items()}.items():
        monkeypatch.setenv(name, value)
    for name, value in as_environment(secrets, {}).items():
        monkeypatch.setenv(name, value)
    screen = StringIO()
    terminal = Terminal(Console(file=screen, width=120))
    audience = Audience(terminal)
    async with (
        embedded(Settings.load(), audience) as ring,
        watching(ring.log, TOPICS, audience.read),
    ):
        yield Stage(ring, audience, Teller(ring.addresses.door, secrets, audience, terminal), screen)


@pytest.fixture(scope="module", params=ENGINES)
def founding_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, str], Path]]:
    """The settings that choose each engine for a ring that many tests share, and its folder."""
    folder = tmp_path_factory.mktemp("founding")
    prefix = {"TOPIC_PREFIX": f"founding{uuid4().hex[:10]}."}
    if request.param == "embedded":
        yield prefix, folder
        return
    server, name = request.getfixturevalue("postgres_url"), f"founding_{uuid4().hex[:10]}"
    asyncio.run(administer(server, f'CREATE DATABASE "{name}"'))
    yield (
        prefix
        | {
            "LOG_ENGINE": "kafka",
            "KAFKA_BOOTSTRAP": request.getfixturevalue("kafka_bootstrap"),
            "DATABASE_URL": make_url(server).set(database=name).render_as_string(hide_password=False),
            "KEY_SECRET": uuid4().hex,
            "LINK_SECRET": uuid4().hex,
        },
        folder,
    )
    asyncio.run(administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def founding(founding_engine: tuple[dict[str, str], Path]) -> AsyncIterator[Founding]:
    """One ring for all tests of a module, on each engine: their people are theirs alone."""
    async with founded(*founding_engine) as running:
        yield running
