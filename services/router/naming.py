"""Ids of what the shell makes: a v5 of what caused it, so that doing it twice makes the same thing once."""

from uuid import UUID

from schemas.play import CardKind
from services.router.domain.decision import SetTimer
from services.router.domain.identity import version_5

_HOUSE = UUID("6f0f3c1e-5a54-5f0b-9d8e-2b1f4a7c9e30").bytes


def named(*parts: object) -> UUID:
    """The v5 id of these parts, in this order."""
    return version_5(_HOUSE, "\x1f".join([str(part) for part in parts]))


def timer_id(timer: SetTimer) -> UUID:
    """Of a deadline: its kind, whom it is about, when, and which round."""
    return named("timer", timer.kind.value, timer.subject, timer.due_at.isoformat(), timer.about, timer.round)


def change_id(handoff: UUID, version: int) -> UUID:
    """Of the fact that a handoff came into this version."""
    return named("handoff", handoff, version)


def card_id(handoff: UUID, kind: CardKind, sequence: int, persons: tuple[str, ...]) -> UUID:
    """Of one card to these persons: the ledger's key, in one id."""
    return named("card", handoff, kind.value, sequence, *persons)


def dead_letter_id(topic: str, partition: int, offset: int) -> UUID:
    """Of what died at this place of the log."""
    return named("dead-letter", topic, partition, offset)
