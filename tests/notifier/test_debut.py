"""First cards in one statement: what stands afterwards is what the long way would have written, or nothing new does."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runtime.database import Database
from runtime.log import Batch, FencedError, Record
from schemas.fact import encode
from schemas.play import CardKind, DeliverPlay
from services.notifier.channel import Capabilities
from services.notifier.consumer import PlaysHandler
from services.notifier.tables import DELIVERIES, HANDOFFS, PEOPLE, POSITIONS, READERS
from tests.notifier.builders import a_handoff, a_play, a_recipient, a_triage, an_update
from tests.notifier.rig import PARTITION, Rig, Scripted, a_rig

pytestmark = pytest.mark.servers
WRITTEN = (POSITIONS, PEOPLE, HANDOFFS, READERS, DELIVERIES)
GRACE = a_recipient("grace", "Grace Hopper", "slack", "email")
FELIX = a_recipient("felix", "Felix Klein", "email")
STRANGER = a_recipient("stranger", "Nobody at all", "webhook")
CHARLES = a_handoff("charles")
BATCHES: dict[str, Sequence[DeliverPlay]] = {
    "one card": [a_play(recipients=(GRACE,))],
    "two readers": [a_play(recipients=(GRACE, FELIX))],
    "two handoffs, one rep": [a_play(recipients=(GRACE,)), a_play(handoff=CHARLES, recipients=(GRACE,))],
    "an offer and a question": [a_play(recipients=(GRACE,)), a_triage(recipients=(FELIX,))],
    "nobody to tell": [a_play(recipients=())],
    "no channel of theirs is on": [a_play(recipients=(STRANGER,))],
    "the same twice": [a_play(recipients=(GRACE,)), a_play(recipients=(GRACE,))],
    "two cards of one handoff": [a_play(recipients=(GRACE,)), a_play(version=3, sequence=2, recipients=(FELIX,))],
    "a change behind the card": [a_play(recipients=(GRACE,)), an_update(recipients=(GRACE,))],
    "a reminder of what is unknown": [a_play(kind=CardKind.REMINDER, recipients=(GRACE,))],
    "one reader named twice": [a_play(recipients=(GRACE, a_recipient("grace", "Amazing Grace", "email")))],
}


@pytest.fixture
async def database(fresh_postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(fresh_postgres_url)
    yield opened
    await opened.close()


@pytest.fixture
async def rig(database: Database, tmp_path: Path) -> AsyncIterator[Rig]:
    channels = {"slack": Scripted(Capabilities(updates=True, gap=1.0)), "email": Scripted(Capabilities())}
    async with a_rig(database, tmp_path, channels) as made:
        made.courier._carrying = True  # as while it runs
        made.courier.hand = lambda *_: None  # type: ignore[method-assign]  # what is committed is looked at, not sent
        yield made


def a_handler(rig: Rig, *, short: bool) -> PlaysHandler:
    on = {name: one.capabilities for name, one in rig.channels.items()}
    database, clock = rig.carriage.database, rig.clock
    handler = PlaysHandler(database, rig.outbox, clock, on=on, wake=lambda: None, carrier=rig.courier)
    if not short:
        handler._debut = None
    return handler


async def written(rig: Rig, handler: PlaysHandler, *batches: Sequence[DeliverPlay]) -> list[list[Any]]:
    """What stands in the tables after these batches; they are empty before and after."""
    position = await handler.assigned(PARTITION)
    first = position.next
    for plays in batches:
        rows = [Record(PARTITION, at, rig.clock.now(), b"", encode(play), {}) for at, play in enumerate(plays, first)]
        await handler.handle(Batch(PARTITION, first, first + len(rows), position.epoch, rows))
        first += len(rows)
        rig.courier._reserved.clear()
    found = [sorted(tuple(row) for row in await rig.rows(table)) for table in WRITTEN]
    async with rig.carriage.database.transaction() as connection:
        for table in WRITTEN:
            await connection.execute(table.delete())
    return found


@pytest.mark.parametrize("plays", BATCHES.values(), ids=BATCHES)
async def test_one_statement_writes_what_the_long_way_writes(rig: Rig, plays: Sequence[DeliverPlay]) -> None:
    short = await written(rig, a_handler(rig, short=True), plays)

    assert short == await written(rig, a_handler(rig, short=False), plays)


async def test_a_handoff_that_was_shown_before_goes_the_long_way_whole(rig: Rig) -> None:
    again = [a_play(handoff=CHARLES, recipients=(FELIX,)), a_play(version=3, sequence=2, recipients=(FELIX,))]
    first = [a_play(recipients=(GRACE,))]
    short = await written(rig, a_handler(rig, short=True), first, again)

    assert short == await written(rig, a_handler(rig, short=False), first, again)


async def test_who_lost_the_race_is_fenced_and_writes_nothing(rig: Rig) -> None:
    handler = a_handler(rig, short=True)
    stale = await handler.assigned(PARTITION)
    await handler.assigned(PARTITION)
    record = Record(PARTITION, 0, rig.clock.now(), b"", encode(a_play(recipients=(GRACE,))), {})
    with pytest.raises(FencedError):
        await handler.handle(Batch(PARTITION, 0, 1, stale.epoch, [record]))

    assert [await rig.rows(table) for table in WRITTEN[1:]] == [[], [], [], []]
    assert rig.courier._reserved == {}


async def test_two_first_cards_need_no_second_statement(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = a_handler(rig, short=True)
    monkeypatch.delattr(PlaysHandler, "_commit")  # there is no long way
    found = await written(rig, handler, BATCHES["two handoffs, one rep"], [a_triage(recipients=(FELIX,))])

    assert [len(rows) for rows in found] == [1, 3, 3, 3, 3]
