"""One event on its way to its verdict, and the ways in which such a way can end."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.event import Event, IdentifierKind
from schemas.fact import replace
from schemas.verdict import Outcome, Reason, Receipt, Verdict
from services.router.domain import clicks, merging, reasons, routing
from services.router.domain.applying import apply
from services.router.domain.changes import Changes, Effect
from services.router.domain.counts import with_statements
from services.router.domain.decision import Decision, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.identity import made_by
from services.router.domain.lead import IdentifierKey, Lead, Sighting
from services.router.domain.moments import milliseconds
from services.router.domain.prepared import Prepared
from services.router.domain.stitching import Moved
from services.router.domain.surroundings import around, counted_flood
from services.router.domain.world import IdentifierRow, Settled

_ALONE = Surroundings()


@dataclass(slots=True)
class Docket:
    """One event on its way to its verdict, and what has happened to it so far."""

    event: Event
    changes: Changes
    ready: Prepared
    now: datetime
    full: bool = False
    awaited: bool = False
    """A correction later in the batch names this event: how it was counted must be remembered."""
    notes: list[Reason] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    effect: Effect = field(default_factory=Effect)

    def moved(self, moved: Moved) -> None:
        """By this event clicks wait with another lead, and leads ended.

        Their standings are joined, the receipt stores both numbers.
        """
        merges, held = moved
        self.effect.commands.extend([clicks.timer(click, lead, self.ready.playbook) for click, lead in held])
        for merge in merges:
            joined = merging.joined(merge, self.changes, self.ready.playbook, self.now, self.event.id)
            self.effect.commands.extend(joined)
        if merges:
            self.notes.append(reasons.MERGED)
            pairs = {merge.gone: merge.gone_seq for merge in merges} | {merge.into: merge.into_seq for merge in merges}
            self.extra["merged"] = {str(lead): pairs[lead] for lead in sorted(pairs)}


def decide(docket: Docket, lead: Lead) -> Effect:
    """Count the event on the lead, decide, and bring the decision into the world."""
    event, changes, ready = docket.event, docket.changes, docket.ready
    after, counted = routing.counted_in(event, lead, ready, docket.now)
    facts = LeadFacts(event, after, ready.playbook, docket.now)
    stands = around(facts, changes, counted_flood(event, changes, ready.playbook))
    decision = routing.decide(
        facts, stands, ready, counted, notes=tuple(docket.notes), extra=docket.extra, full=docket.full
    )
    apply(decision, changes)
    return concluded(docket, decision, stands)


def concluded(docket: Docket, decision: Decision, stands: Surroundings) -> Effect:
    """The effect of a decision. A verdict without a number leaves no row: it can be worked out again."""
    verdict = decision.verdict
    if verdict is None:
        raise ValueError("an event ends in a verdict")
    stored = verdict.lead_seq > 0
    docket.effect.settled.append(
        Settled(verdict, stored, decision.counted, stands if stored else _ALONE),
    )
    docket.effect.commands.extend(decision.commands)
    if docket.awaited:
        docket.changes.put_counted(docket.event.id, decision.counted)
    return docket.effect


def numbered(docket: Docket, lead: UUID, reason: Reason) -> Effect:
    """An event that counts nothing, in the history of its lead if there is one."""
    changes = docket.changes
    known = any(key.kind is not IdentifierKind.COOKIE for key in changes.world.members.get(lead, ()))
    if not known:
        return unnumbered(docket, lead, reason)
    standing = changes.standing(lead)
    changes.put_standing(lead, replace(standing, seq=standing.seq + 1))
    return _ignored(docket, lead, standing.seq + 1, (*docket.notes, reason))


def unnumbered(docket: Docket, lead: UUID, reason: Reason) -> Effect:
    """An event that counts nothing and is in nobody's history."""
    return _ignored(docket, lead, 0, (*docket.notes, reason))


def _ignored(docket: Docket, lead: UUID, seq: int, said: tuple[Reason, ...]) -> Effect:
    event, playbook = docket.event, docket.ready.playbook
    verdict = Verdict(
        id=made_by(event.id, "verdict"),
        event=event.id,
        lead=lead,
        lead_seq=seq,
        outcome=Outcome.IGNORE,
        reasons=said,
        at=docket.now,
        playbook=playbook.version,
        lists=playbook.lists_version,
        receipt=Receipt(rules={}, facts=docket.extra) if docket.extra else None,
    )
    docket.effect.settled.append(Settled(verdict, seq > 0))
    return docket.effect


def judged_marked(docket: Docket, event: Event, lead: Lead, key: IdentifierKey) -> Effect:
    """The verdict on marked traffic. What it says is shown to whoever looks at it, but does not become known."""
    changes, ready = docket.changes, docket.ready
    seen = Sighting(milliseconds(event.occurred_at), event.id.bytes)
    overlaid = replace(lead.dossiers[key], statements=with_statements(lead.dossiers[key].statements, event, seen))
    facts = LeadFacts(event, replace(lead, dossiers={**lead.dossiers, key: overlaid}), ready.playbook, docket.now)
    stands = around(facts, changes, {})
    decision = routing.decide(facts, stands, ready, (), notes=tuple(docket.notes), extra=docket.extra, full=docket.full)
    decision = replace(decision, lead=replace(decision.lead, dossiers=lead.dossiers))
    if decision.commands and key not in changes.world.identifiers:
        changes.put_row(IdentifierRow(key, lead.id))
    if key in changes.world.identifiers:
        apply(decision, changes)
    return concluded(docket, decision, stands)
