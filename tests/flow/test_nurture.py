"""From a form that is not ready to the marketing tool, and out of it again when the same person asks to talk (H6)."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.flow.conftest import Stage
from tests.flow.senders import consultation, typeform
from tests.notifier.marketing_tool import SECRET, MarketingTool, a_marketing_tool

ROOT = Path(__file__).parents[2]
COLIN = "colin@brightwell.example"


@pytest.fixture(autouse=True)
async def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MarketingTool]:
    """A marketing tool, and a straw man that tells it of every track. The ring starts after it."""
    async with a_marketing_tool() as made:
        made.now = datetime.now(UTC)
        book = tmp_path / "playbook"
        shutil.copytree(ROOT / "playbook", book)
        page = book / "nurture.yaml"
        told = page.read_text("utf-8").replace("    when:\n", f"    webhook: {made.url}\n    when:\n")
        page.write_text(told, "utf-8")
        monkeypatch.setenv("PLAYCALLER_PLAYBOOK", str(book))
        monkeypatch.setenv("PLAYCALLER_NURTURE_SECRET", SECRET)
        yield made


async def heard(tool: MarketingTool, stage: Stage, count: int) -> list[dict[str, object]]:
    """The first so many webhooks that the tool took; deliveries on the log are the news to wait for."""
    assert await stage.audience.until(lambda: len(tool.took) >= count, seconds=60)
    return [body["data"] for body in tool.took.values()]


async def test_one_person_goes_into_the_track_and_out_of_it(stage: Stage, tool: MarketingTool) -> None:
    now = datetime.now(UTC)
    (first,) = await stage.judged(typeform("ebook", now, email=COLIN, title="Get the eBook", budget="no"))  # type: ignore[arg-type]  # one of two kinds of post
    (entered,) = await heard(tool, stage, 1)
    (asked,) = await stage.judged(consultation("call", now, email=COLIN))  # type: ignore[arg-type]  # the same
    _, left = await heard(tool, stage, 2)
    card = stage.card_of(asked)

    assert (first.outcome, asked.outcome) == ("nurture", "pass")
    assert tool.types == ["nurture.enrolled", "nurture.graduated"]
    assert (entered["contact"]["email"], entered["verdict"] is not None) == (COLIN, True)  # type: ignore[index]  # it is a dict
    assert left["enrolment"] == entered["enrolment"]
    assert card.brief.history[-1].startswith("In nurture since ")
    assert len(tool.asked) == 2
