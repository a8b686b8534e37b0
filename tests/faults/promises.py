"""What must hold after any run of any number of routers: each check gives what breaks it, in words."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

from runtime.log import Log
from schemas import dead_letter, play
from schemas.event import EventType
from schemas.fact import decode
from schemas.handoff import OPEN
from schemas.lead import Field
from schemas.play import CardKind, DeliverPlay
from schemas.topics import DEAD_LETTERS, PLAYS
from schemas.verdict import Outcome, Rule
from tests.faults.crowd import Nature
from tests.faults.evidence import records
from tests.faults.retold import Retold
from tests.faults.state import State
from tests.faults.stream import Stream


def broken(stream: Stream, state: State, told: Retold) -> list[str]:
    """Everything that a run of routers has promised and not kept."""
    return [
        *told.differences,
        *_judged_otherwise_than_once(stream, told),
        *_ruled_twice(state),
        *_double_or_missing(state),
        *_unanswered(stream, state),
        *_accounts(stream, state),
    ]


def _judged_otherwise_than_once(stream: Stream, told: Retold) -> Iterator[str]:
    """Every event has one verdict, however often it came, under whichever of its ids."""
    names: dict[UUID, str] = {one.event.id: one.event.dedup_key for one in stream.arrivals}
    verdicts: Counter[str] = Counter()
    for event, count in told.judged.items():
        verdicts[names.get(event, f"unknown event {event}")] += count
    for key, event in stream.events.items():
        if verdicts[key] != 1:
            yield f"{event.type} {event.id} of {[one.value for one in event.identifiers]}: {verdicts[key]} verdicts"
    for key in verdicts.keys() - stream.events.keys():
        yield f"a verdict on what nobody sent: {key}"


def _ruled_twice(state: State) -> Iterator[str]:
    for event, count in Counter(one.event for one in state.rulings).items():
        if count > 1:
            yield f"event {event} has {count} rows of verdicts"


def _double_or_missing(state: State) -> Iterator[str]:
    """A lead has at most one open handoff; each open one is its lead's, with somebody and a deadline; triage alike."""
    leads = {row.lead for row in state.identifiers.values()}
    held = {one.handoff: lead for lead, one in state.standings.items() if one.handoff is not None}
    for handoff in state.open_handoffs():
        if held.get(handoff.id) != handoff.lead or handoff.lead not in leads:
            yield f"handoff {handoff.id} is {handoff.state} with lead {handoff.lead}, whose is {held.get(handoff.id)}"
        if not handoff.assignee or (handoff.accept_by is None and handoff.attempt_by is None):
            yield f"handoff {handoff.id} is {handoff.state}, with {handoff.assignee or 'nobody'}, without a deadline"
    for identity, lead in held.items():
        kept = state.handoffs.get(identity)
        if kept is None or kept.state not in OPEN:
            yield f"lead {lead} stands with sales by handoff {identity}, which is {kept and kept.state}"
    waiting = {one.triage: lead for lead, one in state.standings.items() if one.triage is not None}
    for item in state.items.values():
        if item.open and waiting.get(item.id) != item.lead:
            yield f"triage item {item.id} waits for lead {item.lead}, whose is {waiting.get(item.id)}"
    for identity, lead in waiting.items():
        if identity not in state.items or not state.items[identity].open:
            yield f"lead {lead} waits in triage by item {identity}, which is closed"


def _unanswered(stream: Stream, state: State) -> Iterator[str]:
    """Whoever asks for a call has a handoff by it, or a triage item where a list forbids it.

    What was taken back before it came, of somebody who is met by it, is in nobody's history.
    """
    taken_back = {event.corrects for event in stream.events.values() if event.type is EventType.RETRACTED}
    natures = {email: person for person in stream.people for email in person.emails}
    rulings = {one.event: one for one in state.rulings}
    for event in stream.events.values():
        if not any(claim.field == Field.CONSULTATION.value for claim in event.claims) or event.corrects is not None:
            continue
        person = natures[event.identifiers[0].value]
        ruling = rulings.get(event.id)
        if person.nature is Nature.TURNING or ruling is None:
            if ruling is None and event.id not in taken_back:
                yield f"{person.name} asked for a call by {event.id}, and there is no verdict on it"
            continue
        if person.nature is Nature.LISTED:
            if ruling.outcome != Outcome.TRIAGE:
                yield f"{person.name} is listed, and asked for a call by {event.id}: {ruling.outcome}"
        elif ruling.handoff not in state.handoffs:
            yield f"{person.name} asked for a call by {event.id}: {ruling.outcome}, without a handoff"


def _accounts(stream: Stream, state: State) -> Iterator[str]:
    """A named account has at most one open handoff by rule 4, and knows it."""
    by_account: dict[str, set[UUID]] = defaultdict(set)
    for handoff in state.open_handoffs():
        if Rule.TARGET_RESPONDS in handoff.rules:
            by_account[handoff.account].add(handoff.id)
    for key, row in state.accounts.items():
        linked = state.handoffs.get(row.target_handoff) if row.target_handoff else None
        if row.target_handoff and (linked is None or linked.state not in OPEN):
            yield f"account {key} knows of handoff {row.target_handoff}, which is {linked and linked.state}"
        if by_account[key] - ({row.target_handoff} if row.target_handoff else set()):
            yield f"account {key} has open handoffs {by_account[key]} by rule 4, and knows of {row.target_handoff}"
    for key, ids in by_account.items():
        if len(ids) > 1:
            yield f"account {key} has {len(ids)} open handoffs by rule 4: {sorted(ids)}"


async def misspoken(log: Log, state: State) -> list[str]:
    """What the routers told others: each offer once, no two cards under one name that say different things."""
    said: dict[tuple[UUID, CardKind, int, str], set[bytes]] = defaultdict(set)
    for partition in await log.partitions(PLAYS.name):
        for record in await records(log, partition):
            card = decode(record.value, play.DECODER)
            if isinstance(card, DeliverPlay):
                for recipient in card.recipients:
                    said[card.handoff, card.kind, card.sequence, recipient.person].add(record.value)
    faults = [f"{len(cards)} different cards of {name}" for name, cards in said.items() if len(cards) > 1]
    offers = Counter((handoff, number, who) for handoff, kind, number, who in said if kind is CardKind.OFFER)
    drawn = Counter((one.handoff, one.round, one.draw.rep) for one in state.drawings)
    faults += [f"handoff {one[0]}: offer {one[1]} to {one[2]} was drawn, but nobody was told" for one in drawn - offers]
    faults += [f"handoff {one[0]}: offer {one[1]} to {one[2]} was told, but not drawn" for one in offers - drawn]
    for partition in await log.partitions(DEAD_LETTERS.name):
        for record in await records(log, partition):
            letter = decode(record.value, dead_letter.DECODER)
            faults.append(f"dead letter from {letter.topic}: {letter.detail}")
    return faults
