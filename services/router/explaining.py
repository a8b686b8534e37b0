"""Says what one event would lead to, and why, without doing it: the same fold on a copy, in words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from runtime.database import Database
from schemas.event import Event
from schemas.handoff import HandoffState
from schemas.play import PlayText
from schemas.verdict import Contribution, Verdict
from services.router.adapters.forgetting import Forgotten
from services.router.adapters.loading import load
from services.router.adapters.rendering import render
from services.router.adapters.state import state_of
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw
from services.router.domain.folding import fold
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.needs import accounts_of, needs
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.world import Folded, NeedsMoreError, World

_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Explained:
    """What one event would lead to. `verdict` is None for a click that is held, or an event that cannot be decided."""

    event: Event
    verdict: Verdict | None
    handoff: Handoff | None = None
    drawn: Draw | None = None
    play: PlayText | None = None
    triage: TriageItem | None = None
    fault: str = ""


def explain(events: Sequence[Event], playbook: Playbook, now: datetime) -> list[Explained]:
    """What these events would lead to, one after the other, where nobody in them was ever met before."""
    world, wanted = World(), needs(events, playbook)
    world.asked = set(wanted.identifiers)
    for _ in range(_ROUNDS):
        fresh = World(asked=set(world.asked))
        fresh.asked_accounts = world.asked_accounts | accounts_of(fresh, events, playbook)
        try:
            folded = fold(events, fresh, playbook, full=True)
        except NeedsMoreError as missing:
            world.asked |= missing.identifiers
            world.asked_accounts |= missing.accounts
            continue
        return _told(events, folded, fresh, playbook, now)
    raise RuntimeError("the fold keeps asking for more identities")


async def explain_against(
    database: Database, secret: bytes, events: Sequence[Event], playbook: Playbook, now: datetime
) -> list[Explained]:
    """What these events would lead to with all that the state knows. Nothing is written.

    `secret` is the deployment's key secret, by which erased people are recognised.
    """
    state, wanted = state_of(database), needs(events, playbook)
    for _ in range(_ROUNDS):
        async with database.reading() as connection:
            await connection.execute(text("BEGIN" if database.dialect == "sqlite" else "SELECT 1"))
            loaded = await load(connection, state, wanted, facts=events, playbook=playbook, forgotten=Forgotten(secret))
            await connection.rollback()
        try:
            folded = fold(events, loaded.world, playbook, full=True)
        except NeedsMoreError as missing:
            wanted = wanted.and_more(missing)
            continue
        return _told(events, folded, loaded.world, playbook, now)
    raise RuntimeError("the fold keeps asking for more identities")


def _told(events: Sequence[Event], folded: Folded, world: World, playbook: Playbook, now: datetime) -> list[Explained]:
    verdicts = {settled.verdict.event: settled.verdict for settled in folded.settled}
    faults = dict(folded.poison)
    return [
        _explained(event, verdicts.get(event.id), faults.get(place, ""), world=world, playbook=playbook, now=now)
        for place, event in enumerate(events)
    ]


def _explained(
    event: Event, verdict: Verdict | None, fault: str, *, world: World, playbook: Playbook, now: datetime
) -> Explained:
    if verdict is None:
        return Explained(event, None, fault=fault)
    handoff = world.handoffs.get(verdict.handoff) if verdict.handoff else None
    item = next((one for one in world.triage.values() if one.lead == verdict.lead and one.open), None)
    if handoff is None or handoff.state is not HandoffState.QUEUED:
        return Explained(event, verdict, handoff, triage=item)
    drawn, _ = draw(handoff, playbook, Rotation(), {}, now)
    offered, _ = offer(handoff, drawn, playbook, now)
    read = frozenset(
        path for key in world.members.get(handoff.lead, ()) for path in world.identifiers[key].dossier.read
    )
    play = next(one for one in playbook.plays if one.name == handoff.play)
    text_ = render(play, offered.brief, playbook.reps[drawn.rep], read=read)
    return Explained(event, verdict, offered, drawn, text_, item)


def in_five_lines(explained: Explained, playbook: Playbook) -> str:
    """For a rep: what, who, why, with which play, and what would change it."""
    event, verdict = explained.event, explained.verdict
    if verdict is None:
        return (
            f"{_what(event)}: no verdict yet. {explained.fault or 'The click is held to see whether a burst follows.'}"
        )
    lines = [f"{_what(event)} → {verdict.outcome.value.upper()}"]
    lines.append("Why: " + " ".join(reason.text for reason in verdict.reasons))
    if explained.handoff is not None and explained.drawn is not None:
        rep = playbook.reps[explained.drawn.rep].name
        chosen = next((one.reason for one in explained.drawn.candidates if one.chosen), "")
        lines.append(f"Who: {rep} ({explained.handoff.team}). {chosen}".rstrip())
    if explained.play is not None and explained.handoff is not None:
        lines.append(
            f"Play: {explained.play.name}, priority {explained.handoff.priority.value}: {explained.play.objective}"
        )
    elif explained.triage is not None:
        lines.append("Ask: " + " ".join(explained.triage.questions))
    if verdict.receipt and verdict.receipt.flip:
        lines.append("Else: " + " ".join(verdict.receipt.flip))
    return "\n".join(lines)


def in_full(explained: Explained, playbook: Playbook) -> str:
    """For an admin: everything the receipt holds, line by line."""
    lines = [in_five_lines(explained, playbook)]
    receipt = explained.verdict.receipt if explained.verdict else None
    if explained.verdict is None or receipt is None:
        return lines[0]
    lines.append(f"Playbook: {explained.verdict.playbook}, lists {explained.verdict.lists}")
    lines.append("Rules: " + ", ".join(f"{name} {value.value}" for name, value in receipt.rules.items()))
    lines.append(f"Score: {_points(receipt.score)} of {_points(receipt.threshold)}")
    lines += [f"  {_contribution(one)}" for one in receipt.contributions]
    lines += [f"  {name}: {value}" for name, value in receipt.facts.items()]
    if receipt.play:
        lines.append(f"Play: {receipt.play}" + (f", because {receipt.play_why}" if receipt.play_why else ""))
    if explained.drawn is not None:
        lines.append(f"Team: {explained.drawn.team}")
        lines += [f"  {'→' if one.chosen else '·'} {one.rep}: {one.reason}" for one in explained.drawn.candidates]
    return "\n".join(lines)


def as_json(explained: Explained) -> dict[str, Any]:
    """For a program: plain dicts, lists and strings."""
    return {
        "event": str(explained.event.id),
        "type": explained.event.type.value,
        "source": explained.event.source,
        "verdict": _plain(explained.verdict),
        "handoff": _plain(explained.handoff),
        "draw": _plain(explained.drawn),
        "play": _plain(explained.play),
        "triage": _plain(explained.triage),
        "fault": explained.fault,
    }


def _what(event: Event) -> str:
    named = f" “{event.name}”" if event.name else ""
    return f"{event.type.value}{named} from {event.source}"


def _points(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"


def _contribution(one: Contribution) -> str:
    return f"{_points(one.points):>6}  {one.label}"


def _plain(value: Any) -> Any:
    """As it reads in JSON: plain dicts, lists, strings and numbers."""
    return msgspec.json.decode(msgspec.json.encode(value))
