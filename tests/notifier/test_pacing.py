"""One message a gap to one address: others do not wait for it, a crash costs no more than it, and nobody spins."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.database import Database
from services.notifier.channel import Capabilities, Failed, Fault
from tests.notifier.builders import NOON, a_handoff, a_play, a_recipient
from tests.notifier.rig import Rig, Scripted, a_rig

GRACE = (a_recipient("grace", "Grace Hopper", "slack"),)
JONAS = (a_recipient("jonas", "Jonas Weber", "slack"),)
WREN = (a_recipient("wren", "Wren Castellano", "email"),)


@pytest.fixture
def slack() -> Scripted:
    return Scripted(Capabilities(updates=True, reconciles=True, gap=1.0))


@pytest.fixture
async def rig(database: Database, tmp_path: Path, slack: Scripted) -> AsyncIterator[Rig]:
    async with a_rig(database, tmp_path, {"slack": slack, "email": Scripted(Capabilities())}) as made:
        yield made


async def test_a_crash_leaves_in_doubt_only_the_one_card_of_an_address_that_was_under_way(rig: Rig) -> None:
    for number in range(4):
        await rig.take(a_play(handoff=a_handoff(f"lead {number}"), recipients=GRACE))
    await rig.courier._ledger.claim(32)
    await rig.die()

    assert sorted(row.state for row in await rig.deliveries()) == ["due", "due", "due", "unsure"]


async def test_nobody_waits_for_somebody_elses_gap(rig: Rig, slack: Scripted) -> None:
    for number in range(40):
        await rig.take(a_play(handoff=a_handoff(f"lead {number}"), recipients=GRACE))
    await rig.take(a_play(handoff=a_handoff("the last lead"), recipients=JONAS))
    await rig.courier.turn()
    await rig.courier.settle_down()

    assert sorted(address for _, address, _ in slack.shown) == ["U0GRACE", "U0JONAS"]


async def test_mails_to_one_address_need_no_gap(rig: Rig) -> None:
    for number in range(4):
        await rig.take(a_play(handoff=a_handoff(f"lead {number}"), recipients=WREN))

    assert len(await rig.courier._ledger.claim(32)) == 4


async def test_what_cannot_be_claimed_wakes_nobody(rig: Rig) -> None:
    await rig.take(a_play(recipients=GRACE))
    ledger = rig.courier._ledger

    assert await ledger.next_due() == NOON
    assert await ledger.next_due(cooling={"U0GRACE"}) is None
    assert await ledger.next_due(without={"slack"}) is None


async def test_what_is_tried_again_later_is_due_then(rig: Rig, slack: Scripted) -> None:
    slack.script = [Failed(Fault.RETRY, "ratelimited", 90)]
    await rig.take(a_play(recipients=GRACE))
    await rig.courier.turn()
    await rig.courier.settle_down()
    due = await rig.courier._ledger.next_due()

    assert due is not None
    assert due >= NOON + timedelta(seconds=90)
