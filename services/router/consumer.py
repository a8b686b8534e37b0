"""The router's end of the log: each batch decided once, told at once, and what waits for a rep offered right after."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping

import structlog

from runtime.failpoints import reach
from runtime.log import Batch, FencedError, Partition, Position
from services.router.applying import Effect, More, apply
from services.router.desk import Desk
from services.router.domain.decision import SaveHandoff
from services.router.domain.timeliness import too_early
from services.router.domain.world import NeedsMoreError
from services.router.drawing import announce, measure
from services.router.faults import Meaning, meaning_of
from services.router.lanes import is_behaviour
from services.router.metrics import BATCH_RETRIES, DEAD_LETTERS, DUPLICATES, TOO_EARLY, VERDICTS
from services.router.offering import Offering
from services.router.retelling import narrations

_ATTEMPTS = 30
"""How often a batch is taken anew at once, before the loop backs off with it."""
_log = structlog.get_logger(__name__)


class Consumer:
    """The handler of all three lanes."""

    def __init__(self, desk: Desk, offering: Offering) -> None:
        self._desk, self._offering = desk, offering
        self._telling: asyncio.Task[None] | None = None
        self._stands: dict[Partition, Position] = {}
        """Where a batch was left that was committed in part, so that the rest of it can be handed over again."""

    async def assigned(self, partition: Partition) -> Position:
        """Take the partition over, under a higher epoch."""
        async with self._desk.carriage.database.transaction() as connection:
            position = await self._desk.positions.take(connection, partition)
        self._desk.outbox.doubt()
        return position

    async def revoked(self, partition: Partition) -> None:
        """Forget where its last batch was left."""
        self._stands.pop(partition, None)
        _log.info("partition given up", topic=partition.topic, number=partition.number)

    async def handle(self, batch: Batch) -> None:
        """Decide the batch, piece by piece. Raises `FencedError`, and whatever keeps a piece from being committed."""
        rest = self._rest(batch)
        if rest is None:
            return
        for piece in self._desk.lanes.pieces(rest):
            async with self._desk.lanes.turn(piece):
                effects = await self._settle(piece, {})
                self._committed(effects)
                if not is_behaviour(piece):
                    await self._tell(effects)
            for effect in effects:
                _count(effect)
            if is_behaviour(piece):
                await self._told()
                self._telling = asyncio.create_task(self._tell(effects), name="telling")

    async def idle(self) -> None:
        """Wait until everything that was decided is told and offered."""
        await self._told()
        await self._offering.idle()

    async def _told(self) -> None:
        """Wait until what the last piece of behaviour led to is told: it is told while the next one is decided."""
        if self._telling is not None:
            await self._telling

    def _rest(self, batch: Batch) -> Batch | None:
        """The batch without what an interrupted attempt at it has committed already; None where that was all of it."""
        stands = self._stands.get(batch.partition)
        if stands is None or stands.epoch != batch.epoch or not batch.first < stands.next <= batch.next:
            return batch
        if stands.next == batch.next:
            return None
        left = [record for record in batch.records if record.offset >= stands.next]
        return Batch(batch.partition, stands.next, batch.next, batch.epoch, left)

    def _committed(self, effects: list[Effect]) -> None:
        reach("router.committed")
        for effect in effects if self._desk.observe is not None else ():
            self._desk.narrate(narrations(effect, self._desk.shelf, self._desk.now()))
            if effect.drawn is not None:
                announce(self._desk, effect.drawn)

    async def _tell(self, effects: list[Effect]) -> None:
        """After the commit: tell, then offer what waits. What fails here is swept later; the decision stands."""
        for effect in effects:
            await later("the outbox", self._desk.outbox.publish(effect.said))
        waiting = [handoff for effect in effects for handoff in effect.told.queued]
        if waiting:
            await self._offering.soon(waiting)

    async def _settle(self, batch: Batch, condemned: Mapping[int, str]) -> list[Effect]:
        """Commit the batch; where one row is at fault, find its fact by halves and make it a dead letter."""
        try:
            effect = await self._attempt(batch, condemned)
        except Exception as fault:
            if meaning_of(fault) is not Meaning.DATA or not batch.records:
                raise
            if len(batch.records) == 1:
                if condemned:
                    raise
                why = f"the database refused it: {type(fault).__name__}"
                return await self._settle(batch, {batch.records[0].offset: why})
            middle = len(batch.records) // 2
            between = batch.records[middle].offset
            left = Batch(batch.partition, batch.first, between, batch.epoch, batch.records[:middle])
            right = Batch(batch.partition, between, batch.next, batch.epoch, batch.records[middle:])
            return await self._settle(left, {}) + await self._settle(right, {})
        self._stands[batch.partition] = Position(batch.next, batch.epoch)
        return [effect]

    async def _attempt(self, batch: Batch, condemned: Mapping[int, str]) -> Effect:
        more = More()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await apply(self._desk, batch, condemned, more)
            except NeedsMoreError as missing:
                more.learn(missing)
                if attempt == _ATTEMPTS:
                    raise
            except FencedError:
                raise
            except Exception as fault:
                if meaning_of(fault) is not Meaning.AGAIN or attempt == _ATTEMPTS:
                    raise
                BATCH_RETRIES.inc()
                await asyncio.sleep(0.002 * attempt * (1 + batch.partition.number % 7))
        raise AssertionError("unreachable: the last attempt returns or raises")


async def later(what: str, work: Awaitable[object]) -> None:
    """Do this now if it can be done now; a decision that is committed stands, and a sweeper does the rest."""
    try:
        await work
    except Exception as fault:  # noqa: BLE001  (nothing that fails after the commit may undo or repeat the commit)
        _log.warning("left to the sweeper", what=what, exc_info=fault)


def _count(effect: Effect) -> None:
    """The figures; they can wait until everybody is told."""
    if effect.drawn is not None:
        measure(effect.drawn)
    DUPLICATES.inc(effect.duplicates)
    for outcome, number in Counter([settled.outcome for settled in effect.folded.settled]).items():
        VERDICTS.labels(outcome.value).inc(number)
    for command in effect.folded.commands:
        if isinstance(command, SaveHandoff) and too_early(command.handoff):
            for rule in command.handoff.rules:
                TOO_EARLY.labels(rule.value).inc()
    for death in effect.deaths:
        DEAD_LETTERS.labels(death.reason.value).inc()
        _log.warning("dead letter", reason=death.reason.value, source=death.source, detail=death.detail)
    for source in effect.parked:
        _log.error("source parked: mend it, then drive its dead letters again", source=source)
