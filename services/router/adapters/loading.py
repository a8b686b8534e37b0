"""Reads and locks what a batch touches, always in the same order: identifiers, leads, accounts, handoffs."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, IdentifierKind
from schemas.feedback import Feedback
from services.router.adapters import codec, tables
from services.router.adapters.ask import Fetch, Filled, Lock, Row
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.state import CrossedError, State
from services.router.domain.lead import IdentifierKey
from services.router.domain.needs import Needs, accounts_of
from services.router.domain.playbook import Playbook
from services.router.domain.world import AccountRow, IdentifierRow, World

_FEW = 8
"""Facts that may all be of people nobody has heard of; of more, somebody is known."""
_RARE = Filled((tables.TOMBSTONE, tables.ERASED))


@dataclass(slots=True)
class Loaded:
    """The world of a batch, and what the database itself knows of it: what exists is replaced, the rest is added."""

    world: World = field(default_factory=World)
    identifiers: set[IdentifierKey] = field(default_factory=set)
    made: set[IdentifierKey] = field(default_factory=set)
    """Identifiers whose rows this batch has made already."""
    accounts: set[str] = field(default_factory=set)
    floods: dict[str, int] = field(default_factory=dict)
    leads: set[UUID] = field(default_factory=set)
    forgotten: dict[IdentifierKey, int] = field(default_factory=dict)
    """Who asked to be forgotten before this batch, and when."""
    day: int = 0
    """The UTC day on which the batch is saved."""
    texts: dict[UUID, bytes] = field(default_factory=dict)
    """handoff → the rendered play, as it stands in its row."""
    plays: dict[UUID, str] = field(default_factory=dict)
    """handoff → the name of the play that was rendered."""


async def load(
    connection: AsyncConnection,
    state: State,
    needs: Needs,
    *,
    facts: Sequence[Event | Feedback],
    playbook: Playbook,
    forgotten: Forgotten,
) -> Loaded:
    """The world these facts need, locked until the end of the transaction.

    Raises `CrossedError` where another transaction moved an identity while this one waited for its locks.
    """
    loaded = Loaded()
    look = await _looked(connection, state, needs, loaded, facts=facts, playbook=playbook)
    await _people(connection, state, needs, loaded, look.found)
    if not look.alone:
        await _standings(connection, state, loaded)
    glimpsed = await _glimpsed(connection, state, needs, loaded)
    if not look.alone:
        theirs = frozenset(account for account in glimpsed.values() if account)
        keys = accounts_of(loaded.world, facts, playbook) | theirs | needs.accounts
        _accounts(loaded, keys, await state.lock(connection, tables.ACCOUNT, [(key,) for key in keys]))
    await _handoffs(connection, state, needs, loaded, ids=glimpsed.keys())
    early, any_erased = look.filled or (await state.ask(connection, _RARE))[0][0]
    await _corrections(connection, state, needs, loaded, early=early)
    erased = await forgotten.among(connection, state, needs.identifiers) if any_erased else {}
    loaded.world.erased, loaded.world.erased_at, loaded.forgotten = set(erased), dict(erased), dict(erased)
    return loaded


@dataclass(frozen=True, slots=True)
class _Look:
    """What the first look has shown, before anything is locked."""

    found: Sequence[Row]
    """The identifiers that are there: (kind, value, lead, lone)."""
    alone: bool = False
    """Is nobody known, so that nothing but the accounts was to be locked? Then they are."""
    filled: Row = ()
    """Is there any early correction, any erasure? Empty where it has to be asked for after the locks."""


async def _looked(
    connection: AsyncConnection,
    state: State,
    needs: Needs,
    loaded: Loaded,
    *,
    facts: Sequence[Event | Feedback],
    playbook: Playbook,
) -> _Look:
    """Who is known, and how full the flood counters are. Where few facts name nobody known, that was all to be read.

    The counters are not locked: a popular form's would make every partition wait. What is counted is added at the end.
    """
    keys = [(key.kind, key.value) for key in needs.identifiers]
    known = Fetch(tables.IDENTIFIER, ("kind", "value"), keys, ("kind", "value", "lead", "lone"))
    floods = Fetch(tables.FLOOD, ("key",), [(key,) for key in needs.flood_keys], ("key", "count"))
    if len(facts) > _FEW or needs.leads or needs.handoffs or needs.triage:
        found, counts = await state.ask(connection, known, floods)
        _floods(loaded, counts)
        return _Look(found)
    accounts = accounts_of(loaded.world, facts, playbook) | needs.accounts
    locked = Lock(tables.ACCOUNT, [(key,) for key in accounts], unless=0)
    found, rows, counts, (filled,) = await state.ask(connection, known, locked, floods, _RARE)
    _floods(loaded, counts)
    if found:
        return _Look(found)
    _accounts(loaded, accounts, rows)
    return _Look(found, alone=True, filled=filled)


async def _people(
    connection: AsyncConnection, state: State, needs: Needs, loaded: Loaded, found: Sequence[Row]
) -> None:
    there, leads, crowds = await _leads(connection, state, needs, found)
    there |= await _of_leads(connection, state, crowds)  # what is not there now and comes meanwhile crosses at the save
    rows = await state.lock(connection, tables.IDENTIFIER, [(key.kind, key.value) for key in there])
    world = loaded.world
    for kind, value, lead, _lone, _day, dossier, ownership in rows:
        key = _key(kind, value)
        world.identifiers[key] = IdentifierRow(
            key=key,
            lead=lead,
            dossier=codec.DOSSIER.decode(dossier),
            ownership=codec.OWNERSHIP.decode(ownership) if ownership else codec.EMPTY_OWNERSHIP,
        )
        world.members.setdefault(lead, set()).add(key)
    world.asked = there | needs.identifiers
    loaded.identifiers = set(world.identifiers)
    loaded.leads = set(world.members) | leads
    for lead in leads:
        world.members.setdefault(lead, set())
    if state.waits:
        await _unmoved(connection, state, loaded, leads)


async def _leads(
    connection: AsyncConnection, state: State, needs: Needs, found: Sequence[Row]
) -> tuple[set[IdentifierKey], set[UUID], set[UUID]]:
    """The identifiers that are there, the leads concerned, and those of them with more than a visitor's own cookie."""
    named = set(needs.leads)
    for table, ids in ((tables.HANDOFF, needs.handoffs), (tables.TRIAGE, needs.triage)):
        named |= {row[0] for row in await state.fetch(connection, table, ("id",), [(one,) for one in ids], ("lead",))}
    there = {_key(row[0], row[1]) for row in found}
    return there, named | {row[2] for row in found}, named | {row[2] for row in found if not row[3]}


async def _unmoved(connection: AsyncConnection, state: State, loaded: Loaded, leads: set[UUID]) -> None:
    """After the locks are held, nobody may have become somebody else, and no lead may have grown."""
    world = loaded.world
    if not leads.issuperset(world.members):
        raise CrossedError("a lead was merged while its row was waited for")
    crowds = {lead for lead, members in world.members.items() if not _lone(members)}
    if not world.asked.issuperset(await _of_leads(connection, state, crowds)):
        raise CrossedError("a lead has grown while its row was waited for")


async def _of_leads(connection: AsyncConnection, state: State, leads: Iterable[UUID]) -> set[IdentifierKey]:
    """All identifiers of these leads; not of visitors with one cookie, whom nobody looks for by their lead."""
    asked = [(lead,) for lead in leads]
    rows = await state.fetch(connection, tables.IDENTIFIER, ("lead",), asked, ("kind", "value"), only=tables.CROWDED)
    return {_key(row[0], row[1]) for row in rows}


def _key(kind: str, value: str) -> IdentifierKey:
    return IdentifierKey(_KINDS[kind], value)


_KINDS = {kind.value: kind for kind in IdentifierKind}


def _lone(members: Iterable[IdentifierKey]) -> bool:
    found = list(members)
    return len(found) == 1 and found[0].kind is IdentifierKind.COOKIE


async def _standings(connection: AsyncConnection, state: State, loaded: Loaded) -> None:
    rows = await state.lock(connection, tables.STANDING, [(lead,) for lead in loaded.leads])
    for lead, _seq, _lifecycle, _owner, standing in rows:
        loaded.world.standings[lead] = codec.STANDING.decode(standing)


def _accounts(loaded: Loaded, keys: frozenset[str], rows: Sequence[Row]) -> None:
    loaded.world.accounts = {row[0]: account_in(row) for row in rows}
    loaded.world.asked_accounts = set(keys)
    loaded.accounts = set(loaded.world.accounts)


def account_in(row: Row) -> AccountRow:
    """What is kept of an account, from its row."""
    key, target_handoff, owner, contacts = row
    return AccountRow(key, target_handoff, owner, codec.CONTACTS.decode(contacts) if contacts else ())


async def _glimpsed(connection: AsyncConnection, state: State, needs: Needs, loaded: Loaded) -> Mapping[UUID, str]:
    """The handoffs of the leads and those that feedback names, not yet locked: their accounts are locked first."""
    own = {one.handoff for one in loaded.world.standings.values() if one.handoff is not None}
    ids = own | needs.handoffs
    rows = await state.fetch(connection, tables.HANDOFF, ("id",), [(one,) for one in ids], ("id", "account"))
    return {**dict.fromkeys(ids, ""), **dict(map(tuple, rows))}


async def _handoffs(
    connection: AsyncConnection, state: State, needs: Needs, loaded: Loaded, *, ids: AbstractSet[UUID]
) -> None:
    world = loaded.world
    targets = {one.target_handoff for one in world.accounts.values() if one.target_handoff is not None}
    for row in await state.lock(connection, tables.HANDOFF, [(one,) for one in ids | targets]):
        handoff = world.handoffs[row[0]] = codec.HANDOFF.decode(row[9])
        loaded.texts[handoff.id], loaded.plays[handoff.id] = row[10], handoff.play
        if handoff.id in ids and handoff.account and handoff.account not in world.asked_accounts:
            raise CrossedError("a handoff has changed its account while its row was waited for")
    items = {one.triage for one in world.standings.values() if one.triage is not None} | needs.triage
    for row in await state.lock(connection, tables.TRIAGE, [(one,) for one in items]):
        world.triage[row[0]] = codec.TRIAGE.decode(row[5])


def _floods(loaded: Loaded, rows: Sequence[Row]) -> None:
    loaded.floods = {row[0]: row[1] for row in rows}
    loaded.world.floods = dict(loaded.floods)


async def _corrections(connection: AsyncConnection, state: State, needs: Needs, loaded: Loaded, *, early: bool) -> None:
    """`early`: is there any correction at all that came before its event?"""
    named = [(event,) for event in needs.corrections]
    counted = await state.fetch(connection, tables.VERDICT, ("event",), named, ("event", "counted"))
    loaded.world.counted = {event: codec.COUNTED.decode(blob) if blob else () for event, blob in counted}
    dead = await state.fetch(connection, tables.DEAD, ("event",), named, ("event",))
    loaded.world.dead = {row[0] for row in dead}
    if not early:
        return
    events = [(event,) for event in needs.events]
    known = await state.fetch(connection, tables.TOMBSTONE, ("event",), events, ("event",))
    loaded.world.corrected = {row[0] for row in known}


def world_of(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> World:
    """Everything that these rows hold, by table and column, in one world: for a past that begins with a snapshot."""
    loaded = Loaded()
    world = loaded.world
    for row in found[tables.IDENTIFIER.name]:
        key = _key(row["kind"], row["value"])
        owned = codec.OWNERSHIP.decode(row["ownership"]) if row["ownership"] else codec.EMPTY_OWNERSHIP
        world.identifiers[key] = IdentifierRow(key, row["lead"], codec.DOSSIER.decode(row["dossier"]), owned)
        world.members.setdefault(row["lead"], set()).add(key)
    for row in found[tables.STANDING.name]:
        world.standings[row["lead"]] = codec.STANDING.decode(row["standing"])
    for row in found[tables.HANDOFF.name]:
        world.handoffs[row["id"]] = codec.HANDOFF.decode(row["handoff"])
    for row in found[tables.TRIAGE.name]:
        world.triage[row["id"]] = codec.TRIAGE.decode(row["item"])
    names = [column.name for column in tables.ACCOUNT.columns]
    rows = [[row[name] for name in names] for row in found[tables.ACCOUNT.name]]
    _accounts(loaded, frozenset(row[0] for row in rows), rows)
    world.floods = {row["key"]: row["count"] for row in found[tables.FLOOD.name]}
    return world
