"""Under which card a message belongs: the first of this handoff that this person was shown on this channel."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery import Delivery
from services.notifier.tables import DELIVERIES


async def thread_of(connection: AsyncConnection, delivery: Delivery) -> str:
    """The handle of the thread's first card; empty where this message begins the thread."""
    table = DELIVERIES
    earlier = (
        (table.c.handoff == delivery.handoff)
        & (table.c.person == delivery.person)
        & (table.c.channel == delivery.channel)
        & (table.c.key != delivery.key)
        & table.c.whole
        & (table.c.handle != "")
    )
    first = select(table.c.handle).where(earlier).order_by(table.c.created_at).limit(1)
    return (await connection.execute(first)).scalar_one_or_none() or ""
