"""The same batches in the order of their numbers, decided by nobody but the pure core, in one memory that never fails.

What three routers did side by side must equal what one would have done in that order, to the byte: each verdict, each
lead, each handoff, order-dependent or not. Only the draws are taken as they were recorded; `rotations` judges them.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from runtime.database import Database
from runtime.log import Log
from schemas.fact import encode
from schemas.handoff import HandoffState
from services.router.adapters.saving import digest
from services.router.domain.decision import Draw, ReturnTurn
from services.router.domain.handoff import Handoff
from services.router.domain.lead import Standing
from services.router.domain.playbook import Playbook
from services.router.domain.world import World
from services.router.past import Piece
from services.router.recollection import Moment, Recollection
from tests.faults.state import Drawing, State

_LOADED = (HandoffState.OFFERED, HandoffState.ACCEPTED, HandoffState.WORKING)


class _AsItWas(Recollection):
    """Whom nobody was drawn for then waits here, too."""

    def _draw_for_others(self, piece: Piece, book: Playbook, theirs: AbstractSet[UUID]) -> list[Draw]:
        return []


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of a team's rotation: somebody drawn for a handoff, or a turn given back."""

    team: str
    drawing: Drawing | None = None
    handoff: Handoff | None = None
    """As it was offered."""
    load: Mapping[str, int] = field(default_factory=dict)
    """rep → open handoffs before the draw."""
    returned: ReturnTurn | None = None


@dataclass(slots=True)
class Retold:
    """What one process in that order comes to."""

    judged: Counter[UUID] = field(default_factory=Counter)
    """event → its verdicts, whether they leave a row or not."""
    turns: list[Turn] = field(default_factory=list)
    """In the order in which they were taken and given back."""
    differences: list[str] = field(default_factory=list)
    """What the routers' tables say otherwise, in words."""


async def retold(database: Database, log: Log, playbook: Playbook, state: State) -> Retold:
    """Decide it all once more and compare. Raises as `Recollection.moments` does."""
    again, found = _AsItWas(database, log, lambda _version, _lists: playbook), Retold()
    draws = deque([list(group) for _, group in groupby(state.drawings, key=lambda one: one.number)])
    verdicts: dict[tuple[UUID, int], bytes] = {}
    load: Counter[str] = Counter()
    async for moment in again.moments():
        for settled in moment.folded.settled:
            verdict = settled.verdict
            found.judged[verdict.event] += 1
            if settled.stored:
                verdicts[verdict.lead, verdict.lead_seq] = encode(verdict)
        found.turns += _turns(moment, draws, again.world, load)
        load = _load(again.world)
    found.differences += [*_verdicts(verdicts, state), *_rows(again.world, state)]
    return found


def _turns(moment: Moment, draws: deque[list[Drawing]], world: World, load: Counter[str]) -> Iterator[Turn]:
    for command in moment.folded.commands:
        if isinstance(command, ReturnTurn):
            yield Turn(command.team, returned=command)
    if moment.drawn:
        pairs = [(world.handoffs[one.handoff], one) for one in draws.popleft() if one.handoff in world.handoffs]
        for handoff, one in sorted(pairs, key=_urgent):
            yield Turn(one.team, one, handoff, dict(load))
            load[one.draw.rep] += 1


def _urgent(pair: tuple[Handoff, Drawing]) -> tuple[Any, ...]:
    """In this order one round of draws goes."""
    handoff, _ = pair
    return handoff.priority, handoff.received_at, handoff.id


def _load(world: World) -> Counter[str]:
    return Counter(one.assignee for one in world.handoffs.values() if one.state in _LOADED)


def _verdicts(again: Mapping[tuple[UUID, int], bytes], state: State) -> Iterator[str]:
    """Where nothing was told, no more than the digest is kept."""
    kept = {(one.lead, one.seq): one for one in state.rulings}
    for lead, seq in sorted(again.keys() | kept.keys()):
        ruling, whole = kept.get((lead, seq)), again.get((lead, seq), b"null")
        if ruling is None or ruling.digest != digest(whole):
            said = _apart(ruling.receipt, whole) if ruling and ruling.receipt else f"{ruling}, in that order {whole!r}"
            yield f"verdict {seq} of lead {lead}: the routers keep {said}"


def _apart(kept: bytes, again: bytes) -> str:
    """What two verdicts say differently."""
    return "; ".join(_unlike("", msgspec.json.decode(kept), msgspec.json.decode(again)))


def _unlike(path: str, kept: Any, again: Any) -> Iterator[str]:
    """The leaves that differ, each by where it stands."""
    if isinstance(kept, dict) and isinstance(again, dict):
        for name in sorted(kept.keys() | again.keys()):
            yield from _unlike(f"{path}.{name}".lstrip("."), kept.get(name), again.get(name))
    elif kept != again:
        yield f"{path} {kept}, in that order {again}"


def _rows(world: World, state: State) -> Iterator[str]:
    standings = {lead: one for lead, one in world.standings.items() if world.members.get(lead) and one != Standing()}
    kept = {lead: one for lead, one in state.standings.items() if one != Standing()}
    yield from _unequal("identifier", state.identifiers, world.identifiers)
    yield from _unequal("standing of lead", kept, standings)
    yield from _unequal("handoff", state.handoffs, world.handoffs)
    yield from _unequal("triage item", state.items, world.triage)
    yield from _unequal("account", state.accounts, world.accounts)


def _unequal(what: str, kept: Mapping[Any, Any], again: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted(kept.keys() | again.keys()):
        if kept.get(key) != again.get(key):
            unlike = _unlike("", msgspec.to_builtins(kept.get(key)), msgspec.to_builtins(again.get(key)))
            yield f"{what} {key}: the routers keep {'; '.join(unlike)}"
