"""Steps at random through all that can happen to handoffs, everything pure: what people do, time, and the playbook."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from heapq import heappop
from random import Random
from typing import Any
from uuid import UUID

from schemas.event import Event, EventType, Mark
from schemas.feedback import (
    AbsenceDeclared,
    AttemptLogged,
    AttemptResult,
    Feedback,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    HandoffSnoozed,
    LeadErased,
    OutcomeReported,
    RejectReason,
    TriageChoice,
    TriageDecided,
)
from schemas.handoff import OPEN
from tests.router.builders import an_event, email
from tests.router.domain.upheavals import playbooks
from tests.router.domain.walked import Walked, key_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PEOPLE = 24


class Walker(Walked):
    """Whoever does something, chosen at random."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.books = playbooks()
        super().__init__(self.books[0])
        self.recent: deque[Event] = deque(maxlen=30)
        self.generation = [0] * PEOPLE
        self.steps = 0
        self.ways: tuple[tuple[int, Callable[[], Iterator[str]]], ...] = (
            (30, self.time),
            (14, self.event),
            (34, self.act),
            (6, self.verdict),
            (14, self.offers),
            (1, self.absence),
        )
        self.weights = [weight for weight, _ in self.ways]

    def step(self) -> list[str]:
        """One more step; what is wrong after it."""
        self.steps += 1
        if self.steps % 400 == 0:
            return list(self.publish())
        if self.steps % 150 == 0:
            return list(self.erase())
        if self.chance.random() < 0.2:
            self.now += self.chance.expovariate(1 / 10) * MINUTE
        (way,) = self.chance.choices(self.ways, self.weights)
        return list(way[1]())

    def time(self) -> Iterator[str]:
        """The next timer comes, however late; now and then one comes before others that were due earlier."""
        if self.timers and self.chance.random() < 0.1:
            subject = self.chance.choice(list(self.timers))
            return self.come(self.chance.choice(list(self.timers[subject].values())))
        while self.ahead:
            timer = heappop(self.ahead)[2]
            if key_of(timer) in self.timers.get(timer.subject, {}):
                self.now = max(self.now, timer.due_at)
                return self.come(timer)
        return iter(())

    def event(self) -> Iterator[str]:
        """Somebody does something: asks for a call, reads, turns out to be somebody else, is a machine."""
        roll, chance = self.chance.random(), self.chance
        person, other, says = self.person(), self.person(), {"title": "Vice President"} if chance.random() < 0.3 else {}
        form = EventType.FORM_SUBMITTED
        if self.recent and roll < 0.06:
            event = self.built(EventType.RETRACTED, person, corrects=chance.choice(self.recent).id)
        elif roll < 0.14:
            event = self.built(form, email(person, attested=True), email(other, attested=True), says=says)
        elif roll < 0.20:
            event = self.built(form, person, marks=(Mark.HONEYPOT,), says={"consultation": "yes"})
        elif roll < 0.28:
            bad = chance.choice(("spammer@bad.example", f"{other.partition('@')[0]}@rival.example"))
            event = self.built(form, bad, says={"consultation": "yes"})
        elif roll < 0.36:
            event = self.built(EventType.EMAIL_CLICKED, person)
        elif roll < 0.55:
            event = self.built(EventType.CONTENT_DOWNLOADED, person, f"c{chance.randrange(9)}", says=says)
        elif roll < 0.65:
            event = self.built(EventType.PAGE_VIEWED, f"{other.partition('@')[0]}@globex.example")
        else:
            event = self.built(form, person, says={"consultation": "yes", **says})
        return self.take(event)

    def act(self) -> Iterator[str]:
        """Somebody acts on a handoff, open or not: its assignee, the manager, who had it before, a stranger."""
        if not self.world.handoffs:
            return iter(())
        chance = self.chance
        handoff = chance.choice(list(self.world.handoffs.values()))
        if handoff.state not in OPEN and chance.random() < 0.7:
            return iter(())
        before = handoff.passed_over or ("stranger",)
        actor = chance.choice((*([handoff.assignee] * 6), "mona", "nora", "lara", chance.choice(before), "stranger"))
        at = self.now - chance.choice((0, 0, 0, 20)) * MINUTE
        said: dict[str, Any] = {
            "id": UUID(int=chance.getrandbits(128)),
            "handoff": handoff.id,
            "actor": actor,
            "at": at,
        }
        kind = chance.randrange(10)
        fact: Feedback
        if kind < 3:
            fact = HandoffAccepted(**said)
        elif kind < 5:
            fact = HandoffRejected(**said, reason=chance.choice(tuple(RejectReason)), again_on=self.some_day())
            self.note(fact.reason.value)
        elif kind < 8:
            fact = AttemptLogged(**said, result=chance.choice(tuple(AttemptResult)))
        elif kind < 9:
            fact = HandoffSnoozed(**said, until=at + chance.choice((-1, 1, 24, 24 * 60)) * HOUR)
        else:
            fact = OutcomeReported(**said, outcome=chance.choice(tuple(HandoffOutcome)), again_on=self.some_day())
        return self.take(fact)

    def some_day(self) -> date | None:
        """On which somebody wants to see a lead again, if they do; some name no day that is to come."""
        return (
            (self.now + self.chance.choice((-1, 0, 1, 3, 9, 400)) * DAY).date() if self.chance.random() < 0.7 else None
        )

    def absence(self) -> Iterator[str]:
        """A rep says that they are away for some days, now or later, or back; or somebody does whom nobody knows."""
        rep = self.chance.choice((*self.playbook.reps, "stranger"))
        today = self.now.date()
        first = self.chance.choice((None, today + DAY, today + 7 * DAY))
        last = self.chance.choice((None, (first or today) + self.chance.randrange(20) * DAY))
        identity = UUID(int=self.chance.getrandbits(128))
        return self.take(AbsenceDeclared(id=identity, rep=rep, actor=rep, at=self.now, first=first, last=last))

    def verdict(self) -> Iterator[str]:
        """A person settles something that waits in triage, or tries to once more."""
        if not self.world.triage:
            return iter(())
        item, choice = self.chance.choice(list(self.world.triage)), self.chance.choice(tuple(TriageChoice))
        identity = UUID(int=self.chance.getrandbits(128))
        return self.take(TriageDecided(id=identity, handoff=item, actor="mona", at=self.now, choice=choice))

    def publish(self) -> Iterator[str]:
        """Another playbook is in force: everything that is open is looked at."""
        self.playbook = self.chance.choice(self.books)
        self.note(f"published: {self.playbook.version}")
        yield from self.everything()

    def erase(self) -> Iterator[str]:
        """Somebody asks to be forgotten; somebody new comes in their place."""
        place = self.chance.randrange(PEOPLE)
        address = self.person(place)
        self.generation[place] += 1
        self.note("erased")
        yield from self.take(
            LeadErased(id=UUID(int=self.chance.getrandbits(128)), email=address, actor="dpo", at=self.now)
        )
        yield from self.everything()

    def person(self, place: int | None = None) -> str:
        at = self.chance.randrange(PEOPLE) if place is None else place
        company = "globex" if at % 8 == 0 else f"firm{at % 5}"
        return f"p{at}g{self.generation[at]}@{company}.example"

    def built(self, kind: EventType, *people: Any, **more: Any) -> Event:
        self.note(kind.value)
        event = an_event(kind, *people, at=self.now, id=UUID(int=self.chance.getrandbits(128)), **more)
        self.recent.append(event)
        return event
