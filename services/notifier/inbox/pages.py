"""What stands on the inbox's pages: whose plays there are, in which order, and what happened to each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.play import CardKind
from services.notifier.card import Card
from services.notifier.links import Links
from services.notifier.sheet import Sheet, clock_words, sheet_of
from services.notifier.showing import card_for
from services.notifier.tables import HANDOFFS, INBOX, PEOPLE, REACTIONS, READERS, instant

FAR = datetime.max.replace(tzinfo=UTC)
MOST_PEOPLE = 30
"""Inboxes looked into to find the one to begin with."""
MOST = 80
"""Plays listed for one person; the oldest finished ones fall off."""

_HAPPENED = {
    CardKind.OFFER: "Offered",
    CardKind.REMINDER: "Reminded",
    CardKind.UPDATE: "Updated",
    CardKind.TRIAGE: "Asked for a decision",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has an inbox here."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One play in the list."""

    card: Card
    sheet: Sheet

    @property
    def todo(self) -> bool:
        """Does it wait for this person?"""
        return self.card.open and self.card.mine


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of what happened."""

    words: str
    at: str


async def people(connection: AsyncConnection) -> list[Person]:
    """Everybody with an inbox, by name."""
    rows = await connection.execute(
        select(INBOX.c.person, func.max(READERS.c.name).label("name"))
        .join(READERS, (READERS.c.handoff == INBOX.c.handoff) & (READERS.c.person == INBOX.c.person), isouter=True)
        .group_by(INBOX.c.person)
    )
    return sorted((Person(row[0], row[1] or row[0]) for row in rows), key=lambda one: one.name.casefold())


async def busiest(connection: AsyncConnection, known: Sequence[Person], links: Links, now: datetime) -> Person | None:
    """The one in whose inbox the play waits that matters most; among equals the first by name. None without anybody."""

    async def matter(person: Person) -> tuple[bool, bool, str, datetime]:
        listed = await entries(connection, person.id, links, now)
        waiting = [one for one in listed if one.todo]
        if not waiting:
            return True, True, "", FAR
        first = min(waiting, key=lambda one: (one.card.triage, one.card.priority))
        return False, first.card.triage, first.card.priority.value, first.sheet.deadline or FAR

    weighed = [(await matter(one), number) for number, one in enumerate(known[:MOST_PEOPLE])]
    return known[min(weighed)[1]] if weighed else None


async def person_named(connection: AsyncConnection, identity: str) -> str:
    """The person behind what the proxy says: an email address of theirs, or their id; nothing where nobody is."""
    mine = (PEOPLE.c.channel == "email") & (func.lower(PEOPLE.c.address) == identity)
    found = (await connection.execute(select(PEOPLE.c.person).where(mine).limit(1))).scalar_one_or_none()
    if found:
        return str(found)
    known = select(INBOX.c.person).where(func.lower(INBOX.c.person) == identity).limit(1)
    return (await connection.execute(known)).scalar_one_or_none() or ""


async def entries(connection: AsyncConnection, person: str, links: Links, now: datetime) -> list[Entry]:
    """This person's plays: what waits for them by deadline and priority, then the rest, the newest first."""
    mine = select(INBOX.c.handoff, func.max(INBOX.c.at).label("at")).where(INBOX.c.person == person)
    latest = mine.group_by(INBOX.c.handoff).order_by(func.max(INBOX.c.at).desc()).limit(MOST)
    cards = [
        await card_for(connection, row.handoff, person, links, now) for row in (await connection.execute(latest)).all()
    ]
    listed = [Entry(card, sheet_of(card)) for card in cards if card is not None]
    waiting = sorted(
        (one for one in listed if one.todo), key=lambda one: (one.sheet.deadline or FAR, one.card.priority)
    )
    return waiting + [one for one in listed if not one.todo]


def chosen(listed: Sequence[Entry], handoff: UUID | None) -> Entry | None:
    """The play to show: the one asked for, else the one to act on first."""
    asked = next((one for one in listed if one.card.handoff == handoff), None)
    return asked or (listed[0] if listed else None)


async def happened(connection: AsyncConnection, card: Card) -> list[Moment]:
    """What this person was told and what was done about it, the newest first."""
    told = select(INBOX).where((INBOX.c.handoff == card.handoff) & (INBOX.c.person == card.person))
    done = select(REACTIONS).where(REACTIONS.c.handoff == card.handoff)
    lines = [(row.at, _HAPPENED[CardKind(row.kind)]) for row in (await connection.execute(told)).all()]
    lines += [(row.at, row.sentence.rpartition(" · ")[0]) for row in (await connection.execute(done)).all()]
    return [Moment(words, clock_words(instant(at), card.time_zone)) for at, words in sorted(lines, reverse=True)]


async def tag(connection: AsyncConnection, person: str, now: datetime) -> str:
    """Changes whenever the person's page would. By the minute too, since buttons may come back by themselves."""
    mine = select(INBOX.c.handoff).where(INBOX.c.person == person)
    seen = select(func.count(), func.sum(HANDOFFS.c.version), func.max(HANDOFFS.c.at))
    handoffs = (await connection.execute(seen.where(HANDOFFS.c.handoff.in_(mine)))).one()
    cards = (await connection.execute(select(func.count()).where(INBOX.c.person == person))).scalar_one()
    acts = select(func.count()).select_from(REACTIONS).where(REACTIONS.c.handoff.in_(mine))
    reactions = (await connection.execute(acts)).scalar_one()
    state = (*handoffs, cards, reactions, int(now.timestamp() // 60))
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]
