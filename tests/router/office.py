"""The shell in memory: folds what comes in, draws at once, and lets time pass on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.event import Event, Identifier, IdentifierKind
from schemas.fact import replace
from schemas.feedback import Feedback, TimerFired
from schemas.handoff import HandoffState
from schemas.lead import Priority
from schemas.verdict import Contribution, Verdict
from services.router.domain.assignment import Rotation, draw
from services.router.domain.decision import SetTimer
from services.router.domain.facts import LeadFacts
from services.router.domain.folding import fold
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey, Lead
from services.router.domain.offers import offer
from services.router.domain.playbook import Playbook
from services.router.domain.scoring import contributions, priority_of, threshold_of
from services.router.domain.world import Folded, Settled, World
from tests.router.builders import a_playbook, an_id, who


class Score(NamedTuple):
    """A lead's score in thousandths of a point, and what it is made of."""

    total: int
    fit: int
    engagement: int
    contributions: tuple[Contribution, ...]
    priority: Priority
    threshold: int


def score(lead: Lead, playbook: Playbook, now: datetime) -> Score:
    """The lead's score at `now`."""
    facts = LeadFacts(None, lead, playbook, now)
    points, rules, target = facts.points, playbook.scoring, facts.account.target
    parts = contributions(lead, rules, facts.gained, facts.are)
    threshold = threshold_of(rules, target.tier if target else "")
    return Score(points.total, points.fit, points.engagement, parts, priority_of(points, rules), threshold)


class Everything(set[Any]):
    """All there is was looked up."""

    def __contains__(self, _item: object) -> bool:
        return True


@dataclass
class Office:
    """The shell in memory: folds, remembers what corrections need, draws at once, and lets time pass on demand."""

    playbook: Playbook = field(default_factory=a_playbook)
    world: World = field(default_factory=lambda: World(asked=Everything(), asked_accounts=Everything()))
    timers: list[SetTimer] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    commands: list[Any] = field(default_factory=list)
    counted: dict[UUID, Any] = field(default_factory=dict)
    corrected: set[UUID] = field(default_factory=set)
    seen: set[UUID] = field(default_factory=set)
    events: set[UUID] = field(default_factory=set)
    rotation: Rotation = field(default_factory=Rotation)
    draws: bool = True
    folds: Callable[[Sequence[Event | Feedback], World, Playbook], Folded] = fold

    def take(self, *facts: Event | Feedback, batch: bool = True) -> list[Verdict]:
        """Fold these; the verdicts, in order."""
        fresh = [fact for fact in facts if fact.id not in self.seen and not self.seen.add(fact.id)]
        self.events.update(fact.id for fact in fresh if isinstance(fact, Event))
        pieces = ([fresh] if fresh else []) if batch else [[fact] for fact in fresh]
        verdicts: list[Verdict] = []
        for piece in pieces:
            verdicts.extend(settled.verdict for settled in self._fold(piece).settled)
        return verdicts

    def verdict(self, fact: Event | Feedback) -> Verdict:
        """The one verdict of this one fact."""
        (only,) = self.take(fact)
        return only

    def _fold(self, facts: Sequence[Event | Feedback]) -> Folded:
        named = {fact.corrects for fact in facts if isinstance(fact, Event) and fact.corrects}
        self.world.counted = {each: self.counted[each] for each in named if each in self.counted}
        self.world.corrected = set(self.corrected)
        folded = self.folds(facts, self.world, self.playbook)
        assert folded.poison == []
        for each in folded.settled:
            self.counted[each.verdict.event] = each.counted
        self.counted.update(folded.recounted)
        self.corrected |= named | self.world.corrected
        self.settled.extend(folded.settled)
        self.commands.extend(folded.commands)
        self.timers.extend(each for each in folded.commands if isinstance(each, SetTimer))
        if self.draws:
            self._offer(max((fact.received_at if isinstance(fact, Event) else _at(fact)) for fact in facts))
        return folded

    def _offer(self, now: datetime) -> None:
        for handoff in [each for each in self.world.handoffs.values() if each.state is HandoffState.QUEUED]:
            drawn, self.rotation = draw(handoff, self.playbook, self.rotation, {}, now)
            offered, commands = offer(handoff, drawn, self.playbook, now)
            self.world.handoffs[handoff.id] = offered
            self.timers.extend(each for each in commands if isinstance(each, SetTimer))

    def until(self, moment: datetime) -> list[Verdict]:
        """Let time pass: every timer due by then fires, in order."""
        verdicts: list[Verdict] = []
        while due := sorted((each for each in self.timers if each.due_at <= moment), key=lambda each: each.due_at):
            first = due[0]
            self.timers.remove(first)
            verdicts.extend(self.take(fired(first)))
        return verdicts

    def lead_of(self, person: str | Identifier) -> Lead:
        """The lead this person belongs to now."""
        stated = who(person) if isinstance(person, str) else person
        key = IdentifierKey(stated.kind, stated.value)
        row = self.world.identifiers.get(key)
        identity = row.lead if row else lead_id(key)
        members = sorted(self.world.members.get(identity, set()))
        dossiers = {each: self.world.identifiers[each].dossier for each in members}
        known = any(each.kind is not IdentifierKind.COOKIE for each in members)
        return replace(Lead(identity, known, dossiers), **_standing(self.world, identity))

    def handoff_of(self, person: str) -> Handoff:
        """The open handoff of this person's lead."""
        identity = self.lead_of(person).standing.handoff
        assert identity is not None
        return self.world.handoffs[identity]

    def triage_of(self, person: str) -> TriageItem:
        """The open triage item of this person's lead."""
        identity = self.lead_of(person).standing.triage
        assert identity is not None
        return self.world.triage[identity]

    def score_of(self, person: str, now: datetime) -> Score:
        """The score of this person's lead."""
        return score(self.lead_of(person), self.playbook, now)


def _standing(world: World, lead: UUID) -> dict[str, Any]:
    return {"standing": world.standings[lead]} if lead in world.standings else {}


def _at(fact: Any) -> datetime:
    return fact.due_at if isinstance(fact, TimerFired) else fact.at


def fired(timer: SetTimer) -> TimerFired:
    """The timer, come."""
    word = ("timer", timer.kind, timer.subject, timer.due_at, timer.about, timer.round)
    return TimerFired(
        id=an_id(word),
        kind=timer.kind,
        subject=timer.subject,
        due_at=timer.due_at,
        about=timer.about,
        round=timer.round,
    )


def codes(verdict: Verdict) -> list[str]:
    """The reasons' codes."""
    return [reason.code for reason in verdict.reasons]
