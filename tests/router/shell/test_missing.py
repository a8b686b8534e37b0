"""Whatever deciding finds missing is looked up at the next attempt: identifiers, leads, and accounts as well."""

from dataclasses import replace
from typing import Any

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Log
from schemas.verdict import Ternary
from services.router.adapters import tables
from services.router.adapters.ask import Ask, Lock
from services.router.consumer import Consumer
from services.router.domain.condition import Condition, Facts
from services.router.domain.playbook import Playbook, Signal
from services.router.domain.world import NeedsMoreError
from services.router.offering import Offering
from tests.router.shell.building import a_consultation
from tests.router.shell.ring import Hand

BOLT = "bolt.example"


class Noting:
    """A state that notes which accounts were looked up."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self.accounts: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def ask(self, connection: Any, *asks: Ask) -> Any:
        for one in asks:
            if isinstance(one, Lock) and one.table is tables.ACCOUNT:
                self.accounts |= {key for (key,) in one.keys}
        return await self._state.ask(connection, *asks)


def asking(playbook: Playbook, known: set[str]) -> Playbook:
    """The same playbook, but it cannot decide before somebody has looked at Bolt."""

    def test(_facts: Facts) -> Ternary:
        if BOLT not in known:
            raise NeedsMoreError(accounts=(BOLT,))
        return Ternary.FALSE

    signal = Signal("asking", "Asks", Condition(test, "asks", frozenset({"event.name"})), points=0)
    signals = (*playbook.scoring.signals, signal)
    return replace(playbook, scoring=replace(playbook.scoring, signals=signals), version="asking")


async def test_a_missing_account_is_looked_up_at_the_next_attempt(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    noted: set[str] = set()
    hand = Hand(house, log, clock, asking(playbook, noted))
    state = Noting(hand.desk.state)
    state.accounts = noted
    hand.desk = replace(hand.desk, state=state)
    hand.offering = Offering(hand.desk)
    hand.consumer = Consumer(hand.desk, hand.offering)
    event = a_consultation("ada@acme.example")
    await hand.feed(event)

    assert (await hand.outcomes())[event.id] == "pass"
    assert BOLT in noted
