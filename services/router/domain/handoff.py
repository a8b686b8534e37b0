"""A handoff as the router keeps it; `handoffs` holds its state machine."""

from datetime import datetime
from uuid import UUID

from schemas.brief import Brief
from schemas.fact import Value
from schemas.handoff import HandoffState
from schemas.lead import Priority
from schemas.verdict import Rule


class Handoff(Value, frozen=True, gc=False):
    """One passing of one lead to sales. Times are UTC."""

    id: UUID
    lead: UUID
    version: int
    state: HandoffState
    rules: tuple[Rule, ...]
    priority: Priority
    play: str
    """The play's name in the playbook version `playbook`."""
    playbook: str
    brief: Brief
    received_at: datetime
    """When the door took the event that led to it: speed to lead counts from here."""
    team: str
    wanted: str = ""
    """A rep who owns the account or the lead and is asked first; empty for the team's rotation."""
    account: str = ""
    round: int = 0
    """How many reps have been asked."""
    assignee: str = ""
    offered_at: datetime | None = None
    """The real time of the assignment: deadlines count from here."""
    accept_by: datetime | None = None
    attempt_by: datetime | None = None
    attempts: int = 0
    passed_over: tuple[str, ...] = ()
    """Reps who rejected it or let it lapse: it never goes back to them."""
    returned: tuple[str, ...] = ()
    """Reps whose turn in the rotation it had taken, and who got that turn back."""
    reminders: int = 0
    not_before: datetime | None = None
    flags: tuple[str, ...] = ()
    """`late`, `flood`, … shown on the card."""
    waits_for: str = ""
    """Why nobody calls before `not_before`, in a few words; empty for the patience of a rule alone."""
    asked: datetime | None = None
    """The time that the lead asked to be called at."""
    opened_at: datetime | None = None
    """When the window of opportunity opened; None where none of the rules has one."""
    contacted: int = 0
    """The last attempt (milliseconds, UTC), where the playbook caps the contacts of an account."""
    rejected_for: str = ""
    """Why it was rejected for good."""
    turn: str = ""
    """The rep whose turn in the team's rotation this round took; empty where an owner, or the last left, was asked."""
    trigger: Rule | None = None
    """What the play answers where a person passed the lead, and no rule did; it counts as no rule."""
    overdue: int = 0
    """How often its deadline has come without anything that followed from it but being told so."""
    again_at: datetime | None = None
    """When whoever has it is told again; None before the deadline. The deadline stays: it is what was promised."""

    @property
    def triggers(self) -> tuple[Rule, ...]:
        """What the play answers."""
        return self.rules if self.trigger is None else (*self.rules, self.trigger)


class TriageItem(Value, frozen=True, gc=False):
    """A lead that a person must look at: the questions that would settle it, a queue and a deadline."""

    id: UUID
    lead: UUID
    version: int
    opened_at: datetime
    due_at: datetime
    team: str
    why: str
    questions: tuple[str, ...]
    brief: Brief
    rules: tuple[Rule, ...] = ()
    play: str = ""
    priority: Priority = Priority.D
    open: bool = True
    choice: str = ""
    overdue: int = 0
    """How often its deadline has come, and nobody has decided."""
    again_at: datetime | None = None
    """When they are told again; None before the deadline, which stays what was promised."""
