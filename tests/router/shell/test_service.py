"""The running service: facts in, cards out, and everything under way finished when it is told to stop."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtime.carriage import Carriage
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import Message
from runtime.sqlite_log import SqliteLog
from schemas import feedback, play
from schemas.fact import Fact, decode, encode
from schemas.feedback import PlaybookPublished
from schemas.play import CardKind, DeliverPlay
from schemas.topics import FEEDBACK, PLAYS
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.narration import Narration, line
from services.router.service import serve
from services.router.settings import RouterSettings
from tests.router.shell.building import a_consultation, a_page_view, an_accept
from tests.router.shell.ring import PLAYBOOK, SECRET, lane_of

pytestmark = pytest.mark.whole


@pytest.fixture
def migrations() -> str:
    """An empty database: the service makes its tables itself."""
    return ""


class Running:
    """A router with its loops, and what it has told."""

    def __init__(self, carriage: Carriage, playbook: Path) -> None:
        self.carriage, self.playbook = carriage, playbook
        self.told: list[Narration] = []
        self.changed = asyncio.Event()

    def hear(self, narration: Narration) -> None:
        self.told.append(narration)
        self.changed.set()

    async def append(self, *facts: Fact) -> None:
        for fact in facts:
            await self.carriage.log.append(lane_of(fact), [Message(b"k", encode(fact))])

    async def until(self, met: Callable[[list[Narration]], bool], patience: float = 90) -> None:
        """Wait until the story so far has come to this."""
        async with asyncio.timeout(patience):
            while not met(self.told):
                self.changed.clear()
                await self.changed.wait()

    async def on(self, topic: str) -> list[bytes]:
        found = []
        for partition in await self.carriage.log.partitions(topic):
            found += [record.value for record in await self.carriage.log.read(partition, 0)]
        return found


@asynccontextmanager
async def a_carriage(folder: Path, url: str) -> AsyncIterator[Carriage]:
    database, clock = Database(url), SystemClock()
    async with SqliteLog(folder / "log.db", partitions=2, clock=clock) as log:
        yield Carriage(log, database, clock, asyncio.Event(), SECRET)
    await database.close()


@asynccontextmanager
async def running(carriage: Carriage, playbook: Path = PLAYBOOK) -> AsyncIterator[Running]:
    """Serve while the block runs; on leaving, stop and see that it ends."""
    settings = RouterSettings(playbook=playbook, timer_poll=0.05, offer_poll=0.05)
    router = Running(carriage, playbook)
    serving = asyncio.create_task(serve(carriage, settings, router.hear))
    try:
        yield router
    finally:
        carriage.stop.set()
        async with asyncio.timeout(90):
            await serving


def kinds(told: list[Narration], kind: str) -> list[Narration]:
    return [one for one in told if one.kind == kind]


async def test_from_an_event_on_the_log_to_a_card_on_the_log(tmp_path: Path, database_url: str) -> None:
    async with a_carriage(tmp_path, database_url) as carriage:
        async with running(carriage) as router:
            await router.append(a_page_view("web:1"), a_consultation("ada@acme.example", cookie="web:1"))
            await router.until(lambda told: len(kinds(told, "verdict")) == 2 and bool(kinds(told, "offer")))
            (offer,) = kinds(router.told, "offer")
            assert offer.handoff is not None
            await router.append(an_accept(offer.handoff, offer.assignee, carriage.clock.now()))
            await router.until(lambda told: bool(kinds(told, "act")))
        cards = [play.DECODER.decode(value) for value in await router.on(PLAYS.name)]

    assert [card.kind for card in cards if isinstance(card, DeliverPlay)] == [CardKind.OFFER, CardKind.UPDATE]
    assert kinds(router.told, "act")[0].state == "accepted"
    assert all(line(narration).endswith(b"}\n") for narration in router.told)


async def test_a_second_start_goes_on_where_the_first_stopped(tmp_path: Path, database_url: str) -> None:
    async with a_carriage(tmp_path, database_url) as carriage, running(carriage) as first:
        await first.append(a_consultation("ada@acme.example"))
        await first.until(lambda told: bool(kinds(told, "offer")))
    async with a_carriage(tmp_path, database_url) as carriage, running(carriage) as second:
        await second.append(a_consultation("grace@bolt.example"))
        await second.until(lambda told: bool(kinds(told, "offer")))

    assert [one.who for one in kinds(second.told, "verdict")] == ["grace@bolt.example"]
    assert [one.who for one in kinds(second.told, "offer")] == ["grace@bolt.example"]


async def test_what_waits_at_the_start_is_offered_without_a_new_event(tmp_path: Path, database_url: str) -> None:
    async with a_carriage(tmp_path, database_url) as carriage:
        await carriage.log.append("events.urgent", [Message(b"k", encode(a_consultation("ada@acme.example")))])
        async with running(carriage) as router:
            await router.until(lambda told: bool(kinds(told, "offer")))

    assert kinds(router.told, "offer")[0].who == "ada@acme.example"


async def test_a_changed_playbook_decides_from_then_on_and_is_announced(tmp_path: Path) -> None:
    folder = tmp_path / "playbook"
    shutil.copytree(PLAYBOOK, folder)
    async with a_carriage(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/state.db") as carriage:
        async with running(carriage, folder) as router:
            await router.until(lambda told: bool(kinds(told, "control")))
            page = folder / "playbook.yaml"
            said = page.read_text("utf-8")
            for number in range(30):  # the watcher may begin to look a moment after the router has begun to work
                page.write_text(said.replace("title: ", f"title: Number {number}, ", 1), "utf-8")
                with contextlib.suppress(TimeoutError):
                    await router.until(lambda told: len(kinds(told, "control")) > 1, patience=1)
                    break
        facts = [decode(value, feedback.DECODER) for value in await router.on(FEEDBACK.name)]
    versions = [fact.version for fact in facts if isinstance(fact, PlaybookPublished)]

    assert len(set(versions)) > 1


async def test_a_broken_playbook_is_no_start(tmp_path: Path) -> None:
    folder = tmp_path / "playbook"
    shutil.copytree(PLAYBOOK, folder)
    (folder / "scoring.yaml").write_text("threshold: [", "utf-8")
    async with a_carriage(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/state.db") as carriage:
        with pytest.raises(PlaybookFaultsError, match="scoring"):
            await serve(carriage, RouterSettings(playbook=folder))


async def test_health_says_what_the_loops_are_doing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    async with a_carriage(tmp_path, url) as carriage, running(carriage) as router:
        await router.append(a_page_view("web:1"))
        await router.until(lambda told: bool(kinds(told, "verdict")))
        ready, alive = await carriage.health.readiness(), carriage.health.liveness()

    assert ready.checks == {"router": True}
    assert alive.checks == {"router": True}
