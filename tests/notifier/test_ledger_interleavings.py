"""Whatever order crashes, redeliveries, silences and newer versions come in: nobody sees one card twice."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.database import Database
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from services.notifier.channel import Capabilities, Delivered, Failed, Fault, Outcome, Unknown
from services.notifier.delivery import OVER
from tests.notifier.builders import a_play, a_recipient, an_erasure, an_update
from tests.notifier.rig import Died, Lost, Scripted, a_rig

BOTH = (a_recipient("grace", "Grace Hopper", "slack", "email"), a_recipient("felix", "Felix Brandt", "email", "slack"))
COMMANDS: list[DeliverPlay] = [
    a_play(recipients=BOTH, expires_at=None),
    a_play(recipients=BOTH, kind=CardKind.REMINDER, notice="half the time is gone", expires_at=None),
    a_play(recipients=BOTH, kind=CardKind.REMINDER, sequence=2, notice="nearly over", expires_at=None),
    an_update(recipients=BOTH, notice="a new reason", state=HandoffState.OFFERED),
    an_update(recipients=BOTH, version=4, sequence=4),
    a_play(version=5, sequence=2, recipients=BOTH[1:], assignee="felix", actors=("felix",), expires_at=None),
]
FINAL = {one.value for one in OVER}
ANSWERS: list[Outcome | type[BaseException]] = [
    Delivered("seen"),
    Failed(Fault.RETRY, "busy"),
    Failed(Fault.RETRY, "busy", 20),
    Failed(Fault.PERMANENT, "gone"),
    Failed(Fault.CONFIG, "revoked"),
    Unknown("shown, no answer"),
    Lost,
    Died,
]
steps = st.lists(
    st.one_of(
        st.sampled_from(range(len(COMMANDS))).map(lambda number: ("take", number)),
        st.just(("work", 0)),
        st.just(("die", 0)),
        st.sampled_from([5, 60, 400]).map(lambda seconds: ("wait", seconds)),
        st.just(("erase", 0)),
    ),
    min_size=2,
    max_size=14,
)
answers = st.lists(st.sampled_from(range(len(ANSWERS))), max_size=10)


@settings(max_examples=max(12, settings.default.max_examples // 5))
@given(steps=steps, slack=answers, email=answers)
def test_no_interleaving_shows_a_card_twice(steps: list[tuple[str, int]], slack: list[int], email: list[int]) -> None:
    asyncio.run(_played(steps, slack, email))


async def _played(steps: list[tuple[str, int]], slack: list[int], email: list[int]) -> None:
    providers = {
        "slack": Scripted(Capabilities(updates=True, reconciles=True), [ANSWERS[one] for one in slack]),
        "email": Scripted(Capabilities(), [ANSWERS[one] for one in email]),
    }
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/state.db")
        try:
            async with a_rig(database, Path(folder), providers) as rig:
                for what, number in steps:
                    match what:
                        case "take":
                            await rig.take(COMMANDS[number])
                        case "work":
                            await rig.work()
                        case "die":
                            await rig.die()
                        case "wait":
                            await rig.later(seconds=number)
                        case _:
                            await rig.take(an_erasure())
                while any(row.state not in FINAL for row in await rig.deliveries()):
                    await rig.die()
                    await rig.later(hours=1)
                states = {row.state for row in await rig.deliveries()}
                recorded = Counter(one.id for one in await rig.recorded())
        finally:
            await database.close()

    for provider in providers.values():
        assert max(Counter(key for key, _, _ in provider.shown).values(), default=0) <= 1
    assert states <= FINAL
    assert max(recorded.values(), default=0) <= 1


@pytest.mark.parametrize("death", [Died, Lost])
async def test_the_script_really_kills(death: type, tmp_path: Path) -> None:
    """The property above rests on it: a death leaves `attempting` behind, with and without the card shown."""
    slack = Scripted(Capabilities(updates=True, reconciles=True), [death])
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    async with a_rig(database, tmp_path, {"slack": slack}) as rig:
        await rig.take(a_play(recipients=BOTH[:1]))
        await rig.work()

        assert (await rig.states())["offer", "grace", "slack"] == "attempting"
        assert len(slack.shown) == (1 if death is Died else 0)
    await database.close()
