"""The map of the log: each topic, what it carries, its key, how long it is kept. A prefix stands before each."""

from dataclasses import dataclass
from datetime import timedelta

RETENTION = timedelta(days=30)
"""The promise to the erased: no topic that holds personal data keeps it longer (a setting may shorten it)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `key` says in words what its records are keyed by; keys are keyed hashes, never an email in clear."""

    name: str
    carries: str
    key: str
    partitions: int = 8
    retention: timedelta = RETENTION


EVENTS_URGENT = Topic("events.urgent", "Event: forms, bookings, replies, sales' own leads", "the first identifier")
EVENTS_BEHAVIOUR = Topic("events.behaviour", "Event: everything else", "the first identifier")
FEEDBACK = Topic("feedback", "Feedback: people's acts, timers, acts of control", "the handoff, else the lead")
PLAYS = Topic(
    "plays", "DeliverPlay, ErasePlay, ChangeEnrolment: commands to the notifier", "the handoff, else the enrolment"
)
DELIVERIES = Topic("deliveries", "DeliveryRecorded: what became of them", "the handoff")
HANDOFFS = Topic("handoffs", "HandoffChanged: for a CRM or a warehouse", "the handoff")
DEAD_LETTERS = Topic("dead-letters", "DeadLetter: what could not be processed", "the source")

TOPICS = (EVENTS_URGENT, EVENTS_BEHAVIOUR, FEEDBACK, PLAYS, DELIVERIES, HANDOFFS, DEAD_LETTERS)
