"""What a batch of facts will read, so that the shell can load and lock it set-wise before anything is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from schemas.event import URGENT, Event, IdentifierKind
from schemas.feedback import (
    AbsenceDeclared,
    Feedback,
    IdentifiersErased,
    LeadErased,
    PlaybookPublished,
    TimerFired,
    TimerKind,
    TriageDecided,
)
from services.router.domain.accounts import account_keys_needed, keys_in_event
from services.router.domain.floods import flood_keys
from services.router.domain.identity import keys_of
from services.router.domain.lead import IdentifierKey
from services.router.domain.playbook import Playbook
from services.router.domain.world import NeedsMoreError, World


@dataclass(frozen=True, slots=True)
class Needs:
    """What to look up and lock. Siblings of the leads found, and their open handoffs and items, come with them."""

    identifiers: frozenset[IdentifierKey]
    handoffs: frozenset[UUID]
    """Named by feedback. An act may name a triage item here, a timer too: what is none is not found."""
    triage: frozenset[UUID]
    leads: frozenset[UUID]
    """Named by the timers of held clicks, and of leads that come back."""
    corrections: frozenset[UUID]
    """Events that corrections name: how were they counted?"""
    events: frozenset[UUID]
    """Has a correction of them arrived before?"""
    flood_keys: frozenset[str]
    accounts: frozenset[str] = frozenset()
    """Those that an earlier attempt at the same facts has missed; the others come by `accounts_of`."""

    def and_more(self, missing: NeedsMoreError) -> "Needs":
        """What is to be looked up at the next attempt."""
        return replace(
            self,
            identifiers=self.identifiers | missing.identifiers,
            leads=self.leads | missing.leads,
            accounts=self.accounts | missing.accounts,
        )


def needs(facts: Iterable[Event | Feedback], playbook: Playbook) -> Needs:
    """What these facts need. Accounts come later, by `accounts_of`, when the leads are known."""
    gathering = Gathering(playbook)
    gathering.add(facts)
    return gathering.needs()


class Gathering:
    """What facts need, while they are still coming."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self.identifiers: set[IdentifierKey] = set()
        self.handoffs: set[UUID] = set()
        self.triage: set[UUID] = set()
        self.leads: set[UUID] = set()
        self.corrections: set[UUID] = set()
        self.events: set[UUID] = set()
        self.floods: set[str] = set()

    def add(self, facts: Iterable[Event | Feedback]) -> None:
        """What these need, too."""
        for fact in facts:
            if isinstance(fact, Event):
                self._event(fact)
            else:
                self._feedback(fact)

    def _event(self, event: Event) -> None:
        stated = event.identifiers
        if len(stated) == 1:  # as nine of ten
            self.identifiers.add(IdentifierKey(stated[0].kind, stated[0].value))
        elif stated:
            self.identifiers.update([IdentifierKey(each.kind, each.value) for each in stated])
        else:
            self.identifiers.update(keys_of(event))
        self.events.add(event.id)
        if event.corrects is not None:
            self.corrections.add(event.corrects)
            self.events.add(event.corrects)
        if event.type in URGENT:
            self.floods.update(flood_keys(event, self._playbook))

    def _feedback(self, fact: Feedback) -> None:
        match fact:
            case TimerFired(kind=TimerKind.HOLD_ELAPSED):
                self.leads.add(fact.subject)
                if fact.about is not None:
                    self.events.add(fact.about)
            case TimerFired(kind=TimerKind.TRIAGE_DEADLINE):
                self.triage.add(fact.subject)
            case TimerFired(kind=TimerKind.SNOOZE_ENDED, about=UUID()):
                self.leads.add(fact.subject)
            case TimerFired():
                self.handoffs.add(fact.subject)
            case LeadErased():
                self.identifiers.add(IdentifierKey(IdentifierKind.EMAIL, fact.email.strip().lower()))
            case PlaybookPublished() | IdentifiersErased() | AbsenceDeclared():
                pass
            case TriageDecided():
                self.triage.add(fact.handoff)
            case _:
                self.handoffs.add(fact.handoff)

    def needs(self) -> Needs:
        """All of it."""
        return Needs(
            frozenset(self.identifiers),
            frozenset(self.handoffs),
            frozenset(self.triage),
            frozenset(self.leads),
            frozenset(self.corrections),
            frozenset(self.events),
            frozenset(self.floods),
        )


def accounts_of(world: World, facts: Sequence[Event | Feedback], playbook: Playbook) -> frozenset[str]:
    """Every account these facts may touch: those the loaded leads can belong to, those the events can make theirs."""
    found: set[str] = set()
    for fact in facts:
        if isinstance(fact, Event) and (
            fact.claims or len(fact.identifiers) != 1 or fact.identifiers[0].kind is not IdentifierKind.COOKIE
        ):
            found |= keys_in_event(fact, playbook)
    for key, row in world.identifiers.items():
        if key.kind is not IdentifierKind.COOKIE or row.dossier.statements:
            found |= account_keys_needed(key, row.dossier, playbook)
    found |= {handoff.account for handoff in world.handoffs.values() if handoff.account}
    return frozenset(found)
