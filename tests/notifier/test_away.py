"""A rep says in their own inbox that they are away, or back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from schemas.feedback import AbsenceDeclared
from tests.notifier.builders import NOON
from tests.notifier.rig import Rig
from tests.notifier.test_inbox import PAGE, a_form, an_inbox


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with an_inbox(tmp_path) as one:
        yield one


async def an_absence(rig: Rig, **over: str) -> httpx.Response:
    """Grace says on her page that she is away."""
    form = {"token": (await a_form(rig))["token"], "choice": "away", **over}
    return await rig.client.post(f"{PAGE}/away", data=form)


async def test_a_rep_says_that_they_are_away_and_later_that_they_are_back(rig: Rig) -> None:
    last = (NOON + timedelta(days=4)).date()
    away = await an_absence(rig, last=last.isoformat())
    back = await an_absence(rig, choice="back")
    first, second = await rig.feedback()

    assert (away.status_code, back.status_code) == (200, 200)
    assert f"{last:%A}, {last.day} {last:%B}" in away.text
    assert isinstance(first, AbsenceDeclared)
    assert (first.rep, first.actor, first.first, first.last, first.via) == ("grace", "grace", None, last, "inbox")
    assert isinstance(second, AbsenceDeclared)
    assert (second.rep, second.last) == ("grace", None)


async def test_a_double_click_on_away_is_one_absence(rig: Rig) -> None:
    form = {
        "token": (await a_form(rig))["token"],
        "choice": "away",
        "last": (NOON + timedelta(days=4)).date().isoformat(),
    }
    for _ in range(2):
        await rig.client.post(f"{PAGE}/away", data=form)

    assert len({fact.id for fact in await rig.feedback()}) == 1


@pytest.mark.parametrize("last", ["", "friday", "1999-12-31", "9999-12-31"])
async def test_an_absence_without_a_day_that_can_be_meant_is_told_so(rig: Rig, last: str) -> None:
    answer = await an_absence(rig, last=last)

    assert answer.status_code == 422
    assert "last day" in answer.text
    assert await rig.feedback() == []


async def test_nobody_says_for_somebody_else_that_they_are_away(rig: Rig) -> None:
    forged = await rig.client.post(f"{PAGE}/away", data={"token": "forged", "choice": "back"})
    elsewhere = await rig.client.post(
        f"{PAGE}/away", data={"choice": "back"}, headers={"Origin": "https://evil.example"}
    )

    assert (forged.status_code, elsewhere.status_code) == (403, 403)
    assert await rig.feedback() == []
