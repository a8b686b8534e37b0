"""The straw man, loaded once for everybody, and copies of it to break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook

STRAW_MAN = Path(__file__).parents[2] / "playbook"


@pytest.fixture(scope="session")
def straw_man() -> Playbook:
    return load(STRAW_MAN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the straw man that a test may break."""
    target = tmp_path / "playbook"
    shutil.copytree(STRAW_MAN, target)
    return target


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], int]:
    """Replaces a text in a page of the copy and tells the line on which the new text begins."""

    def replace(file: str, old: str, new: str) -> int:
        path = folder / file
        text = path.read_text("utf-8")
        assert text.count(old) >= 1, f"{file} has no {old!r}"

        before = text[: text.index(old)]
        path.write_text(text.replace(old, new, 1), "utf-8")
        return before.count("\n") + 1

    return replace
