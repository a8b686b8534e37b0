"""What a newcomer sees: the story in a real browser, and an Accept that shows in the terminal and on the card."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import a_browser
from tests.flow.test_make_run import Running, running


def _line_with(ring: Running, words: str) -> str:
    if ring.process.stdout is None:
        raise AssertionError("no pipe")
    return next((line for line in ring.process.stdout if words in line), "")


@pytest.mark.browser
def test_an_accept_in_the_browser_shows_in_the_terminal_and_on_the_card(tmp_path: Path) -> None:
    with a_browser() as browser, running("--data", str(tmp_path)) as ring:
        url, screen = ring.inbox()
        (rep,) = re.findall(r"▶ ([\w ]+?)  gets the play consultation_executive", screen)
        page = browser.new_page()
        page.goto(f"{url}/inbox/of/{rep.split()[0].lower()}")
        page.get_by_role("link", name="Noor Haddad").first.click()
        page.get_by_role("button", name="Accept").click()

        expect(page.get_by_text("Accepted: yours to work")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("Log attempt").first).to_be_visible(timeout=60_000)
        assert f"{rep} accepted Noor Haddad" in _line_with(ring, "accepted")
