"""What a newcomer types: the story is told and the process ends well, on each engine; a second start goes on."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
ENGINES = [pytest.param("embedded"), pytest.param("kafka", marks=pytest.mark.servers)]
OUTCOMES = ("PASS", "TRIAGE", "NURTURE", "UPDATE", "IGNORE")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "playcaller", "up", *arguments]


def environment() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PLAYCALLER_")}
    return {**plain, "COLUMNS": "160", "PLAYCALLER_INGEST_PORT": "0", "PLAYCALLER_NOTIFIER_PORT": "0"}


def told(*arguments: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds, env=environment()
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_story_is_told_and_ends_well(engine: str, tmp_path: Path) -> None:
    outcome = told("--once", "--engine", engine, "--data", str(tmp_path))
    screen = outcome.stdout

    assert outcome.returncode == 0, screen + outcome.stderr
    assert [word for word in OUTCOMES if f" {word} " not in screen] == []
    assert [number for number in "1234" if f"● rule {number}" not in screen] == []
    assert screen.count("gets the play") >= 5
    assert "Traceback" not in outcome.stderr


def test_the_readme_shows_what_is_really_printed(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"^```text\n(▌.*?)^```$", readme, re.MULTILINE | re.DOTALL)

    screen = _timeless(told("--once", "--data", str(tmp_path)).stdout)

    assert [line for line in map(_timeless, shown.splitlines()) if line.strip(" │…") and line not in screen] == []


def _timeless(text: str) -> str:
    """Without what differs from run to run: durations, clock times, who of the team was drawn."""
    plain = re.sub(r"\d+ ms|[A-Z][a-z]{2} \d\d:\d\d", "…", text)
    return re.sub(r"▶ [\w ]+?  gets|─+", "…", plain)


def test_a_second_start_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    first = told("--once", "--data", str(tmp_path))
    (rep,) = re.findall(r"▶ (\w+) [\w ]+?  gets the play consultation_executive", first.stdout)
    with running("--data", str(tmp_path)) as second:
        url, screen = second.inbox()
        page = httpx.get(f"{url}/inbox/of/{rep.lower()}", timeout=60, follow_redirects=True, trust_env=False).text

    assert first.returncode == 0, first.stderr
    assert "told in this folder" in screen
    assert "Noor Haddad" in page


def test_a_stop_is_graceful(tmp_path: Path) -> None:
    with running("--data", str(tmp_path), "--story", "never") as ring:
        ring.inbox()
        ring.process.send_signal(signal.SIGTERM)

        assert ring.process.wait(timeout=120) == 0


class Running:
    """A ring that keeps running."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def inbox(self) -> tuple[str, str]:
        """The inbox's address as the terminal prints it, and the screen until then."""
        screen = ""
        if self.process.stdout is None:
            raise AssertionError("no pipe")
        for line in self.process.stdout:
            screen += line
            if "rep's inbox" in screen and (found := re.search(r"http://127\.0\.0\.1:\d+\S*(?=\s*│)", line)):
                return found[0], screen
        raise AssertionError(f"the ring ended:\n{screen}")


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """A ring that keeps running while the block does; ended by its own pid."""
    with subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield Running(process)
        finally:
            process.terminate()
            process.wait(timeout=120)
