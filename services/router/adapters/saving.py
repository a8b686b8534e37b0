"""Writes what a batch has changed, in the order in which it was locked, each table in one statement."""

import hashlib
from collections.abc import Set as AbstractSet
from operator import itemgetter
from uuid import UUID

from sqlalchemy import delete, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.brief import Brief
from schemas.event import IdentifierKind
from schemas.fact import encode, replace
from schemas.verdict import Outcome
from services.router.adapters import codec, tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.loading import Loaded
from services.router.adapters.state import CrossedError, RefusedError, Row, State
from services.router.domain.decision import SetTimer, Surroundings
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import IdentifierKey, Standing
from services.router.domain.world import Folded, Judged, World
from services.router.naming import timer_id

_NOBODY = Brief(name="")
_NO_LEAD = UUID(int=0)
_NO_SURROUNDINGS = Surroundings()
_BY_KEY = itemgetter(0, 1)
_COOKIE = IdentifierKind.COOKIE
_DAY = 86_400_000
_EPOCH_DAY = 719_163
"""The proleptic ordinal of 1970-01-01."""
_TOLD = frozenset({Outcome.PASS, Outcome.TRIAGE, Outcome.UPDATE})
"""What leaves a full receipt; the rest is recomputed when somebody asks."""


def day_of(moment: int) -> int:
    """The UTC day (proleptic ordinal) of these milliseconds."""
    return moment // _DAY + _EPOCH_DAY


async def save(connection: AsyncConnection, state: State, loaded: Loaded, folded: Folded, number: int) -> None:
    """Everything that was touched.

    Raises `CrossedError` where another transaction made one of the rows first, `RefusedError` where a row cannot be.
    """
    touched, there = _touched(loaded), loaded.identifiers
    known = [_identifier_row(loaded.world, key) for key in touched if key in there]
    await state.put(connection, tables.IDENTIFIER, known)
    await _standings(connection, state, loaded)
    await _accounts(connection, state, loaded)
    world = loaded.world
    handoffs = [world.handoffs[one] for one in sorted(world.touched_handoffs)]
    rows = [handoff_row(one, loaded.texts.get(one.id, codec.EMPTY)) for one in handoffs]
    await state.put(connection, tables.HANDOFF, rows)
    items = [triage_row(world.triage[one]) for one in sorted(world.touched_triage)]
    await state.put(connection, tables.TRIAGE, items)
    await _floods(connection, state, loaded)
    await _history(connection, state, folded, number)


async def _history(connection: AsyncConnection, state: State, folded: Folded, number: int) -> None:
    verdicts = [_verdict_row(one, number) for one in folded.settled if one.stored]
    acts = [(lead, seq, fact, number) for fact, lead, seq in folded.acts]
    try:
        await state.create(connection, tables.VERDICT, verdicts)
        await state.create(connection, tables.ACT, acts)
    except CrossedError as taken:
        raise RefusedError("a number is taken: a lead's standing and its history disagree") from taken
    for event, counted in folded.recounted.items():  # a burst seen too late: rare, and a few events each time
        row = tables.VERDICT
        change = update(row).where(row.c.event == event).values(counted=codec.COUNTED.encode(counted))
        await connection.execute(change)


async def make_identifiers(
    connection: AsyncConnection, state: State, loaded: Loaded, asked: AbstractSet[IdentifierKey]
) -> None:
    """Make the rows of the identifiers that are new; of the others that were `asked` for, see that they are none still.

    Call it before the batch takes its number: what was not there could not be locked, and of two batches that look at
    one identifier the one with the higher number has seen what the other did. Raises `CrossedError` where another
    transaction has made one of the rows meanwhile: also where this batch only looked.
    """
    world, there = loaded.world, loaded.identifiers
    new = _touched(loaded) - there
    rows = [_identifier_row(world, key) for key in new]
    absent = sorted(asked - there - new) if state.waits else []
    rows += [(key.kind, key.value, _NO_LEAD, False, 0, codec.EMPTY, codec.EMPTY) for key in absent]
    rows.sort(key=_BY_KEY)  # in one order everywhere, so that two batches that make the same rows wait in line
    await state.create(connection, tables.IDENTIFIER, rows)
    if absent:
        table = tables.IDENTIFIER
        theirs = tuple_(table.c.kind, table.c.value).in_([(key.kind.value, key.value) for key in absent])
        await connection.execute(delete(table).where(theirs))


def _touched(loaded: Loaded) -> set[IdentifierKey]:
    """What has changed, and the identifiers of leads that have a standing from now on: they are found by their lead."""
    world = loaded.world
    worked = {key for lead in world.touched_standings for key in world.members.get(lead, ())}
    return world.touched_identifiers | worked


def _identifier_row(world: World, key: IdentifierKey) -> Row:
    row = world.identifiers[key]
    lead, dossier, owned = row.lead, row.dossier, row.ownership
    lone = key.kind is _COOKIE and lead not in world.standings and len(world.members.get(lead, ())) == 1
    day = dossier.last.at // _DAY + _EPOCH_DAY if dossier.last else 0
    ownership = codec.OWNERSHIP.encode(owned) if owned.claims or owned.claimed else codec.EMPTY
    return (key.kind, key.value, lead, lone, day, codec.DOSSIER.encode(dossier), ownership)


async def _standings(connection: AsyncConnection, state: State, loaded: Loaded) -> None:
    world = loaded.world
    gone = {lead for lead in loaded.leads | world.touched_standings if not world.members.get(lead)}
    kept = sorted(world.touched_standings - gone)
    await state.put(connection, tables.STANDING, [standing_row(lead, world.standings[lead]) for lead in kept])
    await state.remove(connection, tables.STANDING, "lead", sorted(gone))


def standing_row(lead: UUID, standing: Standing) -> Row:
    """The row of one lead's standing."""
    return (lead, standing.seq, standing.lifecycle.value, standing.owner, codec.STANDING.encode(standing))


async def _accounts(connection: AsyncConnection, state: State, loaded: Loaded) -> None:
    new: list[Row] = []
    known: list[Row] = []
    for key in sorted(loaded.world.touched_accounts):
        account = loaded.world.accounts[key]
        row = (key, account.target_handoff, account.owner)
        (known if key in loaded.accounts else new).append(row)
    await state.put(connection, tables.ACCOUNT, known)
    if await state.add(connection, tables.ACCOUNT, new) != len(new):
        raise CrossedError("another transaction has met the same account first")


async def _floods(connection: AsyncConnection, state: State, loaded: Loaded) -> None:
    new: list[Row] = []
    known: list[Row] = []
    for key in sorted(loaded.world.touched_floods):
        row = (key, loaded.day, loaded.world.floods[key])
        (known if key in loaded.floods else new).append(row)
    await state.put(connection, tables.FLOOD, known)
    if await state.add(connection, tables.FLOOD, new) != len(new):
        raise CrossedError("another transaction has counted the same flood first")


def handoff_row(handoff: Handoff, text: bytes) -> Row:
    """The row of one handoff, with the play as it was rendered for its assignee."""
    deadline = handoff.attempt_by or handoff.accept_by
    return (
        handoff.id,
        handoff.lead,
        handoff.account,
        handoff.state.value,
        handoff.team,
        handoff.assignee,
        handoff.priority.value,
        milliseconds(handoff.received_at),
        None if deadline is None else milliseconds(deadline),
        codec.HANDOFF.encode(handoff),
        text,
    )


def triage_row(item: TriageItem) -> Row:
    """The row of one triage item."""
    return (item.id, item.lead, item.open, item.team, milliseconds(item.due_at), codec.TRIAGE.encode(item))


def timer_row(timer: SetTimer) -> Row:
    """The row of one deadline; its id is a v5 of what it is, so that setting it twice is setting it once."""
    return (
        timer_id(timer),
        timer.subject,
        timer.kind.value,
        milliseconds(timer.due_at),
        timer.about,
        timer.round,
    )


def _verdict_row(settled: Judged, number: int) -> Row:
    verdict = settled.verdict
    whole = encode(verdict)
    told = verdict.outcome in _TOLD or verdict.handoff is not None
    around = settled.surroundings
    return (
        verdict.lead,
        verdict.lead_seq,
        verdict.event,
        milliseconds(verdict.at),
        verdict.outcome.value,
        verdict.reasons[0].code if verdict.reasons else "",
        verdict.handoff,
        verdict.playbook,
        verdict.lists,
        number,
        digest(whole),
        codec.COUNTED.encode(settled.counted) if settled.counted else codec.EMPTY,
        codec.EMPTY if around == _NO_SURROUNDINGS else codec.SURROUNDINGS.encode(_bare(around)),
        whole if told else codec.EMPTY,
    )


def _bare(around: Surroundings) -> Surroundings:
    """Without the briefs: no decision reads them, and another person's brief must not outlive their erasure here."""
    return replace(
        around,
        handoff=around.handoff and replace(around.handoff, brief=_NOBODY),
        account_handoff=around.account_handoff and replace(around.account_handoff, brief=_NOBODY, lead=_NO_LEAD),
        triage=around.triage and replace(around.triage, brief=_NOBODY),
    )


def digest(whole: bytes) -> bytes:
    """16 bytes of BLAKE2b: by it a replay is compared with what was decided, byte for byte, without storing it all."""
    return hashlib.blake2b(whole, digest_size=16).digest()
