"""Deadlines of an offer and of the work after it, in business time, and what follows when one comes (H2).

Only human acts stop the clock. A deadline of an older round, or one that was moved meanwhile, is a no-op.
"""

from datetime import datetime, timedelta

from schemas.fact import replace
from schemas.feedback import TimerFired, TimerKind
from schemas.handoff import HandoffState
from services.router.domain import business_time, handoffs, lifecycle, opening, waking, window
from services.router.domain.decision import Decision, Remind, SaveHandoff, SaveTriage, SetTimer, Surroundings
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.handoffs import Move
from services.router.domain.lead import Lead
from services.router.domain.moments import milliseconds
from services.router.domain.nurturing import Cause
from services.router.domain.playbook import Play, Playbook
from services.router.domain.team import BusinessHours, ServiceLevel

_CLOCK = "clock"
"""The actor of what nobody did."""
_NO_PLAY = Play(name="", title="")


def hours_of(handoff: Handoff, playbook: Playbook) -> BusinessHours:
    """When the assignee works, else the team, else the person of last resort."""
    rep, team = playbook.reps.get(handoff.assignee), playbook.teams.get(handoff.team)
    if rep is not None:
        return rep.hours
    return team.hours if team is not None else playbook.reps[playbook.last_resort].hours


def answerable(handoff: Handoff, playbook: Playbook) -> str:
    """Who answers for it where its rep does not: the team's manager, or the last resort where the team is no more."""
    team = playbook.teams.get(handoff.team)
    return team.manager if team is not None else playbook.last_resort


def level_of(handoff: Handoff, playbook: Playbook) -> ServiceLevel:
    """The service level of the handoff's team for its priority, no slower than its window of opportunity closes."""
    team = playbook.teams.get(handoff.team)
    level = opening.service_of(team, handoff.priority) if team is not None else opening.FALLBACK
    return window.hurried(level, window.half_life_of(handoff.rules, playbook))


def timers(
    kinds: tuple[TimerKind, TimerKind], handoff: Handoff, playbook: Playbook, start: datetime, within: timedelta
) -> tuple[datetime, tuple[SetTimer, ...]]:
    """The deadline `within` business time of `start` (UTC), and the timers for it and for the reminders on the way."""
    hours = hours_of(handoff, playbook)
    reminder, deadline = kinds
    due, wakes = waking.on_the_way(hours, start, within, level_of(handoff, playbook).reminders)
    whose = waking.name_of(handoff.id, due)
    reminders = tuple(SetTimer(reminder, handoff.id, wake, whose, handoff.round) for wake in wakes)
    return due, (*reminders, SetTimer(deadline, handoff.id, due, None, handoff.round))


def sooner(before: Handoff, after: Handoff, playbook: Playbook, now: datetime) -> tuple[Handoff, tuple[SetTimer, ...]]:
    """The handoff with the deadline that a better priority or a shorter window asks for, if sooner, and timers (R5).

    It counts from `now` (UTC), when the reason for more haste came; a deadline is never moved back. Of what is overdue
    already, whoever has it is told again as soon as a new reason's own deadline would come.
    """
    if after.again_at is not None and after.version > before.version:
        anew, wakes = _told_again(replace(after, overdue=0), playbook, now)
        return (anew, wakes) if anew.again_at and anew.again_at < after.again_at else (after, ())
    level = level_of(after, playbook)
    if after.priority >= before.priority and level == level_of(before, playbook):
        return after, ()
    if after.state is HandoffState.OFFERED and after.accept_by is not None:
        due, wakes = timers(ACCEPT, after, playbook, now, level.accept_within)
        return (replace(after, accept_by=due), wakes) if due < after.accept_by else (after, ())
    if after.state is HandoffState.ACCEPTED and after.attempt_by is not None:
        start = max(now, after.not_before) if after.not_before else now
        due, wakes = timers(ATTEMPT, after, playbook, start, level.attempt_within)
        return (replace(after, attempt_by=due), wakes) if due < after.attempt_by else (after, ())
    return after, ()


ACCEPT = (TimerKind.ACCEPT_REMINDER, TimerKind.ACCEPT_DEADLINE)
ATTEMPT = (TimerKind.ATTEMPT_REMINDER, TimerKind.ATTEMPT_DEADLINE)


def play_of(handoff: Handoff, playbook: Playbook) -> Play:
    """The handoff's play; a playbook that no longer has it falls back to the usual number of attempts."""
    return next((play for play in playbook.plays if play.name == handoff.play), _NO_PLAY)


def next_attempt(handoff: Handoff, playbook: Playbook, now: datetime) -> tuple[Handoff, tuple[SetTimer, ...]]:
    """The handoff with the deadline of its next attempt: the play's window, shared out evenly, in working hours.

    Where the next contact waits for something, its deadline waits as well. There is nothing to remind of where all
    attempts are made: it only expires then.
    """
    hours, pace = hours_of(handoff, playbook), _pace(handoff, playbook)
    earliest = handoff.not_before if handoff.waits_for and handoff.not_before else now
    soonest = max(now + pace, earliest)
    due = business_time.add(hours, soonest, timedelta())
    left = handoff.attempts < play_of(handoff, playbook).attempts
    parts = level_of(handoff, playbook).reminders if left else ()
    wakes = [business_time.add(hours, now + (soonest - now) * part, timedelta()) for part in parts]
    name = waking.name_of(handoff.id, due)
    coming = dict.fromkeys(wake for wake in wakes if earliest <= wake < due)
    reminders = [SetTimer(ATTEMPT[0], handoff.id, wake, name, handoff.round) for wake in coming]
    return replace(handoff, attempt_by=due), (*reminders, SetTimer(ATTEMPT[1], handoff.id, due, None, handoff.round))


def came(fact: TimerFired, lead: Lead, around: Surroundings, playbook: Playbook, now: datetime) -> Decision:
    """What a deadline leads to."""
    if fact.kind is TimerKind.TRIAGE_DEADLINE:
        item = around.triage
        waits = item is not None and item.open
        return _triage_came(fact, item, lead, playbook, now) if item and waits else Decision(lead, None)
    handoff = around.handoff
    if handoff is None or not handoffs.is_open(handoff) or fact.round != handoff.round:
        return Decision(lead, None)
    notice = _NOTICES.get((fact.kind, handoff.state), "")
    if notice and _holds(fact, handoff):
        return _reminded(handoff, lead, notice)
    offered = handoff.state is HandoffState.OFFERED
    if fact.kind is TimerKind.ACCEPT_DEADLINE and offered and _due(fact, handoff.again_at or handoff.accept_by):
        return _lapsed(handoff, lead, playbook, now, "was not accepted in time")
    if fact.kind is TimerKind.ATTEMPT_DEADLINE and not offered and _due(fact, handoff.again_at or handoff.attempt_by):
        return _attempt_overdue(fact, handoff, lead, playbook, now)
    return Decision(lead, None)


_STILL_TIME = "Nobody has decided yet, and the deadline is near."
_STILL_WAITS = "The deadline has passed, and nobody has decided: this lead still waits for one of you."
_BACK = "You asked to see this again now."
_NOTICES = {
    (TimerKind.ACCEPT_REMINDER, HandoffState.OFFERED): "Please accept or reject: the deadline is near.",
    (TimerKind.ATTEMPT_REMINDER, HandoffState.ACCEPTED): "The first attempt is due soon.",
    (TimerKind.ATTEMPT_REMINDER, HandoffState.WORKING): "The next attempt is due soon.",
    (TimerKind.SNOOZE_ENDED, HandoffState.OFFERED): _BACK,
    (TimerKind.SNOOZE_ENDED, HandoffState.ACCEPTED): _BACK,
    (TimerKind.SNOOZE_ENDED, HandoffState.WORKING): _BACK,
}
"""Which timers remind, in which state, and of what."""


def _due(fact: TimerFired, deadline: datetime | None) -> bool:
    """Whether this timer is the deadline that holds now, and not one that was moved away from."""
    return deadline is not None and milliseconds(fact.due_at) >= milliseconds(deadline)


def _holds(fact: TimerFired, handoff: Handoff) -> bool:
    """Whether this reminder is of the deadline that holds now; one that names none always is."""
    due = handoff.accept_by if handoff.state is HandoffState.OFFERED else handoff.attempt_by
    return fact.about is None or (due is not None and fact.about == waking.name_of(handoff.id, due))


def _reminded(handoff: Handoff, lead: Lead, notice: str) -> Decision:
    after = handoffs.changed(handoff, reminders=handoff.reminders + 1)
    return Decision(lead, None, (SaveHandoff(after, _CLOCK), Remind(handoff.id, after.version, notice)))


def _lapsed(handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime, what: str) -> Decision:
    """Somebody else is asked and the manager hears of it. The last resort keeps it: there is nobody after them."""
    told = (answerable(handoff, playbook),)
    if handoff.assignee == playbook.last_resort:
        return _kept(handoff, lead, playbook, now, told)
    after = handoffs.requeued(handoff, Move.LAPSE, handoff.assignee)
    notice = f"This play {what} by {handoff.assignee}: it goes to somebody else."
    save = SaveHandoff(after, _CLOCK, "The deadline has passed: this play goes to somebody else.")
    return Decision(lead, None, (save, Remind(handoff.id, after.version, notice, told)))


def _kept(handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime, told: tuple[str, ...]) -> Decision:
    persons = tuple(dict.fromkeys((handoff.assignee, *told)))
    notice = "The deadline has passed and nobody is left to ask: this play still waits for you."
    return _overdue(handoff, lead, playbook, now, notice=notice, persons=persons)


def _overdue(
    handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime, *, notice: str, persons: tuple[str, ...]
) -> Decision:
    """It stays where it is, and whoever has it is told: now, and then ever more seldom."""
    late = handoffs.changed(handoff, reminders=handoff.reminders + 1, overdue=handoff.overdue + 1)
    after, wakes = _told_again(late, playbook, now)
    remind = Remind(handoff.id, after.version, notice, persons)
    return Decision(lead, None, (SaveHandoff(after, _CLOCK), *wakes, remind))


def _told_again(handoff: Handoff, playbook: Playbook, now: datetime) -> tuple[Handoff, tuple[SetTimer, ...]]:
    """The handoff with when its people are told again that it is overdue: a further attempt's pace is the play's."""
    level, hours, times = level_of(handoff, playbook), hours_of(handoff, playbook), handoff.overdue
    if handoff.state is HandoffState.WORKING:
        at = business_time.add(hours, now + waking.ever_later(_pace(handoff, playbook), times), timedelta())
    else:
        within = level.accept_within if handoff.state is HandoffState.OFFERED else level.attempt_within
        at = business_time.add(hours, now, waking.ever_later(within, times))
    kind = ACCEPT[1] if handoff.state is HandoffState.OFFERED else ATTEMPT[1]
    return replace(handoff, again_at=at), (SetTimer(kind, handoff.id, at, None, handoff.round),)


def _pace(handoff: Handoff, playbook: Playbook) -> timedelta:
    """From one attempt to the next: the play's window, shared out evenly."""
    play = play_of(handoff, playbook)
    return play.attempt_window / max(1, play.attempts)


def _attempt_overdue(fact: TimerFired, handoff: Handoff, lead: Lead, playbook: Playbook, now: datetime) -> Decision:
    """No attempt at all, or by somebody who left: somebody else is asked. Too few: a reminder. All made: it expires."""
    if handoff.state is HandoffState.ACCEPTED:
        return _lapsed(handoff, lead, playbook, now, "saw no attempt in time")
    if handoff.state is not HandoffState.WORKING:
        return Decision(lead, None)
    play = play_of(handoff, playbook)
    if handoff.attempts >= play.attempts:
        after = handoffs.moved(handoff, Move.EXPIRE, attempt_by=None)
        why = "All attempts are made: the lead goes back to nurture."
        recycled, enrols = lifecycle.recycled(lead, playbook, Cause(fact.id, now, why))
        save = SaveHandoff(after, _CLOCK, why)
        return Decision(recycled, None, (save, *enrols))
    if handoff.assignee not in playbook.reps:
        return _lapsed(handoff, lead, playbook, now, "was left behind")
    persons = tuple(dict.fromkeys((handoff.assignee, answerable(handoff, playbook))))
    notice = f"Attempt {handoff.attempts + 1} of {play.attempts} is overdue."
    return _overdue(handoff, lead, playbook, now, notice=notice, persons=persons)


def _triage_came(fact: TimerFired, item: TriageItem, lead: Lead, playbook: Playbook, now: datetime) -> Decision:
    """Before the deadline a reminder, which names it; then, and ever more seldom, they are told that it has passed."""
    if fact.about is not None:
        near = fact.about == waking.name_of(item.id, item.due_at)
        return _shown_again(item, lead, _STILL_TIME) if near else Decision(lead, None)
    if not _due(fact, item.again_at or item.due_at):
        return Decision(lead, None)
    team = playbook.teams.get(item.team) or playbook.teams.get(playbook.triage_team)
    hours = team.hours if team is not None else playbook.reps[playbook.last_resort].hours
    level = opening.service_of(team, item.priority) if team is not None else opening.FALLBACK
    at = business_time.add(hours, now, waking.ever_later(level.triage_within, item.overdue + 1))
    late = replace(item, overdue=item.overdue + 1, again_at=at)
    return _shown_again(late, lead, _STILL_WAITS, SetTimer(TimerKind.TRIAGE_DEADLINE, item.id, at))


def _shown_again(item: TriageItem, lead: Lead, notice: str, *wakes: SetTimer) -> Decision:
    after = replace(item, version=item.version + 1)
    return Decision(lead, None, (SaveTriage(after, _CLOCK, notice, again=True), *wakes))
