"""A consumer group within one process, for the SQLite log: who works on which partition."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from runtime.consumer import Consuming, Workers
from runtime.log import Log, Partition, Progress
from runtime.worker import Feed

MakeFeed = Callable[[Partition], Feed]


class LocalGroup:
    """The members of one group. Partitions that stay with their member are not disturbed when another comes or goes."""

    def __init__(self) -> None:
        self._members: list[LocalSubscription] = []
        self._turn = asyncio.Lock()

    async def join(self, member: "LocalSubscription") -> None:
        """A new member: it gets its share."""
        async with self._turn:
            self._members.append(member)
            await self._share()

    async def leave(self, member: "LocalSubscription") -> None:
        """A member goes: the others get its share once its transactions are over."""
        async with self._turn:
            self._members.remove(member)
            await member.workers.close()
            await self._share()

    async def assign_anew(self, member: "LocalSubscription", partition: Partition) -> None:
        """A fenced partition: take it away and give it out again, which is what allows a new epoch."""
        async with self._turn:
            await member.workers.retire([partition])
            await self._share()

    async def _share(self) -> None:
        wanted: dict[LocalSubscription, list[Partition]] = {member: [] for member in self._members}
        everything = sorted({one for member in self._members for one in member.partitions})
        for index, partition in enumerate(everything):
            able = [member for member in self._members if partition in member.partitions]
            wanted[able[index % len(able)]].append(partition)
        for member, share in wanted.items():
            await member.workers.retire(set(member.workers.working()) - set(share))
        for member, share in wanted.items():
            fresh = [one for one in share if one not in member.workers.working()]
            member.workers.assign({one: member.make_feed(one) for one in fresh})


class LocalSubscription:
    """One member of a group on the SQLite log."""

    def __init__(
        self, log: Log, group: LocalGroup, topics: Sequence[str], consuming: Consuming, make_feed: MakeFeed
    ) -> None:
        self._log, self._group, self._topics, self._backoff = log, group, topics, consuming.backoff
        self._stop = asyncio.Event()
        self._fenced: asyncio.Queue[Partition] = asyncio.Queue()
        self.make_feed = make_feed
        self.partitions: Sequence[Partition] = ()
        self.workers = Workers(consuming, self._fenced.put_nowait)

    async def run(self) -> None:
        """Read and hand over until `stop`; then finish the transactions under way and leave the group."""
        self.partitions = [one for topic in self._topics for one in await self._log.partitions(topic)]
        await self._group.join(self)
        mending = asyncio.create_task(self._mend(), name="fenced partitions")
        try:
            await self._stop.wait()
        finally:
            mending.cancel()
            await self._group.leave(self)

    async def _mend(self) -> None:
        while True:
            partition = await self._fenced.get()
            await asyncio.sleep(self._backoff.delay(3))
            await self._group.assign_anew(self, partition)

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    def progress(self) -> Mapping[Partition, Progress]:
        """How far each assigned partition is."""
        return self.workers.progress()
