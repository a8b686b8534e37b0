"""What leaves as soon as the transaction that made it is committed, instead of being looked for in the ledger.

Its row is written as claimed, so that whoever finds it after a crash knows, as ever, that it may have been sent.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from schemas.play import CardKind, DeliverPlay
from services.notifier.card import Card
from services.notifier.delivery import Delivery, State


class Carrier(Protocol):
    """Who carries it: the courier."""

    def reserve(self, channel: str, address: str) -> Mapping[str, Any] | None:
        """What stands in the row of a message that leaves at once; nothing where it has to wait for its turn."""
        ...

    def draw(self, delivery: Delivery, play: DeliverPlay) -> Card | None:
        """What will be shown of it, ready to leave. `play` is the first that says so. Never raises."""
        ...

    def hand(self, delivery: Delivery, card: Card | None) -> None:
        """It is committed: carry it, in the place that was reserved; without a card, what the tables say."""
        ...

    def release(self, delivery: Delivery) -> None:
        """It will not be carried: its place is free again."""
        ...


class Express:
    """The messages of one transaction that leave at once. `carrier` none: nothing does."""

    def __init__(self, carrier: Carrier | None = None) -> None:
        self._carrier, self._claimed = carrier, list[tuple[Delivery, DeliverPlay]]()
        self._drawn: dict[str, Card | None] = {}

    def claim(self, row: Mapping[str, Any], play: DeliverPlay) -> dict[str, Any]:
        """The new row of the ledger, as claimed where it may leave at once."""
        mine = self._carrier.reserve(row["channel"], row["address"]) if self._carrier else None
        if mine is None:
            return dict(row)
        self._claimed.append((_delivery(row), play))
        return {**row, **mine}

    def unclaim(self, key: str) -> None:
        """The row was there already: whoever wrote it carries it."""
        for claimed in [one for one in self._claimed if one[0].key == key]:
            self._claimed.remove(claimed)
            self._released(claimed[0])

    async def drawn(self) -> None:
        """Draw what will leave: beside the commit, so that the database's time costs none of ours."""
        for delivery, play in self._claimed:
            if self._carrier:
                self._drawn[delivery.key] = self._carrier.draw(delivery, play)

    def send(self) -> int:
        """After the commit; how many leave."""
        leaving, self._claimed = self._claimed, []
        for delivery, play in leaving:
            if self._carrier:
                ready = delivery.key in self._drawn
                card = self._drawn[delivery.key] if ready else self._carrier.draw(delivery, play)
                self._carrier.hand(delivery, card)
        return len(leaving)

    def drop(self) -> None:
        """The transaction was rolled back."""
        self._drawn.clear()
        while self._claimed:
            self._released(self._claimed.pop()[0])

    def _released(self, delivery: Delivery) -> None:
        if self._carrier:
            self._carrier.release(delivery)


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(
        handoff=row["handoff"],
        kind=CardKind(row["kind"]),
        sequence=row["sequence"],
        person=row["person"],
        channel=row["channel"],
        key=row["key"],
        address=row["address"],
        whole=row["whole"],
        state=State.DUE,
        until=row["until"],
        attempts=0,
        handle="",
        refresh_at=None,
        refreshes=0,
    )
