"""Files of the erased: found by whoever they are about, gone once the log says so, and nobody else's with them."""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from runtime.clock import SystemClock
from runtime.log import Message
from runtime.sqlite_log import SqliteLog
from schemas.event import Event, IdentifierKind
from schemas.fact import encode
from schemas.feedback import IdentifiersErased, LeadErased
from schemas.topics import FEEDBACK
from services.ingest.attachments import FileStore
from services.ingest.erasures import Erasures
from services.ingest.holders import person
from services.ingest.records import Recorder
from services.ingest.uuid7 import Uuid7
from tests.ingest.doors import NOW, PAGE, House, house, running

HEADERS = {"Content-Type": "multipart/form-data; boundary=b", "Origin": PAGE}
PATH = "/webhooks/html_form"
ADA, GRACE = "ada@acme.example", "grace@harbour.example"
KEY = b"a key for tests"


def a_form(content: bytes, **fields: str) -> bytes:
    said = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    name = b'Content-Disposition: form-data; name="plan"; filename="plan.pdf"'
    return said + b"--b\r\n" + name + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


async def uploaded(home: House, content: bytes, **fields: str) -> Path:
    """Where the file that came with this form is kept."""
    answer = await home.client.post(PATH, content=a_form(content, **fields), headers=HEADERS)
    (kept,) = (await last(home)).attachments

    assert answer.status_code == 303
    return home.files.path(kept.sha256)


async def last(home: House) -> Event:
    return (await home.events())[-1]


def erasures(home: House) -> Erasures:
    return Erasures(home.log, home.files, Recorder(KEY), home.clock)


def asked(email: str, at: datetime) -> LeadErased:
    return LeadErased(id=Uuid7().at(at), email=email, actor="dana", at=at)


async def said(home: House, fact: LeadErased | IdentifiersErased) -> None:
    await home.log.append(FEEDBACK.name, [Message(fact.id.bytes, encode(fact))])


async def erased(home: House, email: str) -> int:
    """Asked for a minute from now; how many files went."""
    home.clock.advance(timedelta(minutes=1))
    await said(home, asked(email, home.clock.now()))
    return await erasures(home).catch_up()


async def test_the_files_of_the_erased_go_and_those_of_others_stay(home: House) -> None:
    hers = await uploaded(home, b"the engine, drawn by ada", email=ADA)
    others = await uploaded(home, b"the compiler, drawn by grace", email=GRACE)
    before = hers.exists(), others.exists()
    gone = await erased(home, ADA)

    assert (before, gone) == ((True, True), 1)
    assert (hers.exists(), others.exists()) == (False, True)
    assert [one for one in home.files.root.rglob("*") if hers.name in one.name] == []


async def test_what_two_people_sent_goes_with_the_second_of_them(home: House) -> None:
    place = await uploaded(home, b"a brochure of ours", email="mary@loom.example")
    again = await uploaded(home, b"a brochure of ours", email="joan@loom.example")
    stays = await erased(home, "mary@loom.example"), place.exists()
    goes = await erased(home, "joan@loom.example"), place.exists()

    assert again == place
    assert (stays, goes) == ((0, True), (1, False))


async def test_an_address_in_any_field_of_the_form_is_whose_file_it_is(home: House) -> None:
    place = await uploaded(home, b"sent on behalf of ada", whoever_it_is_for=f" {ADA.upper()} ")

    assert (await last(home)).identifiers == ()
    assert (await erased(home, ADA), place.exists()) == (1, False)


async def test_a_file_under_a_cookie_goes_when_the_router_says_whose_cookie_it_was(home: House) -> None:
    place = await uploaded(home, b"sent before she said her name", anonymous_id="ada-laptop")
    by_email = await erased(home, ADA)
    (cookie,) = (await last(home)).identifiers
    key = person(Recorder(KEY), IdentifierKind.COOKIE, cookie.value)
    await said(home, IdentifiersErased(id=Uuid7().at(NOW), keys=(key,), at=home.clock.now()))

    assert (by_email, await erasures(home).catch_up(), place.exists()) == (0, 1, False)


async def test_who_comes_back_afterwards_keeps_what_they_send_then(home: House) -> None:
    await uploaded(home, b"the old drawing", email=ADA)
    await erased(home, ADA)
    home.clock.advance(timedelta(days=1))
    place = await uploaded(home, b"the old drawing", email=ADA)
    (home.files.root / "erasures.json").unlink()

    assert (await erasures(home).catch_up(), place.exists()) == (0, True)


async def test_a_disk_that_keeps_no_file_loses_no_lead(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        (home.files.root / "lock").mkdir(parents=True)
        answer = await home.client.post(PATH, content=a_form(b"a drawing", email=ADA), headers=HEADERS)
        (event,) = await home.events()

    assert answer.status_code == 303
    assert [file.size for file in event.attachments] == [len(b"a drawing")]


async def test_torn_uploads_go_and_those_under_way_stay(tmp_path: Path) -> None:
    files = FileStore(tmp_path, largest=1000, budget=1000)
    torn, fresh = (Path(files.incoming().name) for _ in range(2))
    written = datetime.fromtimestamp(fresh.stat().st_mtime, tz=NOW.tzinfo)
    os.utime(torn, (written.timestamp() - 7200, written.timestamp() - 7200))

    assert files.tidy(written - timedelta(hours=1)) == 1
    assert (torn.exists(), fresh.exists()) == (False, True)


DIES = """
import asyncio, sys
from pathlib import Path
from runtime.clock import SystemClock
from runtime.sqlite_log import SqliteLog
from services.ingest.attachments import FileStore
from services.ingest.erasures import Erasures
from services.ingest.records import Recorder

async def main(folder: Path) -> None:
    files = FileStore(folder / "attachments", largest=1000, budget=1000)
    async with SqliteLog(folder / "log.db", partitions=2, clock=SystemClock()) as log:
        await Erasures(log, files, Recorder(b"a key for tests"), SystemClock()).catch_up()

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.whole
async def test_a_kill_between_the_file_and_what_says_whose_it_was_leaves_nothing_behind(tmp_path: Path) -> None:
    files = FileStore(tmp_path / "attachments", largest=1000, budget=1000)
    async with running(tmp_path) as server, httpx.AsyncClient() as client:
        await client.post(server.url + PATH, content=a_form(b"a drawing", email=ADA), headers=HEADERS)
        moment = server.carriage.clock.now() + timedelta(minutes=1)
        kept = [files.path(one.sha256).exists() for event in await server.events() for one in event.attachments]
    async with SqliteLog(tmp_path / "log.db", partitions=2, clock=SystemClock()) as log:
        await log.append(FEEDBACK.name, [Message(b"ada", encode(asked(ADA, moment)))])
    armed = {**os.environ, "PLAYCALLER_FAILPOINT": "ingest.file_erased"}
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, str(tmp_path), env=armed)
    status = await killed.wait()
    left = [one.name for one in files.root.glob("??/*/*")]
    async with running(tmp_path) as server:
        await Erasures(server.log, files, Recorder(KEY), server.carriage.clock).catch_up()

    assert (kept, status, len(left)) == ([True], -signal.SIGKILL, 1)
    assert list(files.root.glob("??/*")) == []
