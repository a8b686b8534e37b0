"""What is true now of a handoff, as a card for one person: read from the tables, never kept in memory."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.fact import decode
from schemas.play import DECODER, ActionKind, CardKind, DeliverPlay, PlayCommand
from services.notifier.card import ONCE, Acted, Card, card_of, erased_card
from services.notifier.links import Links
from services.notifier.tables import HANDOFFS, PEOPLE, REACTIONS, READERS, instant

PATIENCE = timedelta(seconds=60)
"""How long a decision may wait for the router's word before its buttons are offered again."""


async def play_of(connection: AsyncConnection, handoff: UUID) -> DeliverPlay | None:
    """The newest command of the handoff; nothing where there is none or the person was erased."""
    stored = select(HANDOFFS.c.play).where(HANDOFFS.c.handoff == handoff)
    return _play((await connection.execute(stored)).scalar_one_or_none())


def _play(value: bytes | None) -> DeliverPlay | None:
    if value is None:
        return None
    command: PlayCommand = decode(value, DECODER)
    return command if isinstance(command, DeliverPlay) else None


async def card_for(
    connection: AsyncConnection,
    handoff: UUID,
    person: str,
    links: Links,
    now: datetime,
    *,
    kind: CardKind = CardKind.OFFER,
    whole: bool = True,
) -> Card | None:
    """The card this person is shown now; nothing where the handoff is unknown here."""
    row = (await connection.execute(select(HANDOFFS).where(HANDOFFS.c.handoff == handoff))).one_or_none()
    if row is None:
        return None
    if row.erased:
        return erased_card(handoff, row.version, person, instant(row.at))
    play = _play(row.play)
    if play is None:
        return None
    mine = (READERS.c.handoff == handoff) & (READERS.c.person == person)
    reader = (await connection.execute(select(READERS).where(mine))).one_or_none()
    return card_of(
        play,
        person,
        reader.name if reader else person,
        kind=kind,
        whole=whole,
        notice=reader.notice if reader else "",
        acted=await _acted(connection, handoff, play.version, now),
        link=links.act_url(handoff, person) if person in play.actors else "",
        assignee=await name_of(connection, play.assignee),
    )


def first_card(play: DeliverPlay, person: str, links: Links) -> Card | None:
    """The card of a handoff that nobody has been shown yet, as `card_for` gives it, from the command alone.

    Nothing where the command does not name everybody the card does.
    """
    names = {one.person: one.name for one in play.recipients}
    if person not in names or (play.assignee and not names.get(play.assignee)):
        return None
    return card_of(
        play,
        person,
        names[person],
        kind=play.kind,
        notice=play.notice,
        link=links.act_url(play.handoff, person) if person in play.actors else "",
        assignee=names.get(play.assignee, ""),
    )


async def _acted(connection: AsyncConnection, handoff: UUID, version: int, now: datetime) -> Acted | None:
    done = (REACTIONS.c.handoff == handoff) & (REACTIONS.c.version >= version)
    last = select(REACTIONS).where(done).order_by(REACTIONS.c.at.desc(), REACTIONS.c.id).limit(1)
    row = (await connection.execute(last)).one_or_none()
    if row is None:
        return None
    fresh = now - instant(row.at) < PATIENCE
    return Acted(sentence=row.sentence, decides=ActionKind(row.action) in ONCE and fresh)


async def name_of(connection: AsyncConnection, person: str) -> str:
    """The name of somebody who has been told something before; else nothing."""
    if not person:
        return ""
    for table in (READERS, PEOPLE):
        found = select(table.c.name).where(table.c.person == person).limit(1)
        name = (await connection.execute(found)).scalar_one_or_none()
        if name:
            return str(name)
    return ""


async def person_at(connection: AsyncConnection, channel: str, address: str) -> str:
    """Whose address this is; nothing where nobody was ever told anything there."""
    found = select(PEOPLE.c.person).where((PEOPLE.c.channel == channel) & (PEOPLE.c.address == address))
    return (await connection.execute(found)).scalar_one_or_none() or ""
