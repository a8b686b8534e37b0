"""Draws reps for handoffs that wait, within a transaction that holds their teams' rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from runtime.outbox import NOTHING_SAID, Said
from schemas.fact import replace
from schemas.play import CardKind
from schemas.topics import HANDOFFS, PLAYS
from services.router.adapters import codec, tables
from services.router.adapters.ask import Row
from services.router.adapters.codec import instant, milliseconds
from services.router.adapters.saving import timer_row
from services.router.adapters.state import Write
from services.router.capacity import Load
from services.router.cards import Showing, change, handoff_card
from services.router.desk import Desk
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Draw, SaveHandoff, SetTimer
from services.router.domain.handoff import Handoff
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.timeliness import lag_of, too_late
from services.router.metrics import LAG_SECONDS, OFFER_SECONDS, OFFERED, TOO_LATE
from services.router.narration import of_offer
from services.router.telling import Told, rendered


@dataclass(frozen=True, slots=True)
class Waiting:
    """A handoff without a rep. `read` is what its lead has seen already, `seq` the fact after which the draw stands."""

    handoff: Handoff
    read: frozenset[str]
    seq: int


@dataclass(slots=True)
class Drawn:
    """What a round of draws has come to; nothing of it is written yet."""

    now: datetime
    playbook: Playbook
    """By which was drawn."""
    before: Load
    """What the reps had in hand."""
    told: Told = field(default_factory=Told)
    offered: list[tuple[Handoff, Draw]] = field(default_factory=list)
    texts: dict[UUID, bytes] = field(default_factory=dict)
    """handoff → its play as it was rendered."""
    assignments: list[Row] = field(default_factory=list)
    rotations: dict[str, Rotation] = field(default_factory=dict)
    said: Said = NOTHING_SAID
    """What is to be published after the commit, where the draws have a transaction of their own."""


def draw_for(
    desk: Desk,
    waiting: Sequence[Waiting],
    rotations: Mapping[str, Rotation],
    *,
    load: Load,
    number: int,
    playbook: Playbook,
) -> Drawn:
    """Draw a rep for each, the most urgent first; `rotations` are the teams' rows, locked by the caller.

    `load` is as it was once they were, `number` is the draw's own, taken after the lock, and `playbook` the one that
    its row names: replay goes by that.
    """
    now = instant(milliseconds(desk.now()))  # as it is recorded, so replayed
    drawn = Drawn(now, playbook, load, rotations=dict(rotations))
    open_ = dict(load.open)
    for one in sorted(waiting, key=_turn):
        team = one.handoff.team
        chosen, after = draw(one.handoff, playbook, drawn.rotations[team], open_, now)
        drawn.rotations[team] = replace(after, last=number)
        open_[chosen.rep] = open_.get(chosen.rep, 0) + 1
        _offer(desk, drawn, one, chosen, number)
    return drawn


def records(drawn: Drawn) -> list[Write]:
    """What is to be kept of the draws, beside the handoffs themselves."""
    turns = [(team, codec.ROTATION.encode(rotation)) for team, rotation in sorted(drawn.rotations.items())]
    return [Write("put", tables.ASSIGNMENT, drawn.assignments), Write("put", tables.ROTATION, turns)]


def announce(desk: Desk, drawn: Drawn) -> None:
    """The story, after the commit."""
    if desk.observe is not None:
        desk.narrate([of_offer(one, drawn.now, _reason(chosen)) for one, chosen in drawn.offered])


def measure(drawn: Drawn) -> None:
    """The figures, after the commit."""
    for handoff, _ in drawn.offered:
        OFFERED.labels(handoff.team).inc()
        OFFER_SECONDS.observe(max(0.0, (drawn.now - handoff.received_at).total_seconds()))
        if handoff.round == 1:
            _lag(handoff, drawn)


def _lag(handoff: Handoff, drawn: Drawn) -> None:
    """How long after readiness somebody in sales heard of it for the first time."""
    lag = lag_of(handoff, drawn.now)
    for rule in handoff.rules:
        LAG_SECONDS.labels(rule.value).observe(lag.total_seconds())
        if too_late(lag, rule, drawn.playbook):
            TOO_LATE.labels(rule.value).inc()


def timers(set_: Iterable[SetTimer]) -> Write:
    """The deadlines that were set, each once, in one order everywhere."""
    rows = {row[0]: row for row in map(timer_row, set_)}
    return Write("add", tables.TIMER, [rows[one] for one in sorted(rows)])


def _turn(one: Waiting) -> tuple[str, datetime, UUID]:
    return one.handoff.priority, one.handoff.received_at, one.handoff.id


def _offer(desk: Desk, drawn: Drawn, one: Waiting, chosen: Draw, number: int) -> None:
    playbook, now, told = drawn.playbook, drawn.now, drawn.told
    handoff, commands = offer(one.handoff, chosen, playbook, now)
    text = rendered(handoff, desk.shelf, one.read)
    drawn.texts[handoff.id] = codec.PLAY_TEXT.encode(text)
    drawn.assignments.append(_assignment_row(handoff, chosen, (one.seq, number), now, playbook.version))
    drawn.offered.append((handoff, chosen))
    words = ""
    for command in commands:
        if isinstance(command, SetTimer):
            told.timers.append(command)
        elif isinstance(command, SaveHandoff):
            words = command.tell
    told.say(HANDOFFS.name, handoff.id, change(handoff, "", now, words))
    showing = Showing(CardKind.OFFER, handoff.round, (handoff.assignee,), words)
    told.say(PLAYS.name, handoff.id, handoff_card(handoff, text, showing, playbook, now))


def _assignment_row(handoff: Handoff, chosen: Draw, place: tuple[int, int], now: datetime, version: str) -> Row:
    """`place` is the lead's fact after which the draw stands, and the number of the draw's transaction."""
    at = milliseconds(handoff.offered_at or now)
    return (
        *(handoff.lead, handoff.id, handoff.round, *place, chosen.rep, chosen.team),
        *(at, version, codec.DRAW.encode(chosen)),
    )


def _reason(chosen: Draw) -> str:
    return next((one.reason for one in chosen.candidates if one.chosen), "")
