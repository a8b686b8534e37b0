"""The Makefile helps: `make` alone lists every target, each in one line."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.whole
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)


def make(*arguments: str) -> str:
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=180
    ).stdout


def test_make_alone_prints_every_target_with_its_help() -> None:
    printed = make()

    assert [target for target in TARGETS if not re.search(rf"{target} *\x1b\[0m \S", printed)] == []


def test_each_target_is_one_line() -> None:
    recipes = re.findall(r"^([a-z]+):.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)

    assert [name for name, recipe in recipes if recipe.count("\n") > 1] == []


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_is_well_formed(target: str) -> None:
    assert make("--dry-run", target)


def test_sections_have_headings() -> None:
    assert len(re.findall(r"^##@ \w+", MAKEFILE, re.MULTILINE)) >= 4


def test_setting_up_twice_does_nothing_the_second_time() -> None:
    outcome = subprocess.run([".ci/setup"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    again = subprocess.run([".ci/setup"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert outcome.returncode == 0
    assert again.stdout + again.stderr == ""
