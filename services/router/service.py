"""The router as a running service: two lanes read side by side, an outbox, a clock, and a playbook that may change."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from runtime.carriage import Carriage
from runtime.collector import calm_collector
from runtime.consumer import moving, settled
from runtime.log import LogError, Subscription
from runtime.migrations import migrate
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT, FEEDBACK
from services.router import retention
from services.router.adapters.playbook_watch import WatchedPlaybook
from services.router.announcing import follow
from services.router.consumer import Consumer
from services.router.desk import Desk, a_desk
from services.router.domain.playbook import Playbook
from services.router.metrics import PLAYBOOK_REFUSED
from services.router.migrations import PACKAGE
from services.router.narration import Observe
from services.router.offering import Offering
from services.router.settings import RouterSettings
from services.router.timers import TimerPump

URGENT_GROUP = "router-urgent"
BEHAVIOUR_GROUP = "router-behaviour"
_log = structlog.get_logger(__name__)


async def serve(carriage: Carriage, settings: RouterSettings, observe: Observe | None = None) -> None:
    """Route until `carriage.stop` is set, then finish what is under way.

    `observe` is told what happened, after each commit. Raises `PlaybookFaultsError` where the playbook cannot be
    loaded at the start, `MigrationError` where the database is of a newer version.
    """
    arrivals: asyncio.Queue[Playbook] = asyncio.Queue()
    watched = WatchedPlaybook(settings.playbook, _onto_the_loop(arrivals))
    PLAYBOOK_REFUSED.set_function(lambda: float(watched.faults is not None))
    await migrate(carriage.database, PACKAGE)
    desk = a_desk(carriage, settings, watched.current, observe)
    offering = Offering(desk)
    consumer = Consumer(desk, offering)
    log = carriage.log
    urgent = log.subscribe(URGENT_GROUP, [EVENTS_URGENT.name, FEEDBACK.name], consumer, batch=settings.urgent_batch)
    size, linger = settings.behaviour_batch, settings.behaviour_linger
    behaviour = log.subscribe(BEHAVIOUR_GROUP, [EVENTS_BEHAVIOUR.name], consumer, batch=size, linger=linger)
    _observed(carriage, (urgent, behaviour))
    chores = [*_chores(desk, offering), watched.watch, lambda stop: follow(desk, arrivals, stop)]
    with calm_collector():
        await _until_stopped(desk, (urgent, behaviour), chores)
    await consumer.idle()
    await _last_words(desk)


def _onto_the_loop(arrivals: "asyncio.Queue[Playbook]") -> Callable[[Playbook], None]:
    """The files are read in a thread beside the loop; what it finds is handed to the loop."""
    loop = asyncio.get_running_loop()

    def hand_over(book: Playbook) -> None:
        loop.call_soon_threadsafe(arrivals.put_nowait, book)

    return hand_over


def _observed(carriage: Carriage, subscriptions: tuple[Subscription, ...]) -> None:
    """Alive while every partition's loop turns; ready while none of them is in trouble."""

    async def ready() -> bool:
        return all(settled(one.progress()) for one in subscriptions)

    carriage.health.ready("router", ready)
    carriage.health.alive(
        "router", lambda: all(moving(one.progress(), carriage.clock.monotonic()) for one in subscriptions)
    )


def _chores(desk: Desk, offering: Offering) -> list[Callable[[asyncio.Event], Awaitable[None]]]:
    return [
        desk.outbox.sweep,
        TimerPump(desk).run,
        lambda stop: _sweep(desk, offering, stop),
        lambda stop: retention.run(desk, stop),
    ]


async def _until_stopped(
    desk: Desk,
    subscriptions: tuple[Subscription, ...],
    chores: list[Callable[[asyncio.Event], Awaitable[None]]],
) -> None:
    stop = desk.carriage.stop
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        reading = [tasks.create_task(one.run()) for one in subscriptions]
        for chore in chores:
            tasks.create_task(_as_task(chore, done))
        await stop.wait()
        for one in subscriptions:
            one.stop()
        await asyncio.gather(*reading)
        done.set()


async def _as_task(chore: Callable[[asyncio.Event], Awaitable[None]], done: asyncio.Event) -> None:
    await chore(done)


async def _sweep(desk: Desk, offering: Offering, stop: asyncio.Event) -> None:
    """Offer what was left behind, now and then; an outage is waited out."""
    while not stop.is_set():
        try:
            await offering.sweep()
        except (LogError, SQLAlchemyError, OSError) as away:
            _log.warning("offers wait", fault=type(away).__name__)
        try:
            await asyncio.wait_for(stop.wait(), desk.settings.offer_poll)
        except TimeoutError:
            continue


async def _last_words(desk: Desk) -> None:
    try:
        await desk.outbox.flush()
    except (LogError, SQLAlchemyError, OSError) as away:
        _log.warning("the outbox is swept at the next start", fault=type(away).__name__)
