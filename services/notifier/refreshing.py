"""Cards that can be changed in place follow the truth: a refresh is repeated until it took; repeating is harmless."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from sqlalchemy import select, update

from runtime.clock import Clock
from runtime.database import Database
from services.notifier.backoff import delay
from services.notifier.card import Card
from services.notifier.channel import Delivered, Failed, Fault, Outcome, Unknown
from services.notifier.delivery import Delivery, delivery_of
from services.notifier.showing import PATIENCE
from services.notifier.tables import DELIVERIES, millis

MOST = 12
"""Tries before a card is left as it is: by then, hours have passed."""


class Refreshes:
    """The cards that show something old."""

    def __init__(self, database: Database, clock: Clock, *, lease: timedelta) -> None:
        self._database, self._clock, self._lease = database, clock, lease

    async def claim(self, limit: int, *, without: Collection[str] = ()) -> list[Delivery]:
        """Cards to change, ours for a lease: if we die, the next one finds them due again."""
        table, now = DELIVERIES, self._clock.now()
        due = (table.c.refresh_at <= millis(now)) & table.c.channel.not_in(list(without))
        oldest = select(table).where(due).order_by(table.c.refresh_at).limit(limit)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(oldest.with_for_update(skip_locked=True))).all()
            lease = millis(now + self._lease)
            keys = [row.key for row in rows]
            if keys:
                await connection.execute(update(table).where(table.c.key.in_(keys)).values(refresh_at=lease))
        return [replace(delivery_of(row), refresh_at=lease) for row in rows]

    async def settle(self, delivery: Delivery, card: Card, outcome: Outcome) -> None:
        """Write down what came of it. Whatever became true meanwhile has set a new time, which stays."""
        match outcome:
            case Delivered():
                pending = card.acted is not None and card.acted.decides
                again = PATIENCE if pending else None
                await self._set(delivery, again, 0, outcome.handle, card.state.value)
            case Failed(fault=Fault.RETRY, retry_after=wait):
                await self._later(delivery, wait)
            case Unknown():
                await self._later(delivery, None)
            case Failed():
                await self._set(delivery, None, delivery.refreshes)
            case _:
                assert_never(outcome)

    async def _later(self, delivery: Delivery, retry_after: float | None) -> None:
        tries = delivery.refreshes + 1
        wait = timedelta(seconds=delay(tries, 0.5, retry_after))
        await self._set(delivery, wait if tries < MOST else None, tries)

    async def _set(
        self, delivery: Delivery, wait: timedelta | None, tries: int, handle: str = "", state: str = ""
    ) -> None:
        table = DELIVERIES
        due = millis(self._clock.now() + wait) if wait is not None else None
        values: dict[str, object] = {"refresh_at": due, "refreshes": tries}
        values |= {"handle": handle} if handle else {}
        values |= {"shown_state": state} if state else {}
        ours = (table.c.key == delivery.key) & (table.c.refresh_at == delivery.refresh_at)
        async with self._database.transaction() as connection:
            await connection.execute(update(table).where(ours).values(values))
