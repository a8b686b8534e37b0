"""Why was it decided so? One event of the past, or a lead's last, decided once more for its whole receipt."""

from uuid import UUID

from sqlalchemy import select

from runtime.database import Database
from runtime.log import Log
from schemas.event import Event, IdentifierKind
from services.router.adapters import tables
from services.router.adapters.forgetting import Forgotten
from services.router.explaining import Explained
from services.router.past import Books, refuse_half_a_past
from services.router.recollection import Recollection


async def recalled(
    recorded: Database, log: Log, books: Books, event: UUID, forgotten: Forgotten | None = None
) -> Explained | None:
    """What was decided on this event, with everything it rested on; None where no batch holds it.

    `recorded` and the log are only read. Raises as `Recollection.moments` does.
    """
    before = await _batch_of(recorded, event)
    recollection = Recollection(recorded, log, books, before=before, forgotten=forgotten)
    async for moment in recollection.moments(full=frozenset({event})):
        if not recollection.whole:
            refuse_half_a_past()
        facts = moment.piece.facts if moment.piece else []
        asked = next((fact for fact in facts if isinstance(fact, Event) and fact.id == event), None)
        if asked is None:
            continue
        verdict = next((one.verdict for one in moment.folded.settled if one.verdict.event == event), None)
        handoff = recollection.world.handoffs.get(verdict.handoff) if verdict and verdict.handoff else None
        triage = [
            one for one in recollection.world.triage.values() if verdict and one.lead == verdict.lead and one.open
        ]
        return Explained(asked, verdict, handoff, triage=triage[0] if triage else None)
    return None


async def _batch_of(recorded: Database, event: UUID) -> int | None:
    """The batch that decided it; None where its verdict is not kept, and the whole past is gone through."""
    found = select(tables.VERDICT.c.batch).where(tables.VERDICT.c.event == event).limit(1)
    async with recorded.reading() as connection:
        number: int | None = (await connection.execute(found)).scalar_one_or_none()
    return number


async def last_of(recorded: Database, email: str) -> UUID | None:
    """The last event of this person's that left a verdict; None for nobody who is known."""
    identifier, verdict = tables.IDENTIFIER, tables.VERDICT
    theirs = select(identifier.c.lead).where(
        identifier.c.kind == IdentifierKind.EMAIL.value, identifier.c.value == email.strip().lower()
    )
    last = select(verdict.c.event).where(verdict.c.lead.in_(theirs)).order_by(verdict.c.seq.desc()).limit(1)
    async with recorded.reading() as connection:
        found: UUID | None = (await connection.execute(last)).scalar_one_or_none()
    return found
