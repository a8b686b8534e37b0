"""The inbox in a real browser: pressing Accept is on the log and on the card, on a phone, and without JavaScript."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from runtime.log import Message
from runtime.opening import open_carriage
from schemas import feedback
from schemas.feedback import HandoffAccepted, HandoffRejected
from schemas.topics import DELIVERIES, FEEDBACK, PLAYS, TOPICS
from services.notifier.service import serve
from services.notifier.settings import NotifierSettings
from tests.browser import a_browser
from tests.notifier.builders import a_brief, a_handoff, a_play, a_recipient, an_update, messages

pytestmark = pytest.mark.browser
LOCAL = ("http://127.0.0.1:", "data:")
expect.set_options(timeout=60_000)
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


class Running:
    """A whole notifier on a loop of its own, since playwright's simple form needs this one."""

    def __init__(self, folder: Path) -> None:
        self._settings = NotifierSettings.load(data=folder, notifier_port=0)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.url = ""

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with open_carriage(self._settings, topics=[topic.name for topic in TOPICS]) as self._carriage:
            await serve(self._carriage, self._settings, self._announced)

    def _announced(self, url: str) -> None:
        self.url = url
        self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(90)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._carriage.stop.set)
        self._thread.join(90)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    def tell(self, *commands: Any) -> None:
        said: list[Message] = list(messages(*commands))
        self._do(self._carriage.log.append(PLAYS.name, said))

    def feedback(self) -> list[Any]:
        return [feedback.DECODER.decode(value) for value in self._values(FEEDBACK.name)]

    def wait_for_cards(self, count: int) -> None:
        """Until so many cards are in the inbox."""
        patient = time.monotonic() + 90
        while len(self._values(DELIVERIES.name)) < count:
            assert time.monotonic() < patient, "the cards did not arrive"
            threading.Event().wait(0.05)

    def _values(self, topic: str) -> list[bytes]:
        partitions = self._do(self._carriage.log.partitions(topic))
        return [record.value for one in partitions for record in self._do(self._carriage.log.read(one, 0))]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as one:
        yield one


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path) as one:
        now = datetime.now(UTC)
        bobby = a_brief(name=HOSTILE, title=HOSTILE, company=HOSTILE)
        one.tell(
            a_play(at=now, recipients=(a_recipient(),)),
            a_play(handoff=a_handoff("bobby"), at=now, accept_by=now + timedelta(hours=9), brief=bobby),
        )
        one.wait_for_cards(2)
        yield one


@contextlib.contextmanager
def a_context(browser: Browser, **how: Any) -> Iterator[BrowserContext]:
    """A fresh profile that is told of every request, so that none may leave this machine."""
    context = browser.new_context(**how)
    context.set_default_timeout(60_000)
    outside: list[str] = []
    context.on(
        "request", lambda one: None if "127.0.0.1" in one.url or one.url[:5] == "data:" else outside.append(one.url)
    )
    yield context
    context.close()

    assert outside == []


def test_accept_is_on_the_log_and_on_the_card_at_once(browser: Browser, running: Running) -> None:
    with a_context(browser) as context:
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("button", name="Accept").click()

        expect(page.get_by_text("Grace Hopper accepted it").first).to_be_visible()
        expect(page.get_by_role("button", name="Accept")).to_have_count(0)
        (act,) = running.feedback()
        assert isinstance(act, HandoffAccepted)
        assert (act.actor, act.handoff) == ("grace", a_handoff())


def test_the_routers_word_appears_by_itself(browser: Browser, running: Running) -> None:
    with a_context(browser) as context:
        page = context.new_page()
        page.goto(running.url)
        expect(page.get_by_text("Yours to accept").first).to_be_visible()
        running.tell(an_update(at=datetime.now(UTC)))

        expect(page.get_by_text("Accepted: yours to work")).to_be_visible()
        expect(page.get_by_text("Log attempt").first).to_be_visible()


def test_a_rejection_with_a_reason_on_a_phone(browser: Browser, running: Running) -> None:
    with a_context(browser, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True) as context:
        page = context.new_page()
        page.goto(running.url)
        page.locator("summary", has_text="Reject").tap()
        page.get_by_text("No capacity now").tap()
        page.get_by_role("button", name="Reject with this reason").tap()

        expect(page.get_by_text("rejected it: no capacity now").first).to_be_visible()
        (act,) = running.feedback()
        assert isinstance(act, HandoffRejected)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_works_without_javascript(browser: Browser, running: Running) -> None:
    with a_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("button", name="Accept").click()

        expect(page.get_by_text("Grace Hopper accepted it").first).to_be_visible()
        assert len(running.feedback()) == 1


def test_the_play_can_be_acted_on_without_scrolling(browser: Browser, running: Running) -> None:
    for size in ({"width": 390, "height": 844}, {"width": 1280, "height": 800}):
        with a_context(browser, viewport=size) as context:
            page = context.new_page()
            page.goto(running.url)
            for found in (
                page.get_by_role("heading", name="Ada Lovelace"),
                page.get_by_text("Now: within the next 10 minutes"),
                page.get_by_text("Asked for a consultation"),
                page.get_by_role("button", name="Accept"),
            ):
                expect(found).to_be_in_viewport()


def test_the_keyboard_reaches_the_answer(browser: Browser, running: Running) -> None:
    with a_context(browser) as context:
        page = context.new_page()
        page.goto(running.url)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.get_by_text("Grace Hopper accepted it").first).to_be_visible()


def test_what_a_stranger_typed_runs_nowhere(browser: Browser, running: Running) -> None:
    with a_context(browser) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        for view in ("play", "slack", "email"):
            page.goto(f"{running.url}/inbox/of/grace?card={a_handoff('bobby')}&view={view}")
            page.wait_for_load_state("load")

            assert "Playcaller" in page.title()
            assert page.locator("img").count() == 0
        assert complaints == []


def test_the_mail_is_shown_whole_in_its_frame(browser: Browser, running: Running) -> None:
    with a_context(browser) as context:
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("link", name="As email").click()
        frame = page.frame_locator("iframe")

        expect(frame.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
        expect(frame.get_by_role("link", name="Accept…")).to_be_visible()


def test_a_page_that_was_open_before_the_first_play_finds_it_without_javascript(
    browser: Browser, tmp_path: Path
) -> None:
    with Running(tmp_path) as early, a_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(early.url)
        expect(page.get_by_text("No plays yet")).to_be_visible()
        early.tell(a_play(at=datetime.now(UTC)))

        expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
