"""H6: the marketing tool is told once who enters a track and who leaves it, whatever dies, fails or comes twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.database import Database
from schemas.enrolment import ChangeEnrolment, EnrolmentStep
from services.notifier import tables
from services.notifier.channel import OpenChannel, Outcome
from services.notifier.channels.nurture import Nurture
from tests.notifier.builders import NOON, a_handoff, a_play, an_enrolment, an_erasure
from tests.notifier.marketing_tool import DROP, SECRET, MarketingTool, a_marketing_tool
from tests.notifier.rig import Died, Lost, Rig, a_rig

STAY = a_handoff("ada's stay")


@pytest.fixture
async def tool() -> AsyncIterator[MarketingTool]:
    async with a_marketing_tool() as made:
        yield made


@pytest.fixture
async def rig(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setenv("PLAYCALLER_NURTURE_SECRET", SECRET)
    async with a_rig(database, tmp_path) as made:
        yield made


def entering(tool: MarketingTool, **over: object) -> ChangeEnrolment:
    return an_enrolment(address=tool.url, **over)


def leaving(tool: MarketingTool, **over: object) -> ChangeEnrolment:
    said = {"step": EnrolmentStep.GRADUATED, "reason": "They asked to talk to somebody.", "resolve": "", **over}
    return an_enrolment(address=tool.url, **said)


async def final(rig: Rig) -> list[str]:
    """How each message ended, by its sequence."""
    rows = sorted(await rig.deliveries(), key=lambda row: row.sequence)
    return [row.state for row in rows]


async def test_the_tool_hears_who_why_and_what_to_find_out(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool))
    await rig.work()
    ((key, body),) = tool.took.items()

    assert key == (await rig.deliveries())[0].key
    assert body == {
        "type": "nurture.enrolled",
        "timestamp": "2026-11-24T12:00:00Z",
        "version": 1,
        "data": {
            "enrolment": str(STAY),
            "sequence": 1,
            "lead": str(a_handoff("ada, the lead")),
            "track": "no_budget",
            "since": "2026-11-24T12:00:00Z",
            "reason": "Not ready: “Budget approved” does not hold.",
            "resolve": "Is a budget approved?",
            "verdict": str(a_handoff("the verdict")),
            "cause": str(a_handoff("the form")),
            "contact": {
                "email": "ada@acme.example",
                "name": "Ada Lovelace",
                "title": "",
                "company": "Acme Industries",
                "phone": "",
            },
        },
    }


async def test_a_command_that_comes_often_is_told_once(rig: Rig, tool: MarketingTool) -> None:
    for _ in range(3):
        await rig.take(entering(tool), entering(tool), a_play())
        await rig.work()

    assert len(tool.asked) == 1
    assert [one.outcome for one in await rig.recorded() if one.kind == "enrolment"] == ["delivered"]


async def test_every_try_carries_the_same_id_until_it_works(rig: Rig, tool: MarketingTool) -> None:
    tool.script = [503, DROP, 500, 429]
    await rig.take(entering(tool))
    await rig.later(minutes=20)

    assert len(tool.asked) == 5
    assert len(set(tool.asked)) == 1
    assert tool.types == ["nurture.enrolled"]
    assert await final(rig) == ["delivered"]


async def test_the_tool_decides_how_long_to_wait_at_least(rig: Rig, tool: MarketingTool) -> None:
    tool.script, tool.headers = [429], {"Retry-After": "3600"}
    await rig.take(entering(tool))
    await rig.later(minutes=59)
    before = len(tool.asked)
    await rig.later(minutes=2)

    assert (before, len(tool.asked)) == (1, 2)


async def test_a_tool_that_is_down_for_hours_is_told_after_all(rig: Rig, tool: MarketingTool) -> None:
    tool.script = [503] * 200
    await rig.take(entering(tool))
    await rig.later(hours=3)
    tool.script = []
    await rig.later(minutes=11)

    assert tool.types == ["nurture.enrolled"]


async def test_after_the_deadline_nobody_is_told_and_the_log_says_so(rig: Rig, tool: MarketingTool) -> None:
    tool.script = [503] * 50
    await rig.take(entering(tool, expires_at=NOON + timedelta(minutes=5)))
    await rig.later(minutes=6)

    assert await final(rig) == ["failed"]
    assert [(one.outcome, one.channel) for one in await rig.recorded()] == [("failed", "nurture")]


async def test_a_sender_that_dies_leaves_one_enrolment(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool))
    for dies in (Lost, Died):
        rig.channels["nurture"] = OpenChannel("nurture", rig.channels["nurture"].capabilities, Dying(rig, dies))
        rig.courier._channels = rig.channels
        await rig.work()
        rig.channels["nurture"] = OpenChannel("nurture", rig.channels["nurture"].capabilities, real_of(rig))
        await rig.die()
    await rig.later(minutes=1)

    assert len(tool.asked) >= 2
    assert (len(set(tool.asked)), tool.types) == (1, ["nurture.enrolled"])
    assert await final(rig) == ["delivered"]


class Dying:
    """The real channel in a process that dies at its first call: before anything left it, or after."""

    def __init__(self, rig: Rig, dies: type[BaseException]) -> None:
        self.real, self._dies = real_of(rig), dies

    async def send(self, *arguments: object) -> Outcome:
        if self._dies is Died:
            await self.real.send(*arguments)  # type: ignore[arg-type]  # passed on as they came
        raise self._dies

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


def real_of(rig: Rig) -> Nurture:
    found = rig.channels["nurture"].channel
    return found.real if isinstance(found, Dying) else found  # type: ignore[return-value]  # it is the real one


@pytest.mark.parametrize("status", [400, 410, 413, 422])
async def test_what_the_tool_will_never_take_is_told_once(rig: Rig, tool: MarketingTool, status: int) -> None:
    tool.script = [status]
    await rig.take(entering(tool))
    await rig.later(hours=1)

    assert len(tool.asked) == 1
    assert [(one.outcome, one.detail) for one in await rig.recorded()] == [("failed", f"the tool answered {status}")]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_somebody_can_mend_is_told_once_it_is_mended(rig: Rig, tool: MarketingTool, status: int) -> None:
    tool.script = [status, status]
    await rig.take(entering(tool))
    await rig.later(hours=1)

    assert tool.types == ["nurture.enrolled"]


async def test_a_redirect_is_not_followed(rig: Rig, tool: MarketingTool) -> None:
    async with a_marketing_tool() as elsewhere:
        tool.script, tool.headers = [307] * 50, {"Location": elsewhere.url}
        await rig.take(entering(tool))
        await rig.later(minutes=30)

    assert elsewhere.asked == []
    assert (await rig.deliveries())[0].detail.startswith("the tool answered 307: redirects are not followed")


async def test_whoever_leaves_is_told_after_whoever_enters(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool))
    await rig.work()
    await rig.take(leaving(tool, at=NOON + timedelta(days=9)))
    await rig.work()
    last = list(tool.took.values())[-1]

    assert tool.types == ["nurture.enrolled", "nurture.graduated"]
    assert (last["data"]["sequence"], last["data"]["since"]) == (2, "2026-11-24T12:00:00Z")


async def test_whoever_leaves_before_the_tool_was_told_was_never_there(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool), leaving(tool))
    await rig.later(minutes=1)

    assert tool.asked == []
    assert await final(rig) == ["skipped"]


async def test_a_try_that_failed_is_not_repeated_once_the_stay_is_over(rig: Rig, tool: MarketingTool) -> None:
    tool.script = [503]
    await rig.take(entering(tool))
    await rig.work()
    await rig.take(leaving(tool))
    await rig.later(minutes=10)

    assert tool.types == ["nurture.graduated"]
    assert await final(rig) == ["skipped", "delivered"]


async def test_a_try_under_way_while_the_stay_ends_is_not_made(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool))
    (claimed,) = await rig.courier._ledger.claim(1)
    await rig.take(leaving(tool))
    await rig.courier._carry(claimed)
    await rig.work()

    assert tool.types == ["nurture.graduated"]
    assert await final(rig) == ["skipped", "delivered"]


async def test_an_older_command_after_a_newer_one_says_nothing(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(leaving(tool))
    await rig.work()
    await rig.take(entering(tool))
    await rig.work()

    assert tool.types == ["nurture.graduated"]


async def test_the_forgotten_are_taken_out_without_a_name(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool))
    await rig.work()
    await rig.take(an_erasure(STAY))
    await rig.work()
    await rig.take(an_erasure(STAY), leaving(tool))
    await rig.work()
    kept = b"".join([row.play for row in await rig.rows(tables.HANDOFFS)])
    last = list(tool.took.values())[-1]

    assert tool.types == ["nurture.enrolled", "nurture.withdrawn"]
    assert last["data"] == {
        "enrolment": str(STAY),
        "sequence": 3,
        "track": "no_budget",
        "since": "2026-11-24T12:00:00Z",
        "reason": "The person asked to be forgotten.",
    }
    assert b"ada" not in kept.lower()


async def test_the_forgotten_whom_nobody_was_told_of_are_never_mentioned(rig: Rig, tool: MarketingTool) -> None:
    await rig.take(entering(tool), an_erasure(STAY))
    await rig.later(hours=1)
    await rig.take(entering(tool))
    await rig.work()

    assert tool.asked == []
    assert b"ada@acme.example" not in b"".join([row.play for row in await rig.rows(tables.HANDOFFS)])


async def test_without_a_secret_it_waits_until_there_is_one(
    database: Database, tmp_path: Path, tool: MarketingTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_rig(database, tmp_path) as off:
        await off.take(entering(tool))
        await off.later(minutes=30)
        before = len(tool.asked)
    monkeypatch.setenv("PLAYCALLER_NURTURE_SECRET", SECRET)
    async with a_rig(database, tmp_path) as on:
        on.clock.advance(timedelta(minutes=50))
        await on.later(minutes=1)

    assert (before, tool.types) == (0, ["nurture.enrolled"])
