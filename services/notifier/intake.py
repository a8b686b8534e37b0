"""Takes a command into the tables: what is shown now, to whom, and which messages are due. The newest version wins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.handoff import OPEN
from schemas.play import Address, CardKind, DeliverPlay, ErasePlay, Recipient
from services.notifier.backoff import budget
from services.notifier.channel import Capabilities
from services.notifier.delivery import State, key_of
from services.notifier.express import Express
from services.notifier.metrics import IGNORED
from services.notifier.tables import DELIVERIES, HANDOFFS, PEOPLE, REACTIONS, READERS, millis
from services.notifier.upsert import put_if_absent, upsert

WAITING = Express()
"""Nothing leaves at once."""
_WHOLE = frozenset({CardKind.OFFER, CardKind.TRIAGE})
"""What begins with a card of its own."""
_Row = dict[str, Any]
_Place = tuple[str, str]
_Somebody = tuple[str, str]
_ACQUAINTANCES = 10_000
LAST_RESORT = "inbox"
"""Everybody has one: whom no other channel reaches finds the card there."""
_ADDRESSES = msgspec.json.Decoder(tuple[Address, ...])


class Intake:
    """Writes what a command means, within the caller's transaction. `on` are the channels that are switched on."""

    def __init__(self, on: Mapping[str, Capabilities]) -> None:
        self._on = on
        self._met: dict[_Place, _Somebody] = {}

    async def meet(self, connection: AsyncConnection, plays: Sequence[DeliverPlay]) -> None:
        """Remember whose address is whose, in one order for everybody, so that two partitions never wait in a ring."""
        await upsert(connection, PEOPLE, *self._acquaintances(plays))

    def met(self, plays: Sequence[DeliverPlay]) -> None:
        """They are remembered: call it after the commit, and the next play for them need not say it again."""
        if len(self._met) > _ACQUAINTANCES:
            self._met.clear()
        self._met.update(_people(plays))

    def _acquaintances(self, plays: Sequence[DeliverPlay]) -> list[_Row]:
        new = {place: who for place, who in _people(plays).items() if self._met.get(place) != who}
        return [
            {"channel": channel, "address": address, "person": person, "name": name}
            for (channel, address), (person, name) in sorted(new.items())
        ]

    def first(
        self, plays: Sequence[tuple[DeliverPlay, bytes]], now: datetime, express: Express
    ) -> dict[Table, list[_Row]]:
        """What `meet` and `take` come to for plays that are `all_new`, where nothing stands of their handoffs."""
        told = [(play, one) for play, _ in plays for one in play.recipients]
        due = [
            express.claim(_due_row(play, one.person, address, whole=True, now=now), play)
            for play, one in told
            if (address := self.first_address(one.addresses, one.person)) is not None
        ]
        return {
            PEOPLE: self._acquaintances([play for play, _ in plays]),
            HANDOFFS: [_row(play, value) for play, value in plays],
            READERS: [_reader(play, one) for play, one in told],
            DELIVERIES: due,
        }

    async def take(
        self, connection: AsyncConnection, play: DeliverPlay, value: bytes, now: datetime, express: Express = WAITING
    ) -> None:
        """Show this. `value` is the command as it stood on the log; taking it twice changes nothing.

        `express` takes what may leave as soon as the caller has committed.
        """
        first = play.kind in _WHOLE and await put_if_absent(connection, HANDOFFS, [_row(play, value)])
        shown = None if first else await _shown(connection, play.handoff)
        if shown is not None and shown.erased:
            IGNORED.labels("erased").inc()
            return
        if shown is not None and play.version < shown.version:
            IGNORED.labels("stale").inc()
            return
        newer = shown is None or play.version > shown.version
        if not first and (newer or play.kind in _WHOLE):
            await upsert(connection, HANDOFFS, _row(play, value))
        for recipient in play.recipients:
            await self._tell(connection, play, recipient, now, express if shown is None else None)
        if newer and shown is not None:
            await self.refresh(connection, play.handoff, now)

    async def erase(self, connection: AsyncConnection, command: ErasePlay, now: datetime) -> None:
        """Forget the person: blank what is kept, cancel what is due, and have every card that can be edited edited."""
        blank = {"handoff": command.handoff, "at": millis(command.at), "play": None, "erased": True}
        shown = await _shown(connection, command.handoff)
        await upsert(connection, HANDOFFS, {**blank, "version": shown.version + 1 if shown else 1})
        await connection.execute(update(READERS).where(READERS.c.handoff == command.handoff).values(notice=""))
        await connection.execute(delete(REACTIONS).where(REACTIONS.c.handoff == command.handoff))
        await _skip(connection, command.handoff, None, "the person asked to be forgotten", now)
        await self.refresh(connection, command.handoff, now)

    async def refresh(self, connection: AsyncConnection, handoff: UUID, now: datetime) -> None:
        """Have every card of the handoff that can be changed in place show what is true now."""
        table = DELIVERIES
        able = [name for name, can in self._on.items() if can.updates]
        shown = (table.c.handoff == handoff) & table.c.whole & (table.c.state == State.DELIVERED.value)
        due = update(table).where(shown & table.c.channel.in_(able))
        await connection.execute(due.values(refresh_at=millis(now), refreshes=0))

    async def _tell(
        self,
        connection: AsyncConnection,
        play: DeliverPlay,
        recipient: Recipient,
        now: datetime,
        express: Express | None,
    ) -> None:
        """`express` none: somebody was told of this handoff before."""
        person = recipient.person
        await upsert(connection, READERS, _reader(play, recipient))
        rows = [] if express else await _told(connection, play.handoff, person)
        if any(row.kind == play.kind.value and row.sequence == play.sequence for row in rows):
            IGNORED.labels("repeated").inc()
            return
        cards = [row for row in rows if row.whole and row.state not in {State.FAILED.value, State.SKIPPED.value}]
        if play.kind is CardKind.UPDATE and cards:
            await self._follow_up(connection, play, recipient, cards, now)
            return
        if play.kind is CardKind.UPDATE and (play.state not in OPEN or person not in play.actors):
            return  # they never saw a card, and there is nothing for them to do
        if play.kind is CardKind.REMINDER:
            await _skip(connection, play.handoff, person, "the reminder carries the play", now)
        address = self.first_address(recipient.addresses, person)
        if address is not None:
            await _due(connection, play, person, address, whole=True, now=now, express=express or WAITING)

    def first_address(self, addresses: Sequence[Address], person: str, after: str = "") -> Address | None:
        """The person's first address on a channel that is on; with `after`, the next one behind that channel's."""
        known = [*addresses]
        if not any(one.channel == LAST_RESORT for one in known):
            known.append(Address(channel=LAST_RESORT, address=person))
        if after:
            names = [one.channel for one in known]
            known = known[names.index(after) + 1 :] if after in names else []
        return next((one for one in known if one.channel in self._on), None)

    async def _follow_up(
        self, connection: AsyncConnection, play: DeliverPlay, recipient: Recipient, cards: Sequence[Any], now: datetime
    ) -> None:
        """A short message under the card, where the card itself cannot say it or somebody has to be nudged."""
        last = cards[-1]
        if last.state == State.DUE.value:
            return  # the card has not gone out yet: it will show the newest state by itself
        can = self._on.get(last.channel)
        if can is None:
            return
        silent = can.updates or last.shown_state == play.state.value
        if play.notice or not silent:
            address = Address(channel=last.channel, address=last.address)
            await _due(connection, play, recipient.person, address, whole=False, now=now)


def all_new(plays: Sequence[DeliverPlay]) -> bool:
    """May each of these be the first of its handoff, and is nobody told twice of one?"""
    handoffs = {play.handoff for play in plays if play.kind in _WHOLE}
    alone = all(len({one.person for one in play.recipients}) == len(play.recipients) for play in plays)
    return len(handoffs) == len(plays) and alone


def _people(plays: Sequence[DeliverPlay]) -> dict[_Place, _Somebody]:
    return {
        (one.channel, one.address): (recipient.person, recipient.name)
        for play in plays
        for recipient in play.recipients
        for one in recipient.addresses
    }


def _row(play: DeliverPlay, value: bytes) -> _Row:
    return {"handoff": play.handoff, "version": play.version, "at": millis(play.at), "play": value}


async def _shown(connection: AsyncConnection, handoff: UUID) -> Any:
    found = select(HANDOFFS.c.version, HANDOFFS.c.erased).where(HANDOFFS.c.handoff == handoff).with_for_update()
    return (await connection.execute(found)).one_or_none()


async def _told(connection: AsyncConnection, handoff: UUID, person: str) -> Sequence[Any]:
    """The person's rows of the ledger, oldest first."""
    mine = (DELIVERIES.c.handoff == handoff) & (DELIVERIES.c.person == person)
    return (await connection.execute(select(DELIVERIES).where(mine).order_by(DELIVERIES.c.created_at))).all()


def _reader(play: DeliverPlay, recipient: Recipient) -> _Row:
    return {
        "handoff": play.handoff,
        "person": recipient.person,
        "name": recipient.name,
        "addresses": msgspec.json.encode(recipient.addresses).decode(),
        "notice": play.notice,
        "version": play.version,
    }


async def _due(
    connection: AsyncConnection,
    play: DeliverPlay,
    person: str,
    address: Address,
    *,
    whole: bool,
    now: datetime,
    express: Express = WAITING,
) -> None:
    row = express.claim(_due_row(play, person, address, whole=whole, now=now), play)
    if not await put_if_absent(connection, DELIVERIES, [row]):
        express.unclaim(row["key"])


def _due_row(play: DeliverPlay, person: str, address: Address, *, whole: bool, now: datetime) -> _Row:
    row = due_row(play.handoff, play.kind, play.sequence, person, address, whole=whole, now=now)
    return {**row, "until": millis(budget(now, play.expires_at))}


def due_row(
    handoff: UUID, kind: CardKind, sequence: int, person: str, address: Address, *, whole: bool, now: datetime
) -> dict[str, Any]:
    """A new row of the ledger, due at once, without its `until`."""
    return {
        "handoff": handoff,
        "kind": kind.value,
        "sequence": sequence,
        "person": person,
        "channel": address.channel,
        "key": key_of(handoff, kind, sequence, person, address.channel),
        "address": address.address,
        "whole": whole,
        "state": State.DUE.value,
        "created_at": millis(now),
        "due_at": millis(now),
    }


async def _skip(connection: AsyncConnection, handoff: UUID, person: str | None, why: str, now: datetime) -> None:
    table = DELIVERIES
    waiting = (table.c.handoff == handoff) & (table.c.state == State.DUE.value)
    if person is not None:
        waiting &= table.c.person == person
    skipped = {"state": State.SKIPPED.value, "detail": why, "settled_at": millis(now)}
    await connection.execute(update(table).where(waiting).values(skipped))


def addresses_of(stored: str) -> tuple[Address, ...]:
    """The addresses in a reader's row."""
    return _ADDRESSES.decode(stored)
