"""What the same events leave when each is folded exactly once, in memory, where nothing can die."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

from schemas.event import Event
from schemas.feedback import TimerFired, TimerKind
from services.router.adapters.playbook_files import load
from services.router.domain.decision import SetTimer
from services.router.domain.folding import fold
from services.router.domain.lead import Dossier, IdentifierKey
from services.router.domain.world import World

ROOT = Path(__file__).parents[2]


class Everything(set[Any]):
    """All that can be asked for was looked up: nothing else exists."""

    def __contains__(self, _one: object) -> bool:
        return True


def once_each(events: Sequence[Event]) -> dict[IdentifierKey, Dossier]:
    """Each identifier's dossier after these events, each judged once, held clicks included."""
    world, playbook = World(asked=Everything(), asked_accounts=Everything()), load(ROOT / "playbook")
    folded = fold(events, world, playbook)
    holds = [
        command
        for command in folded.commands
        if isinstance(command, SetTimer) and command.kind is TimerKind.HOLD_ELAPSED
    ]
    judged = fold([fired(hold) for hold in holds], world, playbook)
    if poison := [*folded.poison, *judged.poison]:
        raise AssertionError(f"the domain cannot decide what the ring decided: {poison[0][1]}")
    return {key: row.dossier for key, row in world.identifiers.items()}


def fired(timer: SetTimer) -> TimerFired:
    """The timer, due."""
    return TimerFired(
        id=uuid5(timer.subject, f"{timer.about}"),
        kind=timer.kind,
        subject=timer.subject,
        due_at=max(timer.due_at, datetime.now(UTC)),
        about=timer.about,
        round=timer.round,
    )
