"""The playbook in force: reloaded when its files change; a broken one is refused and the last good one stays."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from watchfiles import awatch

from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_store import PublishError, pages_in
from services.router.domain.playbook import Playbook

_log = structlog.get_logger(__name__)
_SHOWN = 20
"""Faults that one log line names."""


class WatchedPlaybook:
    """Holds the playbook that decides. `faults` says what is wrong with the files while an older version decides."""

    def __init__(self, path: str | Path, changed: Callable[[Playbook], None] = lambda _playbook: None) -> None:
        """Loads at once; raises `PlaybookFaultsError` if there is no good version to begin with."""
        self.path = Path(path)
        self.current: Playbook = check(pages_in(self.path)).playbook
        self.faults: PlaybookFaultsError | None = None
        self._changed = changed

    def reload(self) -> bool:
        """Reads the files again. True if a new version is in force now; with faults the last good one stays."""
        try:
            found = check(pages_in(self.path)).playbook
        except OSError as fault:  # a folder that is being replaced under our feet: its next change tells us again
            _log.warning("playbook_unreadable", keeps=self.current.version, error=fault.strerror)
            return False
        except PublishError as fault:
            _log.error("playbook_refused", keeps=self.current.version, count=1, faults=[str(fault)])
            return False
        except PlaybookFaultsError as fault:
            self.faults = fault
            shown = [str(each) for each in fault.faults[:_SHOWN]]
            _log.error("playbook_refused", keeps=self.current.version, count=len(fault.faults), faults=shown)
            return False
        self.faults = None
        if (found.version, found.lists_version) == (self.current.version, self.current.lists_version):
            return False
        _log.info("playbook_changed", before=self.current.version, now=found.version, lists=found.lists_version)
        self.current = found
        self._changed(found)
        return True

    async def watch(self, stop: asyncio.Event) -> None:
        """Reloads whenever a file changes, until `stop` is set. Reading happens beside the loop, not in it."""
        async for _changes in awatch(self.path, stop_event=stop, step=50, debounce=400):
            await asyncio.to_thread(self.reload)
