"""The playbook in force: a change arrives by itself, a broken one is refused and the last good one stays."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_watch import WatchedPlaybook
from services.router.domain.playbook import Playbook

Edit = Callable[[str, str, str], int]


def test_a_broken_page_keeps_the_last_good_playbook_and_says_why(folder: Path, edit: Edit) -> None:
    watched = WatchedPlaybook(folder)
    before = watched.current
    edit("scoring.yaml", "threshold: 100", "treshold: 100")

    changed = watched.reload()

    assert (changed, watched.current) == (False, before)
    assert watched.faults is not None
    assert "did you mean “threshold”?" in str(watched.faults)


def test_a_mended_page_is_in_force_again(folder: Path, edit: Edit) -> None:
    seen: list[Playbook] = []
    watched = WatchedPlaybook(folder, seen.append)
    edit("scoring.yaml", "threshold: 100", "treshold: 100")
    watched.reload()
    edit("scoring.yaml", "treshold: 100", "threshold: 120")

    changed = watched.reload()

    assert (changed, watched.faults, watched.current.scoring.threshold) == (True, None, 120_000)
    assert seen == [watched.current]


def test_a_remark_is_no_new_version(folder: Path, edit: Edit) -> None:
    watched = WatchedPlaybook(folder)
    edit("scoring.yaml", "threshold: 100", "# agreed in May\nthreshold: 100")

    assert watched.reload() is False


def test_there_is_no_start_without_a_good_playbook(folder: Path, edit: Edit) -> None:
    edit("scoring.yaml", "threshold: 100", "treshold: 100")

    with pytest.raises(PlaybookFaultsError):
        WatchedPlaybook(folder)


async def test_a_saved_file_is_noticed_without_being_told(folder: Path, edit: Edit) -> None:
    loop, arrived, stop = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    watched = WatchedPlaybook(folder, lambda _playbook: loop.call_soon_threadsafe(arrived.set) and None)
    watching = asyncio.create_task(watched.watch(stop))
    async with asyncio.timeout(60):
        for threshold in range(101, 1000):
            edit("scoring.yaml", f"threshold: {threshold - 1}", f"threshold: {threshold}")
            try:
                await asyncio.wait_for(arrived.wait(), 0.7)
                break
            except TimeoutError:
                continue
    stop.set()
    await watching

    assert watched.current.scoring.threshold > 100_000
