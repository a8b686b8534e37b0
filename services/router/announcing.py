"""Says on the log which playbook decides from here on: once a change, whichever replica and however often it starts."""

import asyncio

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from runtime.log import LogError, Message
from schemas.fact import encode
from schemas.feedback import PlaybookPublished
from schemas.topics import FEEDBACK
from services.router.adapters import tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.playbook_store import PublishError, Store
from services.router.adapters.state import CrossedError
from services.router.desk import Desk
from services.router.domain.playbook import Playbook
from services.router.naming import named
from services.router.telling import JSON

_KEY = named("playbook").bytes
"""One for all of them, so that they stand on one partition, in their order."""
_log = structlog.get_logger(__name__)


async def announced(desk: Desk, book: Playbook, reason: str, actor: str = "router") -> bool:
    """Publish this version, unless it is the last that was published; True if it was not.

    Each publication is numbered, so that going back to an earlier version is a fact of its own. Raises as the database
    does; what the log refuses waits in the outbox.
    """
    while True:
        try:
            new = await _numbered(desk, book, reason, actor)
            break
        except CrossedError:  # another replica has published meanwhile: look again
            continue
    if new:
        try:
            await desk.outbox.flush()
        except LogError as away:
            _log.warning("the playbook's version is told later", fault=type(away).__name__)
    return new


async def _numbered(desk: Desk, book: Playbook, reason: str, actor: str) -> bool:
    table, edition = tables.PUBLICATION, (book.version, book.lists_version)
    async with desk.carriage.database.transaction() as connection:
        last = (await connection.execute(select(table).order_by(table.c.number.desc()).limit(1))).first()
        if last is not None and (last.version, last.lists) == edition:
            return False
        number, now = last.number + 1 if last is not None else 1, desk.now()
        await desk.state.create(connection, table, [(number, *edition, milliseconds(now))])
        fact = PlaybookPublished(
            id=named("playbook", number, *edition),
            version=book.version,
            lists=book.lists_version,
            reason=reason,
            actor=actor,
            at=now,
        )
        await desk.outbox.put(connection, [(FEEDBACK.name, Message(_KEY, encode(fact), JSON))])
    return True


async def follow(desk: Desk, arrivals: "asyncio.Queue[Playbook]", stop: asyncio.Event) -> None:
    """From the next batch on, a changed playbook decides, and the log says so. Until stopped."""
    await _told(desk, desk.shelf.current, "the router started", stop)
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        arrival = asyncio.create_task(arrivals.get())
        await asyncio.wait({arrival, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not arrival.done():
            arrival.cancel()
            return
        if desk.shelf.put(arrival.result()):
            await _told(desk, arrival.result(), "the files changed", stop)


async def _told(desk: Desk, book: Playbook, reason: str, stop: asyncio.Event) -> None:
    """Try until it is told; it decides meanwhile. An outage of the database is waited out."""
    while not stop.is_set():
        try:
            await announced(desk, book, *_why(desk, book, reason))
        except (SQLAlchemyError, OSError) as away:
            _log.warning("the playbook's version could not be told yet", fault=type(away).__name__)
        else:
            return
        try:
            await asyncio.wait_for(stop.wait(), desk.settings.offer_poll)
        except TimeoutError:
            continue


def _why(desk: Desk, book: Playbook, otherwise: str) -> tuple[str, str]:
    """The reason that both sides signed and who they are, where this version was published; else what we know."""
    try:
        signed = Store(desk.settings.playbook).current()
    except (PublishError, OSError):  # whoever watches the store says so
        return otherwise, "router"
    if signed is None or (signed.version, signed.lists) != (book.version, book.lists_version):
        return otherwise, "router"
    return signed.reason, f"{signed.marketing} and {signed.sales}"
