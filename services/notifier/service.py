"""The notifier as a service: reads `plays`, carries cards, keeps the inbox and takes reactions, until it is stopped."""

import asyncio
import contextlib
import random
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta

import structlog
import uvicorn
from fastapi import FastAPI

from runtime.carriage import Carriage
from runtime.collector import calm_collector
from runtime.consumer import moving, settled
from runtime.discovery import discover
from runtime.log import Subscription
from runtime.migrations import migrate
from runtime.outbox import Outbox
from schemas.topics import PLAYS
from services.notifier import retention
from services.notifier.actions import make_app
from services.notifier.channel import ChannelPlugin, Means, OpenChannel
from services.notifier.consumer import GROUP, PlaysHandler
from services.notifier.courier import Courier
from services.notifier.desk import Desk
from services.notifier.guard import checked_binding
from services.notifier.intake import Intake
from services.notifier.ledger import Ledger
from services.notifier.links import Links, link_secret
from services.notifier.mail import sender_of
from services.notifier.refreshing import Refreshes
from services.notifier.settings import NotifierSettings
from services.notifier.tables import OUTBOX

CHANNELS = "services.notifier.channels"
MIGRATIONS = "services.notifier.migrations"
BATCH = 200

_log = structlog.get_logger(__name__)


def _unannounced(_url: str) -> None:
    """Nobody asked where we listen."""


async def serve(carriage: Carriage, settings: NotifierSettings, announce: Callable[[str], None] = _unannounced) -> None:
    """Run until `carriage.stop` is set, then finish what is under way. `announce` is told the door's URL.

    Raises `SystemExit` with the mend where the settings do not hold together or the address cannot be had,
    `PluginError` where a file in `channels/` is no channel.
    """
    checked_binding(settings)
    sender_of(settings.smtp_from)
    await migrate(carriage.database, MIGRATIONS)
    listener = _listen(settings)
    url = settings.public_url or f"http://{_name(settings.notifier_host)}:{listener.getsockname()[1]}"
    links = Links(link_secret(settings), url, settings.link_hours)
    async with opened(Means(settings, carriage.database, carriage.clock)) as channels:
        on = {name: one.capabilities for name, one in channels.items()}
        outbox = Outbox(carriage.database, OUTBOX, carriage.log, carriage.clock)
        courier = make_courier(carriage, settings, links, channels, outbox)
        handler = PlaysHandler(carriage.database, outbox, carriage.clock, on=on, wake=courier.wake.set, carrier=courier)
        desk = Desk(carriage.log, carriage.database, carriage.clock, Intake(on), courier)
        app = make_app(carriage, settings, links, desk)
        server = _Embedded(_configured(app, settings))
        subscription = carriage.log.subscribe(GROUP, [PLAYS.name], handler, batch=BATCH)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listener]), name="notifier door")
            tasks.create_task(subscription.run(), name="notifier consumer")
            tasks.create_task(courier.run(carriage.stop), name="notifier courier")
            tasks.create_task(outbox.sweep(carriage.stop), name="notifier outbox")
            keep = retention.run(carriage.database, carriage.clock, settings.retention, carriage.stop)
            tasks.create_task(keep, name="notifier retention")
            _observed(carriage, subscription)
            announce(url)
            with calm_collector():
                await carriage.stop.wait()
            subscription.stop()
            server.should_exit = True


def _configured(app: FastAPI, settings: NotifierSettings) -> uvicorn.Config:
    """uvicorn believes no forwarded address: whom to believe is the guard's business alone."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, int(settings.grace)),
    )


def _observed(carriage: Carriage, subscription: Subscription) -> None:
    """Alive while every partition's loop turns; ready while none of them is in trouble."""

    async def ready() -> bool:
        return settled(subscription.progress())

    carriage.health.ready("notifier", ready)
    carriage.health.alive("notifier", lambda: moving(subscription.progress(), carriage.clock.monotonic()))


def make_courier(
    carriage: Carriage,
    settings: NotifierSettings,
    links: Links,
    channels: Mapping[str, OpenChannel],
    outbox: Outbox,
) -> Courier:
    """The courier and its ledger, under a name that no other life of any process has."""
    on = {name: one.capabilities for name, one in channels.items()}
    lease = timedelta(seconds=settings.delivery_lease)
    ledger = Ledger(
        carriage.database,
        outbox,
        carriage.clock,
        on,
        owner=secrets.token_hex(8),
        lease=lease,
        chance=random.random,
    )
    return Courier(
        carriage.database,
        carriage.clock,
        channels,
        ledger=ledger,
        refreshes=Refreshes(carriage.database, carriage.clock, lease=lease),
        links=links,
        timeout=settings.delivery_timeout,
    )


@contextlib.asynccontextmanager
async def opened(means: Means, package: str = CHANNELS) -> AsyncIterator[dict[str, OpenChannel]]:
    """Every channel in the package that its settings switch on, open while the block runs."""
    plugins = discover(package, "CHANNEL", ChannelPlugin)
    async with contextlib.AsyncExitStack() as stack:
        channels = {}
        for name, plugin in plugins.items():
            channel = await plugin.open(means)
            if channel is not None:
                stack.push_async_callback(channel.close)
                channels[name] = OpenChannel(name, plugin.capabilities, channel, plugin.draws)
        off = {name: plugin.needs for name, plugin in plugins.items() if name not in channels}
        _log.info("channels", on=sorted(channels), off=off)
        yield channels


class _Embedded(uvicorn.Server):
    """A server that leaves the process's signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(settings: NotifierSettings) -> socket.socket:
    host, port = settings.notifier_host, settings.notifier_port
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as fault:
        raise SystemExit(
            f"notifier: cannot listen on {host}:{port} ({fault.strerror}): set PLAYCALLER_NOTIFIER_PORT to a free port"
        ) from None


def _name(host: str) -> str:
    return f"[{host}]" if ":" in host else host
