"""What a web form's sender is told: one status and one sentence, whichever page the form stood on."""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from runtime.log import LogError
from services.notifier.desk import Desk, Recorded, Refused
from services.notifier.inbox.forms import wished
from services.notifier.reactions import NotAChoiceError


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status (RFC 9110) and what is wrong, in one sentence; empty where it was recorded."""

    status: int
    sentence: str = ""
    handoff: UUID | None = None


TOO_OLD = Reply(403, "This form is too old. Choose again.")


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
        return Reply(503, "It could not be recorded just now. Nothing was done; try again in a moment.", handoff)
    match answer:
        case Recorded():
            return Reply(200, "", handoff)
        case Refused():
            return Reply(409, answer.sentence, handoff)
        case _:
            assert_never(answer)
