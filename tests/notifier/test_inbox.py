"""The inbox: whose plays, which first, and who may look and press."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.database import Database
from schemas.feedback import HandoffAccepted, HandoffRejected, TriageDecided
from services.notifier.guard import COOKIE, checked_binding
from services.notifier.settings import NotifierSettings
from tests.notifier.builders import NOON, a_brief, a_handoff, a_play, a_recipient, a_triage, an_erasure, an_update
from tests.notifier.rig import Rig, a_rig

GRACE = (a_recipient("grace", "Grace Hopper", "inbox"),)
JONAS = (a_recipient("jonas", "Jonas Weber", "inbox"),)
PAGE = "/inbox/of/grace"


@asynccontextmanager
async def an_inbox(folder: Path, **given: Any) -> AsyncIterator[Rig]:
    database = Database(f"sqlite+aiosqlite:///{folder}/state.db")
    async with a_rig(database, folder, **given) as rig:
        later = NOON + timedelta(hours=2)
        await rig.take(
            a_play(handoff=a_handoff("slow"), recipients=GRACE, brief=a_brief(name="Slow Joe"), accept_by=later),
            a_play(recipients=GRACE),
            a_triage(recipients=GRACE, accept_by=later),
            a_play(handoff=a_handoff("other"), person="jonas", recipients=JONAS, brief=a_brief(name="Not Graces")),
        )
        await rig.work()
        yield rig
    await database.close()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with an_inbox(tmp_path) as one:
        yield one


async def a_form(rig: Rig, page: str = PAGE, **over: str) -> dict[str, str]:
    token = re.findall(r'name="token" value="([^"]+)"', (await rig.client.get(page)).text)[0]
    return {"token": token, "handoff": str(a_handoff()), "action": "accept", **over}


async def test_the_front_door_leads_to_somebody_with_work(rig: Rig) -> None:
    answer = await rig.client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/of/grace")


async def test_the_play_whose_deadline_is_nearest_is_open(rig: Rig) -> None:
    page = (await rig.client.get(PAGE)).text

    assert "<h1>Ada Lovelace</h1>" in page
    assert "+49 30 901820" in page
    assert "Now: within the next 10 minutes" in page
    assert "Not Graces" not in page


async def test_accept_answers_by_leading_back_and_the_card_says_so(rig: Rig) -> None:
    form = await a_form(rig)
    answers = [await rig.client.post(PAGE, data=form) for _ in range(2)]
    page = (await rig.client.get(answers[0].headers["location"])).text

    (act,) = await rig.feedback()
    assert [one.status_code for one in answers] == [303, 303]
    assert isinstance(act, HandoffAccepted)
    assert (act.actor, act.via) == ("grace", "inbox")
    assert "Grace Hopper accepted it" in page


async def test_a_lead_is_given_back_until_a_day(rig: Rig) -> None:
    form = await a_form(rig, action="reject", choice="no_answer", again_on="2026-12-01")
    answer = await rig.client.post(PAGE, data=form)
    page = (await rig.client.get(answer.headers["location"])).text

    (act,) = await rig.feedback()
    assert isinstance(act, HandoffRejected)
    assert act.again_on == date(2026, 12, 1)
    assert "to be seen again on Tue 1 Dec 2026" in page


async def test_a_triage_item_is_decided(rig: Rig) -> None:
    triage = str(a_handoff("triage"))
    form = await a_form(rig, f"{PAGE}?card={triage}", handoff=triage, action="triage", choice="pass")
    await rig.client.post(PAGE, data=form)

    assert [type(act) for act in await rig.feedback()] == [TriageDecided]


async def test_the_routers_word_replaces_what_was_said_at_once(rig: Rig) -> None:
    await rig.client.post(PAGE, data=await a_form(rig))
    await rig.take(an_update(recipients=GRACE))
    page = (await rig.client.get(f"{PAGE}?card={a_handoff()}")).text

    assert "Accepted: yours to work" in page
    assert 'id="attempt"' in page
    assert 'value="accept"' not in page


async def test_the_tag_changes_with_every_change_and_only_then(rig: Rig) -> None:
    async def tag() -> str:
        return str((await rig.client.get(f"{PAGE}/tag")).json()["tag"])

    first = await tag()
    again = await tag()
    await rig.client.post(PAGE, data=await a_form(rig))
    pressed = await tag()
    await rig.take(an_update(recipients=GRACE))
    updated = await tag()

    assert first == again
    assert len({first, pressed, updated}) == 3


async def test_slacks_and_the_mails_view_show_what_is_really_sent(rig: Rig) -> None:
    slack = (await rig.client.get(f"{PAGE}?view=slack")).text
    mail = await rig.client.get(f"{PAGE}/mail/{a_handoff()}")

    assert "A · Ada Lovelace · Vice President Operations, Acme Industries" in slack
    assert "nobody sees a pump failing" in slack
    assert "/act/" in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]
    assert "script-src" not in mail.headers["content-security-policy"]


async def test_the_erased_are_gone_from_the_page(rig: Rig) -> None:
    await rig.take(an_erasure())
    pages = [
        (await rig.client.get(f"{PAGE}?card={a_handoff()}&view={view}")).text for view in ("play", "slack", "email")
    ]

    assert not any("Ada" in page or "Lovelace" in page for page in pages)
    assert "asked to be forgotten" in pages[0]


async def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    hostile = '<img src=x onerror="alert(1)"></title><script>alert(2)</script>{{7*7}}'
    async with an_inbox(tmp_path) as rig:
        brief = a_brief(name=hostile, title=hostile, company=hostile, phone=hostile, email=hostile, why_now=(hostile,))
        await rig.take(a_play(handoff=a_handoff("bobby"), recipients=GRACE, brief=brief, notice=hostile))
        await rig.work()
        for view in ("play", "slack", "email"):
            page = (await rig.client.get(f"{PAGE}?card={a_handoff('bobby')}&view={view}&problem={hostile}")).text

            assert "<img" not in page
            assert "<script>" not in page
            assert "49" not in page.partition("<h1>")[2].partition("</h1>")[0]


async def test_nothing_is_loaded_from_anywhere_else_and_nothing_is_inline(rig: Rig) -> None:
    answer = await rig.client.get(PAGE)
    sources = re.findall(r'(?:src|href|action)="(?!data:|tel:|mailto:)([^"]+)"', answer.text)
    outside = [one for one in sources if not one.startswith(("/", "#", "https://brightwater.example/"))]

    assert outside == []
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8090", "[::", "x@y"]
)
async def test_another_host_name_gets_nothing(rig: Rig, host: str) -> None:
    answer = await rig.client.get(PAGE, headers={"Host": host})

    assert answer.status_code == 421
    assert "Ada" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
    ],
)
async def test_a_form_from_elsewhere_does_nothing(rig: Rig, headers: dict[str, str]) -> None:
    answer = await rig.client.post(PAGE, data=await a_form(rig), headers=headers)

    assert (answer.status_code, await rig.feedback()) == (403, [])


async def test_a_form_without_the_sessions_token_does_nothing(rig: Rig) -> None:
    form = await a_form(rig)
    statuses = [(await rig.client.post(PAGE, data={**form, "token": token})).status_code for token in ("", "forged")]
    rig.client.cookies.clear()
    statuses.append((await rig.client.post(PAGE, data=form)).status_code)

    assert statuses == [403, 403, 403]
    assert await rig.feedback() == []


async def test_the_log_away_is_a_503_and_nothing_was_done(rig: Rig) -> None:
    form = await a_form(rig)
    rig.log.away = True
    answer = await rig.client.post(PAGE, data=form)
    rig.log.away = False

    assert (answer.status_code, await rig.feedback()) == (503, [])


def from_elsewhere(rig: Rig, peer: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(rig.client._transport.app, client=(peer, 1234))  # type: ignore[attr-defined]  # it is one
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090")


async def test_the_token_opens_the_inbox_and_nothing_else_does(tmp_path: Path) -> None:
    async with an_inbox(tmp_path, inbox_token="open sesame") as rig:
        locked = await rig.client.get(PAGE)
        wrong = await rig.client.post("/inbox/enter", data={"token": "guess"})
        still = await rig.client.get(PAGE)
        entered = await rig.client.post("/inbox/enter", data={"token": "open sesame"})
        opened = await rig.client.get(PAGE)

    assert [one.status_code for one in (locked, wrong, still, entered, opened)] == [401, 401, 401, 303, 200]
    assert "Ada" not in locked.text
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert entered.headers["set-cookie"].startswith(COOKIE)


async def test_the_proxys_header_counts_from_the_proxy_only(tmp_path: Path) -> None:
    async with an_inbox(tmp_path, trusted_proxies="10.1.0.0/16") as rig:
        says = {"X-Forwarded-Email": "grace"}
        async with from_elsewhere(rig, "10.1.2.3") as proxy, from_elsewhere(rig, "10.2.0.1") as stranger:
            hers = await proxy.get(PAGE, headers=says)
            not_hers = await proxy.get("/inbox/of/jonas", headers=says)
            nobody = await proxy.get(PAGE)
            liar = await stranger.get(PAGE, headers=says)

    assert [one.status_code for one in (hers, not_hers, nobody, liar)] == [200, 404, 401, 403]
    assert "Jonas Weber" not in hers.text


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "inbox.example"])
def test_it_refuses_to_listen_in_the_open(host: str) -> None:
    with pytest.raises(SystemExit, match="PLAYCALLER_INBOX_TOKEN"):
        checked_binding(NotifierSettings.load(notifier_host=host))

    checked_binding(NotifierSettings.load(notifier_host=host, inbox_token="x"))
    checked_binding(NotifierSettings.load(notifier_host=host, trusted_proxies="10.0.0.0/8"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_loopback_needs_nothing(host: str) -> None:
    checked_binding(NotifierSettings.load(notifier_host=host))


async def test_without_any_play_the_page_says_so_kindly(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    async with a_rig(database, tmp_path) as rig:
        answer = await rig.client.get("/inbox")
    await database.close()

    assert answer.status_code == 200
    assert "No plays yet" in answer.text
