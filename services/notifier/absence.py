"""What a rep says of themselves: that they are away until some day, or back again."""

from datetime import date, datetime, timedelta
from uuid import uuid5

from schemas.feedback import AbsenceDeclared
from services.notifier.reactions import NAMESPACE, NotAChoiceError

LONGEST = timedelta(days=731)
BACK = "back"


def absence_of(form: dict[str, str], person: str, at: datetime, *, via: str, event: str) -> AbsenceDeclared:
    """The fact for this form: from `at` (UTC) until the end of its last day, or back. `event` is the press's own id.

    Raises `NotAChoiceError` where it names no day, or none that can be meant.
    """
    identity = uuid5(NAMESPACE, f"{person}|away|{via}|{event}")
    last = None if form.get("choice") == BACK else _day(form.get("last", ""), at)
    return AbsenceDeclared(id=identity, rep=person, actor=person, at=at, last=last, via=via)


def _day(text: str, at: datetime) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotAChoiceError("Choose the last day on which you are away.") from None
    if not at.date() - timedelta(days=1) <= day <= (at + LONGEST).date():
        raise NotAChoiceError("The last day away lies between today and two years from now.")
    return day


def words_of(fact: AbsenceDeclared) -> tuple[str, str]:
    """A title and a sentence for the rep who has just said it."""
    if fact.last is None:
        return "Welcome back", "From now on plays are offered to you again."
    day = f"{fact.last:%A}, {fact.last.day} {fact.last:%B}"
    sentence = (
        f"Until the end of {day} nothing new is offered to you. "
        "What you have already stays yours until its deadline; then somebody else is asked."
    )
    return "You are away", sentence
