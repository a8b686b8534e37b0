"""A reaction: what a person chose on a card, made into the fact that goes onto the log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid5

from schemas.feedback import (
    LONGEST_RETURN,
    Act,
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    HandoffSnoozed,
    OutcomeReported,
    PlayRated,
    RejectReason,
    TriageChoice,
    TriageDecided,
)
from schemas.play import ActionKind
from services.notifier.choices import ATTEMPT, GIVES_BACK, NOTE_LIMIT, OUTCOME, REJECT_WORDS, TRIAGE
from services.notifier.rendering import clean
from services.notifier.sheet import clock_words, local

NAMESPACE = UUID("5a0c8b1e-7f0f-5d0c-9a53-3a1f2f6f6b6e")
E = TypeVar("E", bound=StrEnum)


class NotAChoiceError(ValueError):
    """The form held nothing from the closed list. The message is for the person who filled it in."""


class NotADayError(NotAChoiceError):
    """The day to see a lead again is none that can be meant."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody chose: an action, where it has a list its choice, a note, and the day to see the lead again."""

    action: ActionKind
    choice: str = ""
    note: str = ""
    again_on: str = ""
    """As the form has it: `2026-12-01`, or empty."""


@dataclass(frozen=True, slots=True)
class Click:
    """Where and when it was chosen. `event` is the provider's own id of this press, so that a double click is one."""

    handoff: UUID
    actor: str
    at: datetime
    via: str
    event: str
    time_zone: str = "UTC"


def reaction_id(click: Click, action: ActionKind) -> UUID:
    """A v5 of (handoff, actor, action, the provider's event): equal however often the press is delivered."""
    return uuid5(NAMESPACE, f"{click.handoff}|{click.actor}|{action.value}|{click.via}|{click.event}")


Same: TypeAlias = dict[str, Any]
"""The fields every act has: id, handoff, actor, at, via."""


def act_of(wish: Wish, click: Click) -> Act:
    """The fact for this wish. Raises `NotAChoiceError` where the choice is none of the closed list."""
    same = {
        "id": reaction_id(click, wish.action),
        "handoff": click.handoff,
        "actor": click.actor,
        "at": click.at,
        "via": click.via,
    }
    return _MAKERS[wish.action](same, wish, click)


def _rejected(same: Same, wish: Wish, click: Click) -> Act:
    reason = _one_of(RejectReason, wish.choice, "a reason")
    again = _again(wish, click, gives_back=reason in GIVES_BACK)
    return HandoffRejected(**same, reason=reason, note=_note(wish), again_on=again)


def _attempted(same: Same, wish: Wish, _click: Click) -> Act:
    return AttemptLogged(**same, result=_one_of(AttemptResult, wish.choice, "what came of it"), note=_note(wish))


def _ended(same: Same, wish: Wish, click: Click) -> Act:
    outcome = _one_of(HandoffOutcome, wish.choice, "how it ended")
    again = _again(wish, click, gives_back=outcome is HandoffOutcome.RECYCLED)
    return OutcomeReported(**same, outcome=outcome, note=_note(wish), again_on=again)


def _decided(same: Same, wish: Wish, _click: Click) -> Act:
    return TriageDecided(**same, choice=_one_of(TriageChoice, wish.choice, "what to do"), note=_note(wish))


_MAKERS: dict[ActionKind, Callable[[Same, Wish, Click], Act]] = {
    ActionKind.ACCEPT: lambda same, _wish, _click: HandoffAccepted(**same),
    ActionKind.REJECT: _rejected,
    ActionKind.ATTEMPT: _attempted,
    ActionKind.OUTCOME: _ended,
    ActionKind.SNOOZE: lambda same, wish, click: HandoffSnoozed(
        **same, until=_until(wish.choice, click.at, click.time_zone)
    ),
    ActionKind.RATE: lambda same, wish, _click: PlayRated(**same, stars=_stars(wish.choice)),
    ActionKind.TRIAGE: _decided,
}


def days_ahead(now: datetime, zone: str) -> tuple[date, date]:
    """The first and the last day, on the clock in that zone (IANA), on which a lead can be seen again."""
    today = local(now, zone).date()
    return today + timedelta(days=1), today + LONGEST_RETURN


def _again(wish: Wish, click: Click, *, gives_back: bool) -> date | None:
    if not wish.again_on:
        return None
    if not gives_back:
        raise NotADayError("Only who is not ready, or could not be reached, comes back on a day: leave the day empty.")
    first, last = days_ahead(click.at, click.time_zone)
    try:
        day = date.fromisoformat(wish.again_on)
    except ValueError:
        raise NotADayError("Choose a day, such as 2026-12-01.") from None
    if not first <= day <= last:
        raise NotADayError("Choose a day between tomorrow and a year from now.")
    return day


def _note(wish: Wish) -> str:
    return clean(wish.note, NOTE_LIMIT)


def sentence_of(act: Act, name: str, zone: str) -> str:
    """What the card says right after: who did what, and when on the reader's clock."""
    return f"{name} {_deed(act, zone)} · {clock_words(act.at, zone)}"


def _deed(act: Act, zone: str) -> str:
    match act:
        case HandoffAccepted():
            words = "accepted it"
        case HandoffRejected():
            words = f"rejected it: {REJECT_WORDS[act.reason].lower()}{_until_day(act.again_on)}"
        case AttemptLogged():
            words = f"logged an attempt: {ATTEMPT[act.result].lower()}"
        case OutcomeReported():
            words = f"reported the outcome: {OUTCOME[act.outcome].partition(':')[0].lower()}{_until_day(act.again_on)}"
        case HandoffSnoozed():
            words = f"snoozed it until {clock_words(act.until, zone)}"
        case PlayRated():
            words = f"rated the play {act.stars} of 5"
        case TriageDecided():
            words = f"decided: {TRIAGE[act.choice.value].lower()}"
    return words


def _until_day(day: date | None) -> str:
    return f", to be seen again on {day:%a} {day.day} {day:%b %Y}" if day else ""


def _one_of(kind: type[E], value: str, what: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise NotAChoiceError(f"Choose {what} from the list.") from None


def _stars(value: str) -> int:
    if value not in {"1", "2", "3", "4", "5"}:
        raise NotAChoiceError("Choose 1 to 5.")
    return int(value)


def _until(choice: str, at: datetime, zone: str) -> datetime:
    match choice:
        case "30m":
            return at + timedelta(minutes=30)
        case "2h":
            return at + timedelta(hours=2)
        case "tomorrow":
            there = local(at, zone)
            nine = datetime.combine(there.date() + timedelta(days=1), time(9), tzinfo=there.tzinfo)
            return nine.astimezone(at.tzinfo)
        case _:
            raise NotAChoiceError("Choose until when.")
