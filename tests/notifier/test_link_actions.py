"""Links in mails: looking never acts, a person's press acts once, and a forged or old link does nothing."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from runtime.database import Database
from schemas.feedback import HandoffAccepted, HandoffRejected
from schemas.handoff import HandoffState
from services.notifier.links import Links
from tests.notifier.builders import a_handoff, a_play, a_recipient, an_update
from tests.notifier.rig import Rig, a_rig

MAILED = (a_recipient("grace", "Grace Hopper", "inbox"),)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    async with a_rig(database, tmp_path) as made:
        await made.take(a_play(recipients=MAILED))
        await made.work()
        yield made
    await database.close()


def a_link(rig: Rig, person: str = "grace") -> str:
    return rig.links.act_url(a_handoff(), person).removeprefix(rig.links.public_url)


async def a_form(rig: Rig, link: str, **over: str) -> dict[str, str]:
    page = (await rig.client.get(link)).text
    (token,) = set(re.findall(r'name="token" value="([^"]+)"', page))
    return {"token": token, "handoff": str(a_handoff()), "action": "accept", **over}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_scanner_that_opens_the_link_changes_nothing(rig: Rig, method: str) -> None:
    for _ in range(5):
        assert (await rig.client.request(method, a_link(rig))).status_code == 200

    assert await rig.feedback() == []


async def test_the_page_shows_the_play_and_an_empty_choice(rig: Rig) -> None:
    answer = await rig.client.get(a_link(rig))

    assert "Ada Lovelace" in answer.text
    assert "Acting as <strong>Grace Hopper</strong>" in answer.text
    assert " checked" not in answer.text
    assert " selected" not in answer.text


async def test_the_page_is_not_stored_framed_indexed_or_told_about(rig: Rig) -> None:
    headers = (await rig.client.get(a_link(rig))).headers

    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert "noindex" in headers["x-robots-tag"]
    assert "script-src 'self'" in headers["content-security-policy"]


async def test_a_press_acts_once_however_often_it_is_sent(rig: Rig) -> None:
    link = a_link(rig)
    form = await a_form(rig, link)
    answers = [await rig.client.post(link, data=form) for _ in range(3)]

    (act,) = await rig.feedback()
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert isinstance(act, HandoffAccepted)
    assert (act.actor, act.via) == ("grace", "email")
    assert "Grace Hopper accepted it" in answers[0].text


async def test_a_rejection_without_a_reason_is_asked_for_one(rig: Rig) -> None:
    link = a_link(rig)
    answer = await rig.client.post(link, data=await a_form(rig, link, action="reject"))

    assert (answer.status_code, await rig.feedback()) == (422, [])
    assert "Choose a reason" in answer.text


async def test_a_rejection_with_a_reason_is_recorded(rig: Rig) -> None:
    link = a_link(rig)
    await rig.client.post(link, data=await a_form(rig, link, action="reject", choice="bad_data", note="no such firm"))

    (act,) = await rig.feedback()
    assert isinstance(act, HandoffRejected)
    assert (act.reason, act.note) == ("bad_data", "no such firm")


async def test_who_gives_a_lead_back_may_choose_the_day_to_see_it_again(rig: Rig) -> None:
    link = a_link(rig)
    page = (await rig.client.get(link)).text
    days = set(re.findall(r'name="again_on" min="([^"]+)" max="([^"]+)"', page))
    form = await a_form(rig, link, action="reject", choice="not_ready", again_on="2026-12-01")
    answer = await rig.client.post(link, data=form)

    (act,) = await rig.feedback()
    assert isinstance(act, HandoffRejected)
    assert act.again_on == date(2026, 12, 1)
    assert days == {("2026-11-25", "2027-11-25")}
    assert "not ready yet, to be seen again on Tue 1 Dec 2026" in answer.text


async def test_a_day_that_is_over_is_asked_for_again(rig: Rig) -> None:
    link = a_link(rig)
    form = await a_form(rig, link, action="reject", choice="not_ready", again_on="2026-11-23")
    answer = await rig.client.post(link, data=form)

    assert (answer.status_code, await rig.feedback()) == (422, [])
    assert "between tomorrow and a year from now" in answer.text


async def test_a_post_without_the_pages_token_does_nothing(rig: Rig) -> None:
    link = a_link(rig)
    form = await a_form(rig, link)
    stolen = await a_form(rig, a_link(rig, "felix"))
    answers = [
        await rig.client.post(link, data={**form, "token": ""}),
        await rig.client.post(link, data={**form, "token": "forged"}),
        await rig.client.post(link, data={**form, "token": stolen["token"]}),
        await rig.client.post(link, data={**form, "handoff": str(a_handoff("another"))}),
    ]

    assert {one.status_code for one in answers} == {403}
    assert await rig.feedback() == []


async def test_a_forged_or_foreign_link_is_nobody(rig: Rig) -> None:
    foreign = Links("another secret", "http://127.0.0.1:8090", 72).act_url(a_handoff(), "grace").rpartition("/")[2]
    for token in ("x", "a.b.c", foreign, "%00", "é"):
        assert (await rig.client.get(f"/act/{token}")).status_code == 410
        assert (await rig.client.post(f"/act/{token}", data={"action": "accept"})).status_code == 410


def test_a_link_expires() -> None:
    fresh = Links("a secret", "https://plays.example", 72)
    token = fresh.act_url(a_handoff(), "grace").removeprefix("https://plays.example/act/")

    assert fresh.read(token) is not None
    assert Links("a secret", "https://plays.example", -1).read(token) is None


async def test_who_is_not_an_actor_any_more_is_told_so(rig: Rig) -> None:
    link = a_link(rig)
    form = await a_form(rig, link)
    await rig.take(an_update(recipients=MAILED, state=HandoffState.OFFERED, assignee="jonas", actors=("jonas",)))
    answer = await rig.client.post(link, data=form)

    assert (answer.status_code, await rig.feedback()) == (409, [])
    assert "not yours" in answer.text


async def test_the_log_away_is_a_503_that_says_so(rig: Rig) -> None:
    link = a_link(rig)
    form = await a_form(rig, link)
    rig.log.away = True
    answer = await rig.client.post(link, data=form)
    rig.log.away = False

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "could not be recorded" in answer.text
    assert await rig.feedback() == []


async def test_after_the_answer_the_page_shows_the_state_instead_of_the_choice(rig: Rig) -> None:
    link = a_link(rig)
    await rig.client.post(link, data=await a_form(rig, link))
    at_once = (await rig.client.get(link)).text
    rig.clock.advance(timedelta(seconds=61))
    later = (await rig.client.get(link)).text

    assert 'value="accept"' not in at_once
    assert 'value="accept"' in later
