"""What must hold of all that is open, whatever happened: somebody answers for it, and it cannot stay as it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from schemas.feedback import TimerKind
from schemas.handoff import OPEN, HandoffState
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import Remind, SetTimer
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.moments import milliseconds
from services.router.domain.playbook import Playbook
from services.router.domain.world import World

DEADLINES = {
    HandoffState.OFFERED: (TimerKind.ACCEPT_DEADLINE, "accept_by"),
    HandoffState.ACCEPTED: (TimerKind.ATTEMPT_DEADLINE, "attempt_by"),
    HandoffState.WORKING: (TimerKind.ATTEMPT_DEADLINE, "attempt_by"),
}
NOBODY: Mapping[str, int] = {}


def orphaned(
    handoff: Handoff, timers: Iterable[SetTimer], world: World, playbook: Playbook, now: datetime
) -> Iterator[str]:
    """Why this handoff is an orphan; nothing where it is none, or is closed."""
    if handoff.state not in OPEN:
        return
    if world.standings[handoff.lead].handoff != handoff.id:
        yield "its lead knows nothing of it"
    if handoff.state is HandoffState.QUEUED:
        yield from _undrawable(handoff, playbook, now)
        return
    kind, name = DEADLINES[handoff.state]
    promised: datetime | None = getattr(handoff, name)
    due = handoff.again_at or promised
    if not handoff.assignee:
        yield "it is nobody's"
    if promised is None or due is None:
        yield "it has no deadline"
    elif not any(_comes(timer, kind, handoff.round, due) for timer in timers):
        yield f"nothing wakes it at its deadline {due}"


def _comes(timer: SetTimer, kind: TimerKind, round_: int, due: datetime) -> bool:
    return timer.kind is kind and timer.round == round_ and milliseconds(timer.due_at) >= milliseconds(due)


def _undrawable(handoff: Handoff, playbook: Playbook, now: datetime) -> Iterator[str]:
    """The queue is swept: what waits there is offered, so it must be possible to offer it to somebody."""
    rep = draw(handoff, playbook, Rotation(), NOBODY, now)[0].rep
    if handoff.assignee:
        yield "it waits in a queue and is somebody's"
    if rep not in playbook.reps:
        yield f"it would be offered to {rep}, whom nobody knows"
    if rep in handoff.passed_over and rep != playbook.last_resort:
        yield f"it would be offered to {rep} again"


def forgotten(item: TriageItem, timers: Iterable[SetTimer], world: World, playbook: Playbook) -> Iterator[str]:
    """Why nobody would ever settle this item of triage; nothing where somebody would."""
    if not item.open:
        return
    if world.standings[item.lead].triage != item.id:
        yield "its lead knows nothing of it"
    if item.team not in playbook.teams and playbook.triage_team not in playbook.teams:
        yield "no team triages it"
    due = item.again_at or item.due_at
    if not any(timer.about is None and _comes(timer, TimerKind.TRIAGE_DEADLINE, 0, due) for timer in timers):
        yield f"nothing wakes it at its deadline {due}"


def unheard(remind: Remind, world: World, playbook: Playbook) -> Iterator[str]:
    """Why nobody hears that a deadline has passed; a reminder of one that is still to come may miss its rep."""
    handoff = world.handoffs[remind.handoff]
    if remind.persons and not any(person in playbook.reps for person in remind.persons):
        yield f"nobody of {remind.persons} hears that it is overdue ({handoff.state})"


def dangling(lead: UUID, timers: Collection[SetTimer], world: World) -> Iterator[str]:
    """Why what a lead waits for would never come: its handoff or item is closed, or a held click has no timer."""
    standing = world.standings.get(lead)
    if standing is None:
        return
    item = world.triage[standing.triage] if standing.triage else None
    if item is not None and (item.lead != lead or not item.open):
        yield "it waits in triage where nothing waits"
    back = standing.returns
    if back and not any(timer.about == back.handoff and milliseconds(timer.due_at) == back.at for timer in timers):
        yield "a rep wants to see it again, and nothing wakes it"
    held = {click.event for click in standing.clicks if not click.judged}
    if held - {timer.about for timer in timers if timer.kind is TimerKind.HOLD_ELAPSED}:
        yield "a click of theirs is held for ever"


def pestering(before: int, handoff: Handoff, playbook: Playbook) -> Iterator[str]:
    """Why people hear of it without end, whose version was `before` and who did nothing since; nothing if they do not.

    Each rep is reminded twice and lapses; then whoever keeps it is told after twice the time each time.
    """
    grown, most = handoff.version - before, 5 * (len(playbook.reps) + 1) + 15
    if grown > most:
        yield f"{handoff.id} was told of {grown} times, though nobody did anything"


def abandoned(handoff: Handoff, playbook: Playbook) -> Iterator[str]:
    """Why nobody is left with it after weeks in which nobody did anything; nothing where somebody is, or it ended."""
    if handoff.state in OPEN and handoff.assignee not in playbook.reps:
        yield f"{handoff.id} stays {handoff.state} with {handoff.assignee or 'nobody'}, whom nobody knows"
