"""A world that somebody walks through, in memory: facts are folded, timers kept, and all that is touched looked at."""

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from schemas.event import Event
from schemas.fact import replace
from schemas.feedback import Feedback
from schemas.handoff import OPEN, HandoffState
from services.router.domain.absences import declared
from services.router.domain.assignment import Rotation, draw, given_back
from services.router.domain.decision import Command, Remind, ReturnTurn, SetAbsence, SetTimer
from services.router.domain.folding import fold
from services.router.domain.handoff import Handoff
from services.router.domain.moments import milliseconds
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.world import Folded, World
from tests.router.builders import MONDAY
from tests.router.domain.orphans import abandoned, dangling, forgotten, orphaned, pestering, unheard
from tests.router.office import Everything, fired

DAY = timedelta(days=1)
KEPT = 60
"""Closed handoffs that are remembered, so that people act on them too."""
COUNTED = 500
"""Events of which is remembered how they were counted, so that they can be taken back."""


class Walked:
    """A world, and what is wrong with it after whatever has happened."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.world = World(asked=Everything(), asked_accounts=Everything())
        self.now = MONDAY
        self.timers: dict[UUID, dict[object, SetTimer]] = {}
        self.ahead: list[tuple[int, int, SetTimer]] = []
        self.rotations: dict[str, Rotation] = {}
        self.closed: deque[UUID] = deque()
        self.counted: dict[UUID, Any] = {}
        self.ever = 0
        self.seen: dict[str, int] = {}
        """What has happened, and how often."""

    def note(self, what: str) -> None:
        self.seen[what] = self.seen.get(what, 0) + 1

    def come(self, timer: SetTimer) -> Iterator[str]:
        self.note(timer.kind.value)
        subject = self.timers[timer.subject]
        del subject[key_of(timer)]
        if not subject:
            del self.timers[timer.subject]
        return self.take(fired(timer), timer.subject)

    def offers(self) -> Iterator[str]:
        """The queue is swept: reps are drawn for what waits in it."""
        waiting = [each for each in self.world.handoffs.values() if each.state is HandoffState.QUEUED]
        load: dict[str, int] = {}
        for each in self.world.handoffs.values():
            if each.state in OPEN and each.assignee:
                load[each.assignee] = load.get(each.assignee, 0) + 1
        for handoff in waiting:
            drawn, after = draw(handoff, self.playbook, self.rotations.get(handoff.team, Rotation()), load, self.now)
            self.rotations[handoff.team] = after
            load[drawn.rep] = load.get(drawn.rep, 0) + 1
            offered, commands = offer(handoff, drawn, self.playbook, self.now)
            self.note("offered")
            if drawn.rep in handoff.passed_over and drawn.rep != self.playbook.last_resort:
                yield f"{drawn.rep} is asked again"
            self.world.handoffs[handoff.id] = offered
            for command in commands:
                if isinstance(command, SetTimer):
                    self.wake(command)
            yield from self.wrong(offered)

    def silence(self, length: timedelta = 21 * DAY) -> Iterator[str]:
        """Nobody does anything for three weeks: only time passes, and the queue is swept."""
        end, most = self.now + length, 60 * (1 + len(self.world.handoffs) + len(self.world.triage))
        before = {each.id: each.version for each in self.world.handoffs.values()}
        yield from self.offers()
        while self.ahead and self.ahead[0][2].due_at <= end and most:
            timer = heappop(self.ahead)[2]
            if key_of(timer) in self.timers.get(timer.subject, {}):
                self.now, most = max(self.now, timer.due_at), most - 1
                yield from self.come(timer)
                yield from self.offers()
        self.note("silence")
        if not most:
            yield "time never ends"
        for handoff in self.world.handoffs.values():
            yield from abandoned(handoff, self.playbook)
            yield from pestering(before.get(handoff.id, 0), handoff, self.playbook)

    def take(self, fact: Event | Feedback, *subjects: UUID) -> Iterator[str]:
        """Fold the fact, and look at all that it touched."""
        world = self.world
        world.counted = self.counted
        folded = fold((fact,), world, self.playbook)
        for _, why in folded.poison:
            yield f"{fact} raised {why}"
        self.remember(folded)
        handoffs, items = {*world.touched_handoffs, *subjects}, {*world.touched_triage, *subjects}
        leads = set(world.touched_standings)
        self.forget_touched()
        for command in folded.commands:
            yield from self.obey(command)
        for each in handoffs & world.handoffs.keys():
            yield from self.wrong(world.handoffs[each])
        for each in items & world.triage.keys():
            yield from forgotten(world.triage[each], self.pending(each), world, self.playbook)
        for lead in leads:
            yield from dangling(lead, list(self.pending(lead)), world)
        self.tidy(handoffs, items)

    def remember(self, folded: Folded) -> None:
        """How events were counted, for those that are taken back."""
        for settled in folded.settled:
            self.counted[settled.verdict.event] = settled.counted
        self.counted.update(folded.recounted)
        while len(self.counted) > COUNTED:
            del self.counted[next(iter(self.counted))]

    def obey(self, command: Command) -> Iterator[str]:
        match command:
            case SetTimer():
                self.wake(command)
            case ReturnTurn(team=team, rep=rep) if team in self.rotations:
                self.rotations[team] = given_back(self.rotations[team], rep)
                self.note("turn returned")
            case SetAbsence():
                for team in self.playbook.teams:
                    before = self.rotations.get(team, Rotation())
                    self.rotations[team] = replace(before, away=declared(before.away, command))
                self.note("absence")
            case Remind():
                yield from unheard(command, self.world, self.playbook)

    def wrong(self, handoff: Handoff) -> Iterator[str]:
        self.note(handoff.state.value)
        for why in orphaned(handoff, self.pending(handoff.id), self.world, self.playbook, self.now):
            yield f"{handoff.state} {handoff.id}, version {handoff.version}: {why}"

    def everything(self) -> Iterator[str]:
        for handoff in self.world.handoffs.values():
            yield from self.wrong(handoff)
        for item in self.world.triage.values():
            yield from forgotten(item, self.pending(item.id), self.world, self.playbook)

    def pending(self, subject: UUID) -> Iterator[SetTimer]:
        return iter(self.timers.get(subject, {}).values())

    def wake(self, timer: SetTimer) -> None:
        """As the table keeps it: one row for what is one."""
        key = key_of(timer)
        mine = self.timers.setdefault(timer.subject, {})
        if key not in mine:
            mine[key] = timer
            self.ever += 1
            heappush(self.ahead, (milliseconds(timer.due_at), self.ever, timer))

    def forget_touched(self) -> None:
        world = self.world
        for touched in (world.touched_handoffs, world.touched_standings, world.touched_triage, world.touched_accounts):
            touched.clear()
        world.touched_identifiers.clear()
        world.touched_floods.clear()
        world.floods.clear()

    def tidy(self, touched: set[UUID], items: set[UUID]) -> None:
        """What closed long ago is forgotten, so that a step costs what it costs."""
        handoffs, triage = self.world.handoffs, self.world.triage
        self.closed.extend(each for each in touched if each in handoffs and handoffs[each].state not in OPEN)
        self.closed.extend(each for each in items if each in triage and not triage[each].open)
        while len(self.closed) > KEPT:
            old = self.closed.popleft()
            if old not in self.closed:
                handoffs.pop(old, None)
                triage.pop(old, None)


def key_of(timer: SetTimer) -> object:
    return timer.kind, milliseconds(timer.due_at), timer.about, timer.round
