"""The inbox's stage: its own table, and the page that is made of it."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from runtime.database import Database
from tests.notifier.staging import Expected, Stage, Staging, Trouble


class _Inbox:
    address = "grace"
    secrets = ()

    def __init__(self, file: str) -> None:
        self._file = file

    def trouble(self, trouble: Trouble) -> str:
        with sqlite3.connect(self._file) as connection:
            connection.execute("ALTER TABLE notifier_inbox RENAME TO notifier_inbox_away")
        return self.address

    def shown(self) -> list[str]:
        with sqlite3.connect(self._file) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE 'notifier_inbox%' AND type='table'"
            )
            table = re.sub(r"\W", "", found.fetchone()[0])
            return [str(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY at")]  # noqa: S608  (our own table's name)

    def active(self) -> list[str]:
        return []


@asynccontextmanager
async def _open(database: Database) -> AsyncIterator[tuple[Stage, dict[str, Any]]]:
    yield _Inbox(str(database.engine.url.database)), {}


STAGE = Staging(name="inbox", open=_open, expects={Trouble.DOWN: Expected("retry")})
