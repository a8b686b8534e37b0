"""A page that was made while its card changed says so by its tag, wherever in the making the change came."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from runtime.database import Database
from tests.notifier.builders import a_handoff, a_play, a_recipient, an_update
from tests.notifier.rig import Rig, a_rig

ACCEPTED = "Accepted: yours to work"


class Eventful(Database):
    """A database in which something happens between two statements of whoever reads."""

    left = -1
    happens: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with super().reading() as connection:
            yield Watched(connection, self)


class Watched:
    """A connection whose statements are counted."""

    def __init__(self, connection: Any, database: Eventful) -> None:
        self._connection, self._database = connection, database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, *statement: Any, **named: Any) -> Any:
        found = await self._connection.execute(*statement, **named)
        self._database.left -= 1
        happens = self._database.happens
        if self._database.left == 0 and happens is not None:
            self._database.happens = None
            await happens()
        return found


async def looked_at(database: Eventful, rig: Rig, number: int) -> tuple[bool, bool, bool]:
    """(the card changed after so many statements, the page shows it, the page's tag is the present one)."""
    person, handoff = f"grace{number}", a_handoff(f"card {number}")
    readers = (a_recipient(person, "Grace Hopper", "inbox"),)
    await rig.take(a_play(handoff=handoff, person=person, recipients=readers))
    await rig.work()

    async def it_is_accepted() -> None:
        await rig.take(an_update(handoff=handoff, person=person, recipients=readers))

    database.left, database.happens = number, it_is_accepted
    address = f"/inbox/of/{person}"
    page = (await rig.client.get(address)).text
    changed, database.happens = database.happens is None, None
    (tag,) = re.findall(r'data-tag="([0-9a-f]+)"', page)
    return changed, ACCEPTED in page, tag == (await rig.client.get(f"{address}/tag")).json()["tag"]


async def test_a_page_that_shows_an_old_card_has_an_old_tag(tmp_path: Path, database_url: str) -> None:
    database = Eventful(database_url)
    async with a_rig(database, tmp_path) as rig:
        found, number = [], 0
        while not found or found[-1][0]:  # after the first statement, after the second, … until there is none left
            number += 1
            found.append(await looked_at(database, rig, number))
    await database.close()
    stale = [place for place, (changed, shown, current) in enumerate(found, 1) if changed and not shown and current]

    assert stale == []
    assert len(found) > 6
    assert {shown for _, shown, _ in found} == {True, False}
