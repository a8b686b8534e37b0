"""What a publication would do to those who are known already, from the state alone: nothing is written or fired."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, select

from runtime.database import Database
from schemas.event import IdentifierKind
from schemas.lead import Field
from schemas.verdict import Rule
from services.router.adapters import codec, tables
from services.router.domain.crossing import Stand, recounted, stand_of
from services.router.domain.lead import IdentifierKey, Lead, Standing
from services.router.domain.playbook import Playbook
from services.router.domain.profile import profile_of

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Crossing:
    """One person who stands elsewhere by the draft."""

    lead: UUID
    who: str
    """A name and an address, as far as they are known. A stranger may have typed them."""
    before: Stand
    after: Stand

    @property
    def gained(self) -> tuple[Rule, ...]:
        """The rules that would fire at their next sign of life, and would not have."""
        return tuple(rule for rule in self.after.would if rule not in self.before.would)


@dataclass(slots=True)
class Preview:
    """What a publication would do."""

    known: int = 0
    """People who are known by an address or a number of their own: nobody else can cross."""
    moved: int = 0
    """Those of them whose score would be another."""
    across: list[Crossing] = field(default_factory=list)
    """Who would cross a line upwards, the highest score first."""
    back: int = 0
    """Who would have passed at their next sign of life, and would no longer."""
    recounted: tuple[str, ...] = ()
    """Labels of the signals that count from the publication on."""


async def preview(recorded: Database, before: Playbook, after: Playbook, now: datetime) -> Preview:
    """Where everybody who is known stands by both playbooks at `now` (UTC). `recorded` is only read."""
    found = Preview(recounted=recounted(before, after))
    async for lead in _leads(recorded):
        was, would = stand_of(lead, before, now), stand_of(lead, after, now)
        found.known += 1
        found.moved += was.points != would.points
        found.back += bool(was.would) and not would.would
        one = Crossing(lead.id, "", was, would)
        if one.gained:
            found.across.append(Crossing(lead.id, _named(lead), was, would))
    found.across.sort(key=lambda one: (-one.after.points, one.who))
    return found


async def _leads(recorded: Database) -> AsyncIterator[Lead]:
    """Everybody known, one after the other; a visitor's lone cookie is nobody yet."""
    identifier, standing = tables.IDENTIFIER, tables.STANDING
    columns = (identifier.c.lead, identifier.c.kind, identifier.c.value, identifier.c.dossier, standing.c.standing)
    joined = identifier.outerjoin(standing, identifier.c.lead == standing.c.lead)
    asked = select(*columns).select_from(joined).where(~identifier.c.lone).order_by(identifier.c.lead)
    async with recorded.reading() as connection:
        stream = await connection.stream(asked.execution_options(yield_per=_AT_ONCE))
        pending: list[Row[*tuple[Any, ...]]] = []
        async for rows in stream.partitions(_AT_ONCE):
            pending.extend(cast("Sequence[Row[Any]]", rows))
            people = [list(rows) for _, rows in groupby(pending, key=attrgetter("lead"))]
            pending = people.pop()  # the next piece may go on with the last of them
            for theirs in people:
                if (lead := _lead(theirs)).known:
                    yield lead
        if pending and (lead := _lead(pending)).known:
            yield lead


def _lead(rows: list[Row[*tuple[Any, ...]]]) -> Lead:
    dossiers = {
        IdentifierKey(IdentifierKind(row.kind), row.value): codec.DOSSIER.decode(row.dossier)
        for row in sorted(rows, key=attrgetter("kind", "value"))
    }
    kept = rows[0].standing
    known = any(key.kind is not IdentifierKind.COOKIE for key in dossiers)
    return Lead(rows[0].lead, known, dossiers, codec.STANDING.decode(kept) if kept else Standing())


def _named(lead: Lead) -> str:
    profile = profile_of(lead)
    stated = (profile.stated(Field.FULL_NAME) or "", profile.stated(Field.COMPANY) or "")
    address = profile.emails[0] if profile.emails else profile.phone
    return ", ".join(part for part in (stated[0] or address, stated[1]) if part)
