"""What must hold after any run, whatever was killed: each check gives its violations in words, empty when it holds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.event import Event, IdentifierKind
from schemas.handoff import OPEN, HandoffState
from services.router.domain.lead import Dossier, IdentifierKey
from tests.faults.evidence import Evidence, key_of
from tests.faults.journal import Journal


@dataclass(frozen=True, slots=True)
class Shown:
    """One message that a provider took: which card it was, and where it went."""

    handoff: UUID
    kind: str
    sequence: int
    address: str


def lost(journal: Journal, evidence: Evidence) -> list[str]:
    """Events of acknowledged webhooks that are not on the log, not known to the state, or in the dead letters."""
    keys = tokens(journal, evidence.distinct().values())
    dead = {letter.value for letter in evidence.letters}
    violations = [f"{len(dead)} dead letters, the first: {evidence.letters[0].detail}"] if dead else []
    for posting in journal.postings:
        for token in posting.tokens if posting.acknowledged else ():
            found = keys.get(token, set())
            if not found:
                violations.append(f"{posting.kind} {token}: acknowledged, but not on the log")
            elif not found <= evidence.seen:
                violations.append(f"{posting.kind} {token}: on the log, but the state never saw it")
    return violations


def invented(journal: Journal, evidence: Evidence) -> list[str]:
    """What the log or the state holds though no sender ever sent it, or holds as two though it was sent as one."""
    distinct = evidence.distinct()
    known = {token for posting in journal.postings for token in posting.tokens}
    violations = [
        f"{token}: {len(keys)} different events"
        for token, keys in tokens(journal, distinct.values()).items()
        if len(keys) > 1
    ]
    found = {token for token, keys in tokens(journal, distinct.values()).items() if keys}
    violations += [f"{token}: nobody sent it" for token in found - known]
    if len(distinct) != len(found):
        violations.append(f"{len(distinct)} events on the log, of {len(found)} that were sent")
    strangers = evidence.seen - distinct.keys() - {act.id for act in evidence.acts}
    violations += [f"the state has seen {key}, which is on no lane" for key in strangers]
    return violations


def tokens(journal: Journal, events: Iterable[Event]) -> dict[str, set[UUID]]:
    """Token → the de-duplication keys of the events whose payload holds it."""
    wanted = {token.encode(): token for posting in journal.postings for token in posting.tokens}
    found: dict[str, set[UUID]] = {token: set() for token in wanted.values()}
    for event in events:
        body = event.raw.body if event.raw else b""
        start = body.find(b"tok")
        while start >= 0:
            token = wanted.get(body[start : body.find(b'"', start)])
            if token:
                found[token].add(key_of(event))
            start = body.find(b"tok", start + 3)
    return found


def judged_twice(evidence: Evidence) -> list[str]:
    """Events with two verdicts, and events of known people with none."""
    by_id = {event.id: event for event in evidence.events}
    rulings = Counter(key_of(by_id[ruling.event]) for ruling in evidence.rulings if ruling.event in by_id)
    violations = [f"event {key} has {count} verdicts" for key, count in rulings.items() if count > 1]
    for key, event in evidence.distinct().items():
        known = any(one.kind is IdentifierKind.EMAIL for one in event.identifiers)
        if known and rulings[key] == 0:
            violations.append(f"{event.type} {key} of a known person has no verdict")
    return violations


def miscounted(counted: Mapping[IdentifierKey, Dossier], once: Mapping[IdentifierKey, Dossier]) -> list[str]:
    """Day counts that differ from those of the same events, each folded once."""
    return [
        f"{key.kind} {key.value}: counted {_counts(counted, key)}, each once is {_counts(once, key)}"
        for key in sorted({*counted, *once})
        if _counts(counted, key) != _counts(once, key)
    ]


def _counts(dossiers: Mapping[IdentifierKey, Dossier], key: IdentifierKey) -> dict[str, dict[int, int]]:
    dossier = dossiers.get(key, Dossier())
    return {signal: dict(days) for signal, days in sorted(dossier.counts.items())}


def orphaned(evidence: Evidence) -> list[str]:
    """Open handoffs without an accountable person or a deadline."""
    violations = []
    for handoff in evidence.handoffs:
        if handoff.state not in OPEN:
            continue
        if not handoff.assignee:
            violations.append(f"handoff {handoff.id} is {handoff.state} and nobody's")
        if handoff.accept_by is None and handoff.attempt_by is None:
            violations.append(f"handoff {handoff.id} is {handoff.state} without a deadline")
    return violations


def owned_twice(evidence: Evidence) -> list[str]:
    """Leads with more than one open handoff."""
    leads = Counter(handoff.lead for handoff in evidence.handoffs if handoff.state in OPEN)
    return [f"lead {lead} has {count} open handoffs" for lead, count in leads.items() if count > 1]


def shown_wrongly(evidence: Evidence, cards: Sequence[Shown], mails: Sequence[Shown]) -> list[str]:
    """Handoffs whose offer was shown twice, or never (but by a mail in doubt); mails that were sent twice."""
    violations = [f"{len(evidence.undelivered)} cards never came to an end"] if evidence.undelivered else []
    for name, messages in (("cards", cards), ("mails", mails)):
        for shown, count in Counter(messages).items():
            if count > 1:
                violations.append(f"handoff {shown.handoff}: {count} {name} for {shown.kind} {shown.sequence}")
    offered = {(shown.handoff, shown.sequence) for shown in (*cards, *mails) if shown.kind == "offer"}
    due = {
        (handoff.id, number)
        for handoff in evidence.handoffs
        for number in range(1, handoff.round + 1)
        if handoff.state is not HandoffState.MERGED
    }
    violations += [
        f"handoff {handoff}: offer {number} reached nobody"
        for handoff, number in sorted(due - offered - in_doubt(evidence))
    ]
    strangers = {shown.handoff for shown in (*cards, *mails)} - {handoff.id for handoff in evidence.handoffs}
    items = {item.id for item in evidence.items}
    violations += [f"a card for {handoff}, which is nothing of ours" for handoff in strangers - items]
    return violations


def in_doubt(evidence: Evidence) -> set[tuple[UUID, int]]:
    """(handoff, round) of offers that need not have been shown: their sender died over the mail, a reminder follows."""
    return {
        (mail.handoff, mail.round)
        for mail in evidence.uncertain
        if (mail.handoff, mail.round) in evidence.reminders
        and any(mail.created <= death <= mail.settled for death in evidence.deaths)
    }
