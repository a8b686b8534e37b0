"""A channel is one new file (and its stage for the promises): no existing file changes; a bad one stops the start."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ("tests/conftest.py", "tests/migrated.py")
HOUSE = ("schemas", "runtime", "services", "playcaller", "tests/notifier", *SHARED, "pyproject.toml")
CHANNEL = "services/notifier/channels/webhook.py"
STAGE = "tests/notifier/stages/webhook.py"
pytestmark = pytest.mark.whole


def a_copy(place: Path) -> Path:
    for name in HOUSE:
        source, target = ROOT / name, place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return place


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(place), "HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_signed_webhook_is_one_file_and_keeps_every_promise(tmp_path: Path) -> None:
    house = a_copy(tmp_path)
    shutil.copy(ROOT / "tests/notifier/plugins/channel_webhook.py", house / CHANNEL)
    shutil.copy(ROOT / "tests/notifier/plugins/stage_webhook.py", house / STAGE)

    suite = "tests/notifier/test_channel_promises.py"
    outcome = run(house, "-m", "pytest", suite, "-q", "-k", "webhook or stage", "-p", "no:cacheprovider")

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    passed = re.search(r"(\d+) passed", outcome.stdout)
    assert passed is not None
    assert int(passed.group(1)) >= 20


MISNAMED = """
from services.notifier.channel import Capabilities, ChannelPlugin
async def off(means): return None
CHANNEL = ChannelPlugin(name="pagger", capabilities=Capabilities(), open=off)
"""


@pytest.mark.parametrize(
    ("content", "mend"),
    [
        ('"""Nothing."""', "has no CHANNEL"),
        ('"""A word."""\nCHANNEL = "pager"', "has to be a ChannelPlugin"),
        ("import nothing_like_this", "cannot be imported"),
        (MISNAMED, "give the file and the plug-in the same name"),
    ],
)
def test_a_file_that_is_no_channel_stops_the_start_and_says_why(tmp_path: Path, content: str, mend: str) -> None:
    house = a_copy(tmp_path)
    (house / "services/notifier/channels/pager.py").write_text(content, "utf-8")
    start = (
        "from runtime.discovery import discover; from services.notifier.channel import ChannelPlugin;"
        "discover('services.notifier.channels', 'CHANNEL', ChannelPlugin)"
    )

    outcome = run(house, "-c", start)

    assert outcome.returncode == 1
    assert mend in outcome.stderr
    assert "services/notifier/channels/pager.py" in outcome.stderr
