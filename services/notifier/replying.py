"""What a web form's sender is told: one status and one sentence, whichever page the form stood on."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from runtime.log import LogError
from services.notifier.absence import absence_of, words_of
from services.notifier.desk import Desk, Recorded, Refused
from services.notifier.inbox.forms import wished
from services.notifier.reactions import NotAChoiceError


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status (RFC 9110) and what is wrong, in one sentence; empty where it was recorded."""

    status: int
    sentence: str = ""
    handoff: UUID | None = None
    title: str = "Not done"


TOO_OLD = Reply(403, "This form is too old. Choose again.")


NOT_NOW = "It could not be recorded just now. Nothing was done; try again in a moment."


async def declare(desk: Desk, form: dict[str, str], person: str, now: datetime, *, via: str, event: str) -> Reply:
    """Bring to the desk that the person is away, or back. `event` is the form's own id."""
    if not event:
        return TOO_OLD
    try:
        fact = absence_of(form, person, now, via=via, event=event)
        await desk.away(fact)
    except NotAChoiceError as fault:
        return Reply(422, str(fault))
    except LogError:
        return Reply(503, NOT_NOW)
    title, sentence = words_of(fact)
    return Reply(200, sentence, title=title)


async def submit(
    desk: Desk, form: dict[str, str], actor: str, *, via: str, event: str, only: UUID | None = None
) -> Reply:
    """Bring the form's wish to the desk. `event` is the form's own id; `only`: for no other handoff than this."""
    handoff: UUID | None = None
    try:
        handoff, wish = wished(form)
        if not event or (only is not None and handoff != only):
            return TOO_OLD
        answer = await desk.react(handoff, actor, wish, via=via, event=event)
    except NotAChoiceError as fault:
        return Reply(422, str(fault), handoff)
    except ValueError:
        return Reply(400, "This is none of our forms.", handoff)
    except LogError:
        return Reply(503, NOT_NOW, handoff)
    match answer:
        case Recorded():
            return Reply(200, "", handoff)
        case Refused():
            return Reply(409, answer.sentence, handoff)
        case _:
            assert_never(answer)
