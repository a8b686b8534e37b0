"""What every channel promises, whoever wrote it: honest outcomes, one card, harmless text, no secrets."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.discovery import discover
from schemas.handoff import HandoffState
from schemas.play import DeliverPlay
from services.notifier.card import Card
from services.notifier.channel import Absent, Channel, ChannelPlugin, Delivered, Failed, Means, Outcome, Unknown
from services.notifier.service import CHANNELS
from services.notifier.settings import NotifierSettings
from tests.notifier.builders import NOON, a_brief, a_card, a_play, a_text
from tests.notifier.rig import migrated
from tests.notifier.staging import Stage, Staging, Trouble

PLUGINS = discover(CHANNELS, "CHANNEL", ChannelPlugin)
STAGES = discover("tests.notifier.stages", "STAGE", Staging)
SHORT, LONG = 0.8, 60.0
"""Seconds a call may take: short where the provider hangs on purpose."""
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
HOSTILE = (
    "<b>Bobby</b><script>alert(1)</script>",
    "<!channel> <@U0ADMIN> @everyone *bold* _it_ `code` :tada: & <https://evil.example|click>",
    "Ada\r\nBcc: everybody@evil.example\r\n\r\nhello",
    "http://evil.example/x www.evil.example javascript:alert(1) data:text/html,hi",
    "\u202eevil\u2066 \x00\x1b[31m \ud800 {{ 7 * 7 }} {% raw %} %s {0}",
    'x" onmouseover="alert(1)',
)


@dataclass
class Scene:
    """One channel, open, before its stage."""

    plugin: ChannelPlugin
    channel: Channel
    stage: Stage
    staging: Staging

    def card(self, play: DeliverPlay | None = None) -> Card:
        return self.staging.dresses(a_card(play))

    def hostile_card(self, text: str) -> Card:
        return self.staging.dresses(a_hostile_card(text))


@pytest.fixture(params=sorted(PLUGINS))
async def scene(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    plugin, staging = PLUGINS[request.param], STAGES[request.param]
    for name, value in staging.environment.items():
        monkeypatch.setenv(name, value)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    await migrated(database)
    async with staging.open(database) as (stage, given):
        hangs = request.node.callspec.params.get("trouble") is Trouble.HANG or "secret" in request.node.name
        made = NotifierSettings.load(data=tmp_path, delivery_timeout=SHORT if hangs else LONG, **given)
        channel = await plugin.open(Means(made, database, ManualClock(NOON)))
        assert channel is not None
        yield Scene(plugin, channel, stage, staging)
        await channel.close()
    await database.close()


def a_key() -> str:
    return str(uuid4())


def word_of(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return "delivered"
        case Failed():
            return outcome.fault.value
        case Unknown():
            return "unknown"


def a_hostile_card(text: str) -> Card:
    brief = a_brief(name=text, title=text, company=text, interest=text, why_now=(text,), history=(text,))
    play = a_play(brief=brief, play=a_text(talk_track=f"Hello {text}, Grace here."), notice=text)
    return replace(a_card(play), notice=text)


def test_every_channel_has_a_stage() -> None:
    assert sorted(STAGES) == sorted(PLUGINS)


async def test_a_card_is_delivered_once_with_the_whole_play(scene: Scene) -> None:
    outcome = await scene.channel.send(scene.card(), scene.stage.address, a_key())

    assert word_of(outcome) == "delivered"
    assert len(scene.stage.shown()) == 1
    if scene.stage.active():
        assert [one for one in scene.staging.carries if one not in scene.stage.shown()[0]] == []


@pytest.mark.parametrize("trouble", list(Trouble))
async def test_trouble_becomes_the_honest_outcome(scene: Scene, trouble: Trouble) -> None:
    expected = scene.staging.expects.get(trouble)
    if expected is None:
        return  # this provider cannot get into that trouble: its stage says so
    address = scene.stage.trouble(trouble)

    async with asyncio.timeout(LONG):
        outcome = await scene.channel.send(scene.card(), address, a_key())

    assert word_of(outcome) == expected.outcome
    if expected.outcome not in {"delivered", "unknown"}:
        assert scene.stage.shown() == []
    if expected.retry_after is not None:
        assert isinstance(outcome, Failed)
        assert outcome.retry_after == expected.retry_after


async def test_an_unknown_outcome_is_found_where_the_provider_can_be_asked(scene: Scene) -> None:
    key = a_key()
    await scene.channel.send(scene.card(), scene.stage.address, key)

    found = await scene.channel.reconcile(key, scene.stage.address)
    other = await scene.channel.reconcile(a_key(), scene.stage.address)

    if scene.plugin.capabilities.reconciles:
        assert isinstance(found, Delivered)
        assert isinstance(other, Absent)
    else:
        assert isinstance(found, Unknown)
        assert isinstance(other, Unknown)


async def test_a_message_in_a_thread_is_found_there(scene: Scene) -> None:
    first = await scene.channel.send(scene.card(), scene.stage.address, a_key())
    assert isinstance(first, Delivered)
    key = a_key()
    second = await scene.channel.send(scene.card(), scene.stage.address, key, first.handle)

    assert isinstance(second, Delivered)
    if scene.plugin.capabilities.reconciles:
        assert await scene.channel.reconcile(key, scene.stage.address, first.handle) == replace(
            second, detail="found by its key" if scene.plugin.name == "slack" else ""
        )


async def test_sending_a_key_twice_shows_one_card_where_that_is_promised(scene: Scene) -> None:
    key = a_key()
    for _ in range(2):
        assert isinstance(await scene.channel.send(scene.card(), scene.stage.address, key), Delivered)

    assert len(scene.stage.shown()) == (1 if scene.plugin.capabilities.idempotent else 2)


async def test_a_card_is_changed_in_place_where_that_is_promised(scene: Scene) -> None:
    sent = await scene.channel.send(scene.card(), scene.stage.address, a_key())
    assert isinstance(sent, Delivered)
    accepted = scene.card(a_play(state=HandoffState.ACCEPTED, version=3))
    outcomes = [await scene.channel.update(sent.handle, accepted) for _ in range(2)]

    assert len(scene.stage.shown()) == 1
    if scene.plugin.capabilities.updates:
        assert [word_of(one) for one in outcomes] == ["delivered", "delivered"]
        assert not scene.stage.active() or "Accepted: yours to work" in scene.stage.shown()[0]
    else:
        assert "delivered" not in [word_of(one) for one in outcomes]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_stranger_typed_makes_nothing_active(scene: Scene, text: str) -> None:
    await scene.channel.send(scene.hostile_card("Grace"), scene.stage.address, a_key())
    harmless = scene.stage.active()
    outcome = await scene.channel.send(scene.hostile_card(text), scene.stage.address, a_key())

    assert word_of(outcome) == "delivered"
    assert scene.stage.active() == harmless


@settings(
    max_examples=max(8, settings.default.max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(alphabet=st.characters(codec=None), min_size=1, max_size=400))
def test_no_text_at_all_makes_anything_active(scene: Scene, text: str) -> None:
    """The loop that the fixture's servers run on is driven from here. Blank text leaves a part out, never adds one."""
    loop = asyncio.get_event_loop_policy().get_event_loop()
    harmless, active = loop.run_until_complete(_both(scene, text))

    assert Counter(active) - Counter(harmless) == Counter()


async def _both(scene: Scene, text: str) -> tuple[list[str], list[str]]:
    await scene.channel.send(scene.hostile_card("Grace"), scene.stage.address, a_key())
    harmless = scene.stage.active()
    assert word_of(await scene.channel.send(scene.hostile_card(text), scene.stage.address, a_key())) == "delivered"
    return harmless, scene.stage.active()


async def test_no_secret_reaches_a_message_an_outcome_or_a_log(
    scene: Scene, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [await scene.channel.send(scene.card(), scene.stage.address, a_key())]
    said += [
        await scene.channel.send(scene.card(), scene.stage.trouble(trouble), a_key())
        for trouble in scene.staging.expects
    ]
    everything = "".join([*scene.stage.shown(), *map(repr, said), repr(scene.channel)])
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail.")) + str(
        capsys.readouterr()
    )

    for secret in scene.stage.secrets:
        assert secret not in everything
        assert secret not in logged
    assert "ada@acme.example" not in "".join(map(repr, said))
