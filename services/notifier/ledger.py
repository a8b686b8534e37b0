"""The ledger: what is about to be said, what was said, and what nobody knows. At most one card, whatever dies.

`attempting` is committed before the provider is called and the handle after it; so a row found `attempting` after a
crash is *unsure*: looked for where the provider lets us, sent again only where that is harmless, else left alone.
"""

import contextlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import uuid5

from sqlalchemy import and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.clock import Clock
from runtime.database import Database
from runtime.log import LogError, Message
from runtime.outbox import Outbox
from schemas.delivery import DeliveryOutcome, DeliveryRecorded
from schemas.fact import encode
from schemas.topics import DELIVERIES as DELIVERIES_TOPIC
from services.notifier.backoff import budget, delay
from services.notifier.channel import Absent, Capabilities, Delivered, Failed, Fault, Outcome, Sighting, Unknown
from services.notifier.delivery import NAMESPACE, OVER, Delivery, State, delivery_of
from services.notifier.intake import Intake, addresses_of, due_row
from services.notifier.metrics import SETTLED
from services.notifier.tables import ATTEMPTS, DELIVERIES, HANDOFFS, READERS, instant, millis
from services.notifier.upsert import put_if_absent

_FINAL = {
    State.DELIVERED: DeliveryOutcome.DELIVERED,
    State.FAILED: DeliveryOutcome.FAILED,
    State.UNKNOWN: DeliveryOutcome.UNKNOWN,
}


class Ledger:
    """Claims what is due and writes down what came of it. `owner` names this process's life."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        on: Mapping[str, Capabilities],
        *,
        owner: str,
        lease: timedelta,
        chance: Callable[[], float],
    ) -> None:
        self._database, self._outbox, self._clock = database, outbox, clock
        self._on, self._owner, self._lease, self._chance = on, owner, lease, chance
        self._intake = Intake(on)

    async def recover(self, *, alone: bool = False) -> int:
        """Find what a dead sender left behind; how many. `alone`: no other process can be sending (one SQLite file)."""
        table, now = DELIVERIES, millis(self._clock.now())
        under_way = table.c.state.in_([State.ATTEMPTING.value, State.LOOKING.value])
        left = under_way & (table.c.owner != self._owner if alone else table.c.lease_until < now)
        async with self._database.transaction() as connection:
            lost = update(table).where(left).values(state=State.UNSURE.value, due_at=now, owner="")
            return (await connection.execute(lost)).rowcount

    async def claim(
        self, limit: int, *, without: Collection[str] = (), cooling: Collection[str] = ()
    ) -> list[Delivery]:
        """What is due or out of time, now ours: committed as `attempting` (or `looking`) before anybody is called.

        Nothing of the channels `without` as long as it has time, nothing to the addresses `cooling`; where a channel
        keeps a gap, one message an address: a crash leaves in doubt only what was really under way.
        """
        table, now = DELIVERIES, millis(self._clock.now())
        due = and_(
            table.c.state.in_([State.DUE.value, State.UNSURE.value]),
            or_(table.c.due_at <= now, table.c.until <= now),
            or_(table.c.channel.not_in(list(without)), table.c.until <= now),
            table.c.address.not_in(list(cooling)),
        )
        order = (table.c.due_at, table.c.created_at, table.c.key)
        paced = table.c.channel.in_([name for name, can in self._on.items() if can.gap])
        turn = func.row_number().over(
            partition_by=(table.c.channel, table.c.address, case((paced, ""), else_=table.c.key)), order_by=order
        )
        ranked = select(table.c.key, turn.label("turn")).where(due).subquery()
        first = table.c.key.in_(select(ranked.c.key).where(ranked.c.turn == 1))
        oldest = select(table).where(due, first).order_by(*order).limit(limit)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(oldest.with_for_update(skip_locked=True))).all()
            chosen = [delivery_of(row) for row in rows]
            lease = millis(self._clock.now() + self._lease)
            mine = {"owner": self._owner, "lease_until": lease}
            sending = [one.key for one in chosen if one.state is State.DUE]
            looking = [one.key for one in chosen if one.state is State.UNSURE]
            attempt = {"state": State.ATTEMPTING.value, "attempts": table.c.attempts + 1, **mine}
            if sending:
                await connection.execute(update(table).where(table.c.key.in_(sending)).values(attempt))
            if looking:
                look = update(table).where(table.c.key.in_(looking))
                await connection.execute(look.values(state=State.LOOKING.value, **mine))
        return chosen

    def claimed(self) -> dict[str, Any]:
        """What stands in a new row that its maker carries as soon as it is committed."""
        lease = millis(self._clock.now() + self._lease)
        return {"state": State.ATTEMPTING.value, "attempts": 1, "owner": self._owner, "lease_until": lease}

    async def next_due(self, *, without: Collection[str] = (), cooling: Collection[str] = ()) -> datetime | None:
        """When the next message, look or refresh falls due that `claim` would give; nothing where none waits."""
        table = DELIVERIES
        able = table.c.channel.not_in(list(without))
        waiting = table.c.state.in_([State.DUE.value, State.UNSURE.value]) & table.c.address.not_in(list(cooling))
        first = select(func.min(table.c.due_at)).where(waiting & able).scalar_subquery()
        fresh = select(func.min(table.c.refresh_at)).where(able).scalar_subquery()
        async with self._database.reading() as connection:
            row = (await connection.execute(select(first, fresh))).one()
        moments = [stored for stored in row if stored is not None]
        return instant(min(moments)) if moments else None

    async def put_back(self, delivery: Delivery, wait: timedelta) -> None:
        """Not now: nothing was sent, the attempt does not count."""
        ours = (DELIVERIES.c.key == delivery.key) & (DELIVERIES.c.owner == self._owner)
        back = {"state": delivery.state.value, "attempts": delivery.attempts, "owner": ""}
        async with self._database.transaction() as connection:
            due = millis(self._clock.now() + wait)
            await connection.execute(update(DELIVERIES).where(ours).values(due_at=due, **back))

    async def resend(self, delivery: Delivery) -> None:
        """Send it again at once: the provider shows one card however often it is told."""
        async with self._database.transaction() as connection:
            await self._set(connection, delivery, State.DUE, "the sender died: sent again")

    async def skip(self, delivery: Delivery, why: str) -> None:
        """Nobody needs it any more: nothing was sent."""
        async with self._database.transaction() as connection:
            await self._end(connection, delivery, State.SKIPPED, why)

    async def settle(self, delivery: Delivery, outcome: Outcome, *, took: float, state: str, version: int) -> None:
        """Write down what came of an attempt; `state` and `version` are what the card showed. `took` in seconds."""
        async with self._database.transaction() as connection:
            await _noted(connection, delivery, outcome, self._clock.now(), took)
            match outcome:
                case Delivered():
                    await self._delivered(connection, delivery, outcome, state, version)
                case Failed(fault=Fault.RETRY):
                    await self._again(connection, delivery, outcome.detail, outcome.retry_after)
                case Failed():
                    await self._over(connection, delivery, outcome.detail, config=outcome.fault is Fault.CONFIG)
                case Unknown():
                    await self._unsure(connection, delivery, outcome.detail)
                case _:
                    assert_never(outcome)
        await self._tell()

    async def sighted(self, delivery: Delivery, sighting: Sighting) -> None:
        """Write down what looking for an unsure message came to."""
        async with self._database.transaction() as connection:
            match sighting:
                case Delivered():
                    await self._delivered(connection, delivery, sighting, "", 0)
                case Absent():
                    await self._again(connection, delivery, "it never got there: sent again", None)
                case Unknown():
                    await self._still_unsure(connection, delivery, sighting.detail)
                case _:
                    assert_never(sighting)
        await self._tell()

    async def _tell(self) -> None:
        with contextlib.suppress(LogError):  # it stands in the outbox, and is swept when the log is back
            await self._outbox.flush()

    async def _delivered(
        self, connection: AsyncConnection, delivery: Delivery, outcome: Delivered, state: str, version: int
    ) -> None:
        newest = select(HANDOFFS.c.version).where(HANDOFFS.c.handoff == delivery.handoff)
        behind = (await connection.execute(newest)).scalar_one_or_none() != version
        stale = delivery.whole and behind and self._on[delivery.channel].updates
        shown = {"handle": outcome.handle, "shown_state": state}
        refresh = {"refresh_at": millis(self._clock.now())} if stale else {}
        await self._end(connection, delivery, State.DELIVERED, outcome.detail, **shown, **refresh)

    async def _again(
        self, connection: AsyncConnection, delivery: Delivery, detail: str, retry_after: float | None
    ) -> None:
        wait = timedelta(seconds=delay(_tries(delivery), self._chance(), retry_after))
        if millis(self._clock.now() + wait) > delivery.until:
            await self._over(connection, delivery, f"{detail}; no time left to try again")
        else:
            await self._set(connection, delivery, State.DUE, detail, wait)

    async def _over(
        self, connection: AsyncConnection, delivery: Delivery, detail: str, *, config: bool = False
    ) -> None:
        """This channel is done with it: the next address gets its turn."""
        if delivery.whole and await self._fall_back(connection, delivery):
            await self._end(connection, delivery, State.FAILED, detail)
        elif config and millis(self._clock.now()) < delivery.until:
            await self._again(connection, delivery, detail, None)  # nowhere else to go: perhaps somebody mends it
        else:
            await self._end(connection, delivery, State.FAILED, detail)

    async def _fall_back(self, connection: AsyncConnection, delivery: Delivery) -> bool:
        mine = (READERS.c.handoff == delivery.handoff) & (READERS.c.person == delivery.person)
        stored = (await connection.execute(select(READERS.c.addresses).where(mine))).scalar_one_or_none()
        if stored is None:
            return False
        address = self._intake.first_address(addresses_of(stored), delivery.person, after=delivery.channel)
        if address is None:
            return False
        now = self._clock.now()
        row = due_row(delivery.handoff, delivery.kind, delivery.sequence, delivery.person, address, whole=True, now=now)
        return await put_if_absent(connection, DELIVERIES, [{**row, "until": millis(budget(now, None))}]) == 1

    async def _unsure(self, connection: AsyncConnection, delivery: Delivery, detail: str) -> None:
        can = self._on[delivery.channel]
        if can.idempotent:
            await self._again(connection, delivery, detail, None)
        elif can.reconciles:
            await self._set(connection, delivery, State.UNSURE, detail, timedelta(seconds=1))
        else:
            await self._end(connection, delivery, State.UNKNOWN, detail)

    async def _still_unsure(self, connection: AsyncConnection, delivery: Delivery, detail: str) -> None:
        wait = timedelta(seconds=delay(delivery.attempts, self._chance()))
        if not self._on[delivery.channel].reconciles or millis(self._clock.now() + wait) > delivery.until:
            await self._end(connection, delivery, State.UNKNOWN, detail)
        else:
            await self._set(connection, delivery, State.UNSURE, detail, wait)

    async def _set(
        self,
        connection: AsyncConnection,
        delivery: Delivery,
        state: State,
        detail: str,
        wait: timedelta = timedelta(),
    ) -> None:
        table = DELIVERIES
        ours = (table.c.key == delivery.key) & (table.c.owner == self._owner)
        due = millis(self._clock.now() + wait)
        changed = update(table).where(ours).values(state=state.value, detail=detail, due_at=due, owner="")
        await connection.execute(changed)

    async def _end(
        self, connection: AsyncConnection, delivery: Delivery, state: State, detail: str, **shown: Any
    ) -> None:
        """The final word. A card that was certainly shown is recorded even if the lease was lost meanwhile."""
        table, now = DELIVERIES, self._clock.now()
        ours = (table.c.key == delivery.key) & table.c.state.not_in([one.value for one in OVER])
        if state is not State.DELIVERED:
            ours &= or_(table.c.owner == self._owner, table.c.owner == "")
        final = {"state": state.value, "detail": detail, "settled_at": millis(now), "owner": "", **shown}
        if (await connection.execute(update(table).where(ours).values(final))).rowcount != 1:
            return
        SETTLED.labels(delivery.channel, state.value).inc()
        if state in _FINAL:
            await self._outbox.put(connection, [(DELIVERIES_TOPIC.name, _recorded(delivery, state, detail, now))])


async def _noted(connection: AsyncConnection, delivery: Delivery, outcome: Outcome, now: datetime, took: float) -> None:
    row = {
        "key": delivery.key,
        "at": millis(now),
        "took": int(took * 1000),
        "outcome": type(outcome).__name__.lower(),
        "detail": outcome.detail,
    }
    await connection.execute(insert(ATTEMPTS).values(row))


def _tries(delivery: Delivery) -> int:
    """How often it was tried, the attempt under way included."""
    return delivery.attempts + (delivery.state is State.DUE)


def _recorded(delivery: Delivery, state: State, detail: str, at: datetime) -> Message:
    fact = DeliveryRecorded(
        id=uuid5(NAMESPACE, f"{delivery.key}|{state.value}"),
        handoff=delivery.handoff,
        kind=delivery.kind,
        sequence=delivery.sequence,
        person=delivery.person,
        channel=delivery.channel,
        outcome=_FINAL[state],
        at=at,
        attempts=_tries(delivery),
        detail=detail,
    )
    return Message(key=delivery.handoff.bytes, value=encode(fact))
