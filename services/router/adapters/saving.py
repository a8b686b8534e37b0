"""Writes what a batch has changed, in the order in which it was locked."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from operator import itemgetter
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.brief import Brief
from schemas.event import Event, IdentifierKind
from schemas.fact import encode, replace
from schemas.feedback import Feedback
from schemas.verdict import Outcome
from services.router.adapters import codec, tables
from services.router.adapters.ask import Ask, Create, Fetch, Row, Sum
from services.router.adapters.codec import milliseconds
from services.router.adapters.loading import Loaded
from services.router.adapters.state import CrossedError, RefusedError, State, Write
from services.router.domain.decision import SetTimer, Surroundings
from services.router.domain.floods import unseen
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.identity import keys_of
from services.router.domain.lead import Dossier, IdentifierKey, Standing
from services.router.domain.playbook import Playbook
from services.router.domain.world import AccountRow, Folded, Judged, World
from services.router.naming import timer_id

_NOBODY = Brief(name="")
_NO_LEAD = UUID(int=0)
_NO_SURROUNDINGS = Surroundings()
_BY_KEY = itemgetter(0, 1)
_HISTORY = frozenset({tables.VERDICT.name, tables.ACT.name})
T = TypeVar("T")
_COOKIE, _EMAIL = IdentifierKind.COOKIE, IdentifierKind.EMAIL
_DAY = 86_400_000
_EPOCH_DAY = 719_163
"""The proleptic ordinal of 1970-01-01."""
_TOLD = frozenset({Outcome.PASS, Outcome.TRIAGE, Outcome.UPDATE})
"""What leaves a full receipt; the rest is recomputed when somebody asks."""


def day_of(moment: int) -> int:
    """The UTC day (proleptic ordinal) of these milliseconds."""
    return moment // _DAY + _EPOCH_DAY


async def save(
    connection: AsyncConnection,
    state: State,
    loaded: Loaded,
    folded: Folded,
    number: int,
    *,
    further: Sequence[Write] = (),
    asks: Sequence[Ask] = (),
) -> Sequence[Sequence[Row]]:
    """Everything that was touched, and what is `further` to be written; gives the answers to what is asked with it.

    Raises `CrossedError` where another transaction made one of the rows first, `RefusedError` where a row cannot be.
    """
    world = loaded.world
    gone = {lead for lead in loaded.leads | world.touched_standings if not world.members.get(lead)}
    try:
        writes = chain(_current(loaded, gone), _history(folded, number), further)
        answers = await state.write(connection, writes, *asks)
    except CrossedError as crossed:
        if crossed.table in _HISTORY:
            raise RefusedError("a number is taken: a lead's standing and its history disagree") from crossed
        raise
    await state.remove(connection, tables.STANDING, "lead", sorted(gone))
    for event, counted in folded.recounted.items():  # a burst seen too late: rare, and a few events each time
        row = tables.VERDICT
        change = update(row).where(row.c.event == event).values(counted=codec.COUNTED.encode(counted))
        await connection.execute(change)
    return answers


def _current(loaded: Loaded, gone: set[UUID]) -> Iterator[Write]:
    """What is true now, in the order in which it was locked."""
    world, touched = loaded.world, _touched(loaded)
    yield Write("put", tables.IDENTIFIER, _identifier_rows(world, touched & loaded.identifiers))
    standings = sorted(world.touched_standings - gone)
    yield Write("put", tables.STANDING, [standing_row(lead, world.standings[lead]) for lead in standings])
    accounts = [account_row(key, row) for key, row in _picked(world.accounts, world.touched_accounts)]
    yield Write("put", tables.ACCOUNT, [row for row in accounts if row[0] in loaded.accounts])
    yield Write("create", tables.ACCOUNT, [row for row in accounts if row[0] not in loaded.accounts])
    handoffs = [world.handoffs[one] for one in sorted(world.touched_handoffs)]
    yield Write("put", tables.HANDOFF, [handoff_row(one, loaded.texts.get(one.id, codec.EMPTY)) for one in handoffs])
    yield Write("put", tables.TRIAGE, [triage_row(world.triage[one]) for one in sorted(world.touched_triage)])


def _history(folded: Folded, number: int) -> Iterator[Write]:
    """What was decided, for good."""
    yield Write("create", tables.VERDICT, [_verdict_row(one, number) for one in folded.settled if one.stored])
    yield Write("create", tables.ACT, [(lead, seq, fact, number) for fact, lead, seq in folded.acts])


def _picked(rows: Mapping[str, T], keys: Iterable[str]) -> list[tuple[str, T]]:
    return [(key, rows[key]) for key in sorted(keys)]


async def make_visitors(connection: AsyncConnection, state: State, loaded: Loaded) -> None:
    """Make the rows of those who were met for the first time so far; call it where nothing of theirs can change again.

    Raises `CrossedError` where another transaction has made one of them meanwhile.
    """
    loaded.made = loaded.world.touched_identifiers - loaded.identifiers
    await state.create(connection, tables.IDENTIFIER, _visitor_rows(loaded.world, loaded.made))


async def make_known(
    connection: AsyncConnection,
    state: State,
    loaded: Loaded,
    *,
    asked: AbstractSet[IdentifierKey],
    playbook: Playbook,
    asks: Sequence[Ask] = (),
) -> Sequence[Sequence[Row]]:
    """Make the identifiers that are new, add what was counted, and give the answers to what is asked with it.

    Of the other identifiers that were `asked` for, it sees that they are none still. The batch takes its number with it
    or later: what was not there could not be locked, and of two batches that look at one identifier the one with the
    higher number has seen what the other did. Raises `CrossedError` where another transaction has made one of the rows
    meanwhile, also where this batch only looked, and where others have counted meanwhile so that a limit was passed
    that this batch did not see.
    """
    world, there, before = loaded.world, loaded.identifiers, loaded.floods
    new = _touched(loaded) - there
    rows = _identifier_rows(world, new - loaded.made)
    absent = sorted(asked - there - new) if state.waits else []
    rows += [(key.kind, key.value, _NO_LEAD, False, 0, codec.EMPTY, codec.EMPTY) for key in absent]
    rows.sort(key=_BY_KEY)  # in one order everywhere, so that two batches that make the same rows wait in line
    counted = _picked(world.floods, world.touched_floods)
    _, after, *answers = await state.ask(
        connection,
        Create(tables.IDENTIFIER, rows),
        Sum(tables.FLOOD, [(key, loaded.day, count - before.get(key, 0)) for key, count in counted]),
        *asks,
    )
    if absent:
        table = tables.IDENTIFIER
        theirs = tuple_(table.c.kind, table.c.value).in_([(key.kind.value, key.value) for key in absent])
        await connection.execute(delete(table).where(theirs))
    if unseen(before, world.floods, {row[0]: row[-1] for row in after}, playbook):
        raise CrossedError("others have counted the same flood meanwhile", tables.FLOOD.name)
    return answers


def corrections_of(facts: Iterable[Event | Feedback], loaded: Loaded, state: State) -> Fetch:
    """Asks whether an event of somebody met for the first time was corrected since the batch looked.

    Who was not there could not be locked, so neither their event nor its correction waited for the other. What a
    visitor does on the behaviour lane and its corrections are on one partition: nobody asks for these.
    """
    new = (_touched(loaded) - loaded.identifiers) - loaded.made if state.waits else set()
    events = [one for one in facts if isinstance(one, Event) and not new.isdisjoint(keys_of(one))] if new else []
    return Fetch(tables.TOMBSTONE, ("event",), [(one.id,) for one in events], ("event",))


def see_that_nothing_was_corrected(loaded: Loaded, corrected: Iterable[Row]) -> None:
    """Raises `CrossedError` where an event that the batch has counted was corrected by another one meanwhile."""
    if not loaded.world.corrected.issuperset(row[0] for row in corrected):
        raise CrossedError("an event was corrected while its person was met for the first time")


def met(loaded: Loaded, state: State) -> set[IdentifierKey]:
    """Who is met for the first time by an address: once all is written, ask again whether they are forgotten."""
    return {key for key in _touched(loaded) - loaded.identifiers if key.kind is _EMAIL} if state.waits else set()


def see_that_nobody_left(
    loaded: Loaded, known: Mapping[IdentifierKey, int], newcomers: AbstractSet[IdentifierKey]
) -> None:
    """Raises `CrossedError` where one of the newcomers has asked to be forgotten since the batch looked."""
    if known != {key: at for key, at in loaded.forgotten.items() if key in newcomers}:
        raise CrossedError("somebody asked to be forgotten while they were met for the first time")


def _touched(loaded: Loaded) -> set[IdentifierKey]:
    """What has changed, and the identifiers of leads that have a standing from now on: they are found by their lead."""
    world = loaded.world
    worked = {key for lead in world.touched_standings for key in world.members.get(lead, ())}
    return world.touched_identifiers | worked


def _visitor_rows(world: World, keys: Iterable[IdentifierKey]) -> list[Row]:
    """As `_identifier_rows`, in order, for the lone cookies of visitors of whom nothing else is known."""
    identifiers, encoded, empty = world.identifiers, codec.encode, codec.EMPTY
    rows: list[Row] = []
    for value, key in sorted([(key.value, key) for key in keys]):
        row = identifiers[key]
        rows.append((_COOKIE, value, row.lead, True, _day_of(row.dossier), encoded(row.dossier), empty))
    return rows


def _day_of(dossier: Dossier) -> int:
    return dossier.last.at // _DAY + _EPOCH_DAY if dossier.last is not None else 0


def _identifier_rows(world: World, keys: Iterable[IdentifierKey]) -> list[Row]:
    """As one loop: there are as many rows as events."""
    identifiers, standings, members, encoded = world.identifiers, world.standings, world.members, codec.encode
    rows: list[Row] = []
    for key in keys:
        row, kind = identifiers[key], key.kind
        lead, dossier, owned = row.lead, row.dossier, row.ownership
        lone = kind is _COOKIE and len(members.get(lead, ())) == 1 and lead not in standings
        ownership = encoded(owned) if owned.claims or owned.claimed else codec.EMPTY
        rows.append((kind, key.value, lead, lone, _day_of(dossier), encoded(dossier), ownership))
    return rows


def standing_row(lead: UUID, standing: Standing) -> Row:
    """The row of one lead's standing."""
    return (lead, standing.seq, standing.lifecycle.value, standing.owner, codec.STANDING.encode(standing))


def account_row(key: str, row: AccountRow) -> Row:
    """The row of one account."""
    contacts = codec.CONTACTS.encode(row.contacts) if row.contacts else codec.EMPTY
    return (key, row.target_handoff, row.owner, contacts)


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
