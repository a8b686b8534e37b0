"""The courier: carries what is due to its channel, side by side, one message at a time to one address."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError

from runtime.clock import Clock
from runtime.database import Database
from runtime.failpoints import reach
from schemas.play import CardKind, DeliverPlay
from services.notifier.breaker import Breaker
from services.notifier.card import Card
from services.notifier.channel import Delivered, Failed, Fault, OpenChannel, Outcome, Sighting, Unknown
from services.notifier.delivery import Delivery, State
from services.notifier.enrolments import card_of
from services.notifier.ledger import Ledger
from services.notifier.links import Links
from services.notifier.metrics import PAUSED, SEND_SECONDS, SENT
from services.notifier.refreshing import Refreshes
from services.notifier.showing import card_for, first_card
from services.notifier.threads import thread_of

MOST = 32
"""Messages under way at once."""
MOST_A_CHANNEL = 12
"""… of one channel, so that a provider that hangs does not hold up the others."""
LONGEST_SLEEP = 1.0
"""Seconds between two looks at the table: another replica's crash or a clock that jumped is found by then."""

_log = structlog.get_logger(__name__)


class Courier:
    """Sends what the ledger says is due. Several replicas may run; a row is claimed by one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, OpenChannel],
        *,
        ledger: Ledger,
        refreshes: Refreshes,
        links: Links,
        timeout: float,
    ) -> None:
        self._database, self._clock, self._ledger, self._refreshes = database, clock, ledger, refreshes
        self._links, self._channels, self._timeout = links, channels, timeout
        self._breakers = {name: Breaker(clock) for name in channels}
        self._active: dict[asyncio.Task[None], tuple[str, str]] = {}
        self._quiet_until: dict[str, float] = {}
        self._reserved: dict[tuple[str, str], int] = {}
        self._missed: set[str] = set()
        self._carrying = False
        self.wake = asyncio.Event()
        """Set it when something has become due."""

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until `stop`; then finish what is under way."""
        stopping = asyncio.create_task(stop.wait())
        alone, looked = self._database.dialect == "sqlite", float("-inf")
        self._carrying = True
        try:
            while not stop.is_set():
                self.wake.clear()
                try:
                    if (now := self._clock.monotonic()) - looked >= LONGEST_SLEEP:
                        await self._ledger.recover(alone=alone)
                        alone, looked = False, now
                    if not await self.turn():
                        await self._rest(stopping)
                except (SQLAlchemyError, OSError) as fault:
                    _log.warning("the ledger is away", fault=type(fault).__name__)
                    await asyncio.wait({stopping}, timeout=LONGEST_SLEEP)
        finally:
            self._carrying = False
            stopping.cancel()
            if self._active:
                await asyncio.wait(self._active, timeout=self._timeout * 2)

    async def turn(self) -> int:
        """Start carrying what is due now; how many were started."""
        held, cooling = self._held(), self._cooling()
        room = self._room()
        if room <= 0:
            return 0
        started, probed = 0, set[str]()
        probing = {name for name, breaker in self._breakers.items() if breaker.half_open}
        for delivery in await self._ledger.claim(room, without=held, cooling=cooling):
            gap = self._gap(delivery.channel)
            if delivery.channel in probed or (gap and delivery.address in self._cooling()):  # meanwhile one left
                await self._ledger.put_back(delivery, timedelta(seconds=gap or 1.0))
                continue
            probed |= {delivery.channel} & probing
            self._start(delivery, self._carry(delivery))
            started += 1
        for delivery in await self._refreshes.claim(MOST, without=held | probing):
            self._start(delivery, self._refresh(delivery))
            started += 1
        return started

    def reserve(self, channel: str, address: str) -> dict[str, Any] | None:
        """As `express.Carrier` says: while the courier runs and neither channel nor address has to be spared."""
        spared = channel in self._held() or channel not in self._channels or self._breakers[channel].half_open
        if not self._carrying or spared or self._room() <= 0:
            return None
        if self._gap(channel) and address in self._cooling():
            return None
        self._reserved[channel, address] = self._reserved.get((channel, address), 0) + 1
        return self._ledger.claimed()

    def draw(self, delivery: Delivery, play: DeliverPlay) -> Card | None:
        """As `express.Carrier` says."""
        try:
            card = first_card(play, delivery.person, self._links)
            if card and (draws := self._channels[delivery.channel].draws):
                draws(card)
        except Exception as fault:  # noqa: BLE001  (a channel's bug; whoever sends it trips over it again, and says so)
            _log.error("a card could not be drawn", channel=delivery.channel, fault=type(fault).__name__)
            return None
        return card

    def hand(self, delivery: Delivery, card: Card | None) -> None:
        """As `express.Carrier` says."""
        self.release(delivery)
        self._start(delivery, self._carry(delivery, card))

    def release(self, delivery: Delivery) -> None:
        """As `express.Carrier` says."""
        place = (delivery.channel, delivery.address)
        self._reserved[place] -= 1
        if not self._reserved[place]:
            del self._reserved[place]

    async def settle_down(self) -> None:
        """Wait until nothing is under way."""
        while self._active:
            await asyncio.wait(list(self._active))

    def _start(self, delivery: Delivery, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work, name=f"deliver {delivery.key}")
        self._active[task] = (delivery.channel, delivery.address)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        name, address = self._active.pop(task)
        if gap := self._gap(name):
            self._quiet_until[address] = self._clock.monotonic() + gap
        self._quiet_until = {one: at for one, at in self._quiet_until.items() if at > self._clock.monotonic()}
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("a delivery broke off", task=task.get_name(), fault=type(fault).__name__)
        self.wake.set()

    def _room(self) -> int:
        return MOST - len(self._active) - sum(self._reserved.values())

    def _cooling(self) -> set[str]:
        """Addresses that the gap of their channel spares at this moment."""
        cooling = {address for name, address in [*self._active.values(), *self._reserved] if self._gap(name)}
        return cooling | {address for address, until in self._quiet_until.items() if until > self._clock.monotonic()}

    def _held(self) -> set[str]:
        busy = [name for name, _ in [*self._active.values(), *self._reserved]]
        held = set()
        for name, breaker in self._breakers.items():
            paused = breaker.wait() > 0 or (breaker.half_open and name in busy)
            PAUSED.labels(name).set(paused)
            if paused or busy.count(name) >= MOST_A_CHANNEL:
                held.add(name)
        return held

    def _gap(self, name: str) -> float:
        channel = self._channels.get(name)
        return channel.capabilities.gap if channel else 0.0

    async def _rest(self, stopping: "asyncio.Task[bool]") -> None:
        cooling = self._cooling()
        due = await self._ledger.next_due(without=self._held(), cooling=cooling)
        until = (due - self._clock.now()).total_seconds() if due else LONGEST_SLEEP
        cooled = [at - self._clock.monotonic() for one, at in self._quiet_until.items() if one in cooling]
        until = min(until, *cooled, LONGEST_SLEEP)
        woken = asyncio.create_task(self.wake.wait())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait({woken, stopping}, timeout=max(until, 0.02), return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def _carry(self, delivery: Delivery, fresh: Card | None = None) -> None:
        open_channel = self._channels.get(delivery.channel)
        if open_channel is None:
            gone = Failed(Fault.CONFIG, f"the channel {delivery.channel} is not switched on here")
            self._missing(delivery.channel)
            await self._ledger.settle(delivery, gone, took=0.0, state="", version=0)
        elif delivery.state is State.UNSURE:
            await self._look(delivery, open_channel)
        else:
            card, thread = (fresh, "") if fresh else await self._read(delivery)
            await self._send(delivery, open_channel, card, thread)

    def _missing(self, name: str) -> None:
        """Whoever is on duty hears it once."""
        if name not in self._missed:
            _log.warning("messages wait for a channel that is not switched on", channel=name)
        self._missed.add(name)

    async def _read(self, delivery: Delivery) -> tuple[Card | None, str]:
        async with self._database.reading() as connection:
            if delivery.kind is CardKind.ENROLMENT:
                return await card_of(connection, delivery.handoff), ""
            card = await card_for(
                connection,
                delivery.handoff,
                delivery.person,
                self._links,
                self._clock.now(),
                kind=delivery.kind,
                whole=delivery.whole,
            )
            return card, await thread_of(connection, delivery)

    async def _send(self, delivery: Delivery, open_channel: OpenChannel, card: Card | None, thread: str) -> None:
        over = card is not None and card.enrolment is not None and card.version != delivery.sequence
        if card is None or card.erased or over or (delivery.whole and not card.open):
            await self._ledger.skip(delivery, "nothing is left to be done about it")
            return
        began = self._clock.monotonic()
        outcome = await self._call(delivery, card, open_channel, thread)
        took = self._clock.monotonic() - began
        reach("notifier.sent")
        self._note(delivery.channel, outcome)
        SEND_SECONDS.labels(delivery.channel).observe(took)
        await self._ledger.settle(delivery, outcome, took=took, state=card.state.value, version=card.version)

    async def _call(self, delivery: Delivery, card: Card, open_channel: OpenChannel, thread: str) -> Outcome:
        if self._clock.now().timestamp() * 1000 >= delivery.until:
            return Failed(Fault.PERMANENT, "no time left to send it here")
        try:
            async with asyncio.timeout(self._timeout + 2):  # the channel's own deadline comes first
                return await open_channel.channel.send(card, delivery.address, delivery.key, thread)
        except TimeoutError:
            return Unknown("no answer within the deadline")
        except Exception as fault:  # noqa: BLE001  (a channel's bug must not cost the rep the play; the text may hold secrets)
            return Unknown(f"the channel raised {type(fault).__name__}")

    async def _look(self, delivery: Delivery, open_channel: OpenChannel) -> None:
        can = open_channel.capabilities
        sighting: Sighting
        if can.idempotent:
            await self._ledger.resend(delivery)
            return
        if can.reconciles:
            async with self._database.reading() as connection:
                thread = await thread_of(connection, delivery)
            try:
                async with asyncio.timeout(self._timeout + 2):
                    sighting = await open_channel.channel.reconcile(delivery.key, delivery.address, thread)
            except Exception as fault:  # noqa: BLE001  (the same: whatever it raises, we do not know)
                sighting = Unknown(f"looking for it raised {type(fault).__name__}")
        else:
            sighting = Unknown("the sender died, and this provider cannot be asked")
        await self._ledger.sighted(delivery, sighting)

    async def _refresh(self, delivery: Delivery) -> None:
        async with self._database.reading() as connection:
            card = await card_for(
                connection, delivery.handoff, delivery.person, self._links, self._clock.now(), kind=delivery.kind
            )
        if card is None:
            return
        try:
            async with asyncio.timeout(self._timeout + 2):
                outcome = await self._channels[delivery.channel].channel.update(delivery.handle, card)
        except Exception as fault:  # noqa: BLE001  (repeating an update is harmless, so it is tried again)
            outcome = Unknown(f"the update raised {type(fault).__name__}")
        self._note(delivery.channel, outcome)
        await self._refreshes.settle(delivery, card, outcome)

    def _note(self, name: str, outcome: Outcome) -> None:
        self._breakers[name].note(outcome)
        match outcome:
            case Delivered():
                word = "delivered"
            case Failed(fault=fault):
                word = fault.value
                _log.warning("a card was not taken", channel=name, fault=fault.value, detail=outcome.detail)
            case Unknown():
                word = "unknown"
                _log.warning("a card may or may not be shown", channel=name, detail=outcome.detail)
            case _:
                assert_never(outcome)
        SENT.labels(name, word).inc()
