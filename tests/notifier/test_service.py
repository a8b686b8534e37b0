"""The notifier as it runs: from the log to Slack and back, killed after the provider's 200, stopped in good order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import Log
from runtime.opening import make_log, open_carriage
from runtime.settings import Settings
from schemas import delivery, feedback
from schemas.topics import DELIVERIES, FEEDBACK, PLAYS, TOPICS, Topic
from services.notifier import tables
from services.notifier.retention import forget_by_age
from services.notifier.service import serve
from services.notifier.settings import NotifierSettings
from tests.notifier.builders import a_handoff, a_play, a_recipient, messages
from tests.notifier.fake_slack import TOKEN, FakeSlack
from tests.notifier.rig import a_rig
from tests.notifier.slack_press import SECRET, a_press, signed

pytestmark = pytest.mark.whole
GRACE = (a_recipient("grace", "Grace Hopper", "slack"),)


async def facts(log: Log, topic: Topic, decoder: object) -> list[object]:
    found: list[object] = []
    for partition in await log.partitions(topic.name):
        found += [decoder.decode(record.value) for record in await log.read(partition, 0)]  # type: ignore[attr-defined]  # a msgspec decoder
    return found


async def until(condition: object, seconds: float = 90.0) -> None:
    """Wait until it holds; a test that waits longer has failed."""
    async with asyncio.timeout(seconds):
        while not await condition():  # type: ignore[operator]  # noqa: ASYNC110  (another process is waited for)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_service(folder: Path, slack: FakeSlack) -> AsyncIterator[tuple[str, Log, asyncio.Event]]:
    settings = NotifierSettings.load(
        data=folder, notifier_port=0, slack_token=TOKEN, slack_base_url=slack.url, slack_signing_secret=SECRET
    )
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with open_carriage(settings, topics=[topic.name for topic in TOPICS]) as carriage:
        running = asyncio.create_task(serve(carriage, settings, ready.set_result))
        yield await ready, carriage.log, carriage.stop
        carriage.stop.set()
        await asyncio.wait_for(running, 60)


async def test_from_the_log_to_slack_and_back(tmp_path: Path) -> None:
    async with FakeSlack() as slack, a_service(tmp_path, slack) as (url, log, _):
        await log.append(PLAYS.name, messages(a_play(at=datetime.now(UTC), recipients=GRACE)))

        async def delivered() -> bool:
            return bool(await facts(log, DELIVERIES, delivery.DECODER))

        await until(delivered)
        body, headers = signed(a_press(a_handoff()), datetime.now(UTC))
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{url}/slack/interactivity", content=body, headers=headers)

        async def updated() -> bool:
            return slack.messages[0].updates > 0

        await until(updated)
        (act,) = await facts(log, FEEDBACK, feedback.DECODER)

        assert answer.status_code == 200
        assert act.actor == "grace"  # type: ignore[attr-defined]  # it is an act of hers
        assert len(slack.messages) == 1


async def test_killed_after_slacks_answer_there_is_still_one_card(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        settings = Settings.load(data=tmp_path)
        async with make_log(settings, SystemClock()) as log:
            await log.append(PLAYS.name, messages(a_play(at=datetime.now(UTC), recipients=GRACE)))
        killed = await a_process(tmp_path, slack, PLAYCALLER_FAILPOINT="notifier.sent")

        assert await asyncio.wait_for(killed.wait(), 120) == -signal.SIGKILL
        assert len(slack.messages) == 1

        again = await a_process(tmp_path, slack)
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")

        async def settled() -> bool:
            async with database.reading() as connection:
                rows = (await connection.execute(tables.DELIVERIES.select())).all()
            return [row.state for row in rows] == ["delivered"]

        await until(settled)
        again.terminate()
        await database.close()

        assert await asyncio.wait_for(again.wait(), 120) == 0
        assert len(slack.messages) == 1
        assert "conversations.history" in slack.calls


async def a_process(folder: Path, slack: FakeSlack, **more: str) -> asyncio.subprocess.Process:
    """`playcaller notifier`, as an operator starts it."""
    environment = {
        **os.environ,
        "PLAYCALLER_DATA": str(folder),
        "PLAYCALLER_NOTIFIER_PORT": "0",
        "PLAYCALLER_SLACK_TOKEN": TOKEN,
        "PLAYCALLER_SLACK_BASE_URL": slack.url,
        "PLAYCALLER_LOG_LEVEL": "WARNING",
        **more,
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "playcaller", "notifier", env=environment)


async def test_what_is_old_is_forgotten_and_what_is_under_way_is_not(database: Database, tmp_path: Path) -> None:
    async with a_rig(database, tmp_path) as rig:
        await rig.take(a_play(expires_at=None))
        await rig.work()
        await rig.take(a_play(handoff=a_handoff("waiting"), expires_at=None))
        rig.clock.advance(timedelta(days=31))
        forgotten = await forget_by_age(database, rig.clock, timedelta(days=30))
        left = [row.handoff for row in await rig.rows(tables.HANDOFFS)]

    assert forgotten == 1
    assert left == [a_handoff("waiting")]


@pytest.mark.parametrize("given", [{"notifier_host": "0.0.0.0"}, {"smtp_from": "nobody"}])
async def test_settings_that_do_not_hold_stop_the_start(tmp_path: Path, given: dict[str, str]) -> None:
    settings = NotifierSettings.load(data=tmp_path, notifier_port=0, **given)
    async with open_carriage(settings) as carriage:
        with pytest.raises(SystemExit, match="PLAYCALLER_"):
            await serve(carriage, settings)
