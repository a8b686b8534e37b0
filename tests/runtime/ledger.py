"""Handlers that keep offsets and effects in memory, with the compare-and-set of a real database."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.log import Batch, FencedError, Partition, Position


@dataclass
class Ledger:
    """What the members of one group share, as they would share a database."""

    positions: dict[Partition, Position] = field(default_factory=dict)
    effects: list[tuple[Partition, int, bytes]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def take(self, partition: Partition) -> Position:
        former = self.positions.get(partition, Position(0, 0))
        self.positions[partition] = taken = Position(former.next, former.epoch + 1)
        return taken

    def commit(self, batch: Batch) -> None:
        if self.positions[batch.partition] != Position(batch.first, batch.epoch):
            raise FencedError(f"{batch.partition} at {batch.first}, epoch {batch.epoch}")
        self.positions[batch.partition] = Position(batch.next, batch.epoch)
        self.effects += [(batch.partition, one.offset, one.value) for one in batch.records]

    def values(self) -> list[bytes]:
        return [value for _, _, value in self.effects]

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, true: Callable[[], bool], within: float = 60.0) -> None:
        """Wait until `true()`; whatever may make it true tells the ledger."""
        async with asyncio.timeout(within), self.changed:
            await self.changed.wait_for(true)


@dataclass
class Member:
    """One member's handler. `gate` closed holds batches inside the handler; `faults` are raised, one a batch."""

    ledger: Ledger
    faults: list[Exception] = field(default_factory=list)
    assign_faults: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    assign_gate: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[Batch] = field(default_factory=list)
    taken: list[tuple[Partition, Position]] = field(default_factory=list)
    asked: int = 0
    gone: list[Partition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()
        self.assign_gate.set()

    async def assigned(self, partition: Partition) -> Position:
        self.asked += 1
        await self.ledger.tell()
        await self.assign_gate.wait()
        if self.assign_faults:
            raise self.assign_faults.pop()
        position = self.ledger.take(partition)
        self.taken.append((partition, position))
        await self.ledger.tell()
        return position

    async def handle(self, batch: Batch) -> None:
        self.seen.append(batch)
        await self.ledger.tell()
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop()
        self.ledger.commit(batch)
        await self.ledger.tell()

    async def revoked(self, partition: Partition) -> None:
        self.gone.append(partition)
        await self.ledger.tell()

    def holds(self) -> set[Partition]:
        """The partitions taken over and not gone since."""
        held = [one for one, _ in self.taken]
        for one in self.gone:
            if one in held:
                held.remove(one)
        return set(held)
