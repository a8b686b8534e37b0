"""A real browser for tests: an installed Chromium or Chrome, else playwright's own, else (root, Debian) its package."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MEND = "No browser can be had. Run `apt-get install -y chromium` (or `playwright install chromium`), then test again."


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A headless browser with a new, empty profile; raises `RuntimeError` with the one command that mends it."""
    with sync_playwright() as playwright:
        browser = _launched(playwright)
        try:
            yield browser
        finally:
            browser.close()


def found() -> str:
    """The path of an installed browser; empty where there is none."""
    return next((path for name in INSTALLED if (path := shutil.which(name))), "")


def _launched(playwright: Playwright) -> Browser:
    path = found()
    if not path and Path(playwright.chromium.executable_path).exists():
        path = playwright.chromium.executable_path
    if not path:
        path = _obtained()
    try:
        return playwright.chromium.launch(executable_path=path, args=list(FLAGS))
    except Error as fault:
        raise RuntimeError(f"{path} does not start ({fault.message.splitlines()[0]}). {MEND}") from fault


def _obtained() -> str:
    """Debian's package, where we may install it."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise RuntimeError(MEND)
    print("installing Debian's chromium for the browser tests", file=sys.stderr)  # noqa: T201  (it takes a while)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ((apt, "update", "-q"), (apt, "install", "-y", "-q", "--no-install-recommends", "chromium")):
        outcome = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {outcome.stderr.strip().splitlines()[-1:]}. {MEND}")
    return found()
