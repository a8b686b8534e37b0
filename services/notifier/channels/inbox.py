"""The local inbox: the card is kept in the messenger's own tables and shown on its page. Everybody has one."""

from sqlalchemy.exc import SQLAlchemyError

from services.notifier.card import Card
from services.notifier.channel import (
    Absent,
    Capabilities,
    Channel,
    ChannelPlugin,
    Delivered,
    Failed,
    Fault,
    Means,
    Outcome,
    Sighting,
    Unknown,
)
from services.notifier.tables import INBOX, millis
from services.notifier.upsert import put_if_absent


class Inbox:
    """Writes into the table the page reads. The address is a person's id."""

    def __init__(self, means: Means) -> None:
        self._database, self._clock = means.database, means.clock

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:  # noqa: ARG002  (the page groups by handoff)
        """Put it on the page."""
        row = {
            "key": key,
            "handoff": card.handoff,
            "person": address,
            "kind": card.kind.value,
            "whole": card.whole,
            "at": millis(self._clock.now()),
        }
        try:
            async with self._database.transaction() as connection:
                await put_if_absent(connection, INBOX, [row])
        except (SQLAlchemyError, OSError) as fault:
            return Failed(Fault.RETRY, f"the database did not take it ({type(fault).__name__})")
        return Delivered(key)

    async def update(self, handle: str, card: Card) -> Outcome:  # noqa: ARG002  (the page shows what is true whenever it is asked)
        """Nothing to do."""
        return Delivered(handle)

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:  # noqa: ARG002  (the key is enough)
        """Look into the table."""
        try:
            async with self._database.reading() as connection:
                found = await connection.execute(INBOX.select().where(INBOX.c.key == key))
                return Delivered(key) if found.first() else Absent()
        except (SQLAlchemyError, OSError) as fault:
            return Unknown(f"the database did not answer ({type(fault).__name__})")

    async def close(self) -> None:
        """The database is not ours to close."""


async def _open(means: Means) -> Channel | None:
    return Inbox(means)


CHANNEL = ChannelPlugin(
    name="inbox", capabilities=Capabilities(updates=True, idempotent=True, reconciles=True), open=_open
)
