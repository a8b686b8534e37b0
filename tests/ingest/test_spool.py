"""Forms whose sender never tries again wait on disk while the log is away: durable, bounded, in order."""

import asyncio
from pathlib import Path
from urllib.parse import urlencode

from services.ingest.spool import Spool
from tests.ingest.doors import PAGE, House, house

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": PAGE}


async def post(home: House, name: str) -> int:
    body = urlencode({"email": f"{name}@acme.example", "message": name})
    return (await home.client.post("/webhooks/html_form", content=body, headers=FORM)).status_code


async def said(home: House) -> list[str]:
    return [claim.value for event in await home.events() for claim in event.claims if claim.field == "message"]


async def test_what_came_while_the_log_was_away_stands_on_it_afterwards_in_order(home: House) -> None:
    home.log.away = True
    before = [await post(home, name) for name in ("ada", "grace", "joan")]
    home.log.away = False
    await home.spool.flush()

    assert before == [303, 303, 303]
    assert await said(home) == ["ada", "grace", "joan"]
    assert home.spool.waiting == 0


async def test_a_form_does_not_overtake_those_that_wait(home: House) -> None:
    home.log.away = True
    await post(home, "ada")
    home.log.away = False
    await post(home, "grace")
    waiting = home.spool.waiting
    await home.spool.flush()

    assert waiting == 2
    assert await said(home) == ["ada", "grace"]


async def test_another_process_finds_what_this_one_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.log.away = True
        await post(home, "ada")
        home.log.away = False
        heir = Spool(tmp_path / "spool", home.log, limit=1_000_000)
        drained = await heir.flush()

        assert drained == 1
        assert await said(home) == ["ada"]


async def test_it_drains_by_itself_once_the_log_is_back(home: House) -> None:
    stop, home.log.appended = asyncio.Event(), asyncio.Event()
    home.log.away = True
    await post(home, "ada")
    draining = asyncio.create_task(home.spool.drain(stop, every=0.01))
    home.log.away = False
    await asyncio.wait_for(home.log.appended.wait(), 60)
    stop.set()
    await draining

    assert await said(home) == ["ada"]


async def test_a_full_spool_is_an_honest_503(tmp_path: Path) -> None:
    async with house(tmp_path, ingest_spool_limit=10) as home:
        home.log.away = True

        assert await post(home, "ada") == 503


async def test_a_torn_entry_is_put_aside_and_stops_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        (tmp_path / "spool" / "0-torn.waiting").write_bytes(b"half of")
        (tmp_path / "spool" / "1-unfinished.part").write_bytes(b"")
        home.log.away = True
        await post(home, "ada")
        home.log.away = False
        heir = Spool(tmp_path / "spool", home.log, limit=1_000_000)
        await heir.flush()

        assert await said(home) == ["ada"]
        assert [one.name for one in (tmp_path / "spool").iterdir()] == ["0-torn.corrupt"]
