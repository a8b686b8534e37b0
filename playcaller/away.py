"""`playcaller away`: a rep is out of office, or back: the running door tells the log, and every router sees it."""

from datetime import date
from pathlib import Path

from playcaller.mending import DoorAt, told
from playcaller.ring import RingError
from services.router.adapters.playbook_store import in_force
from services.router.domain.vocabulary import suggestion


def run(rep: str, first: str, last: str, playbook: Path, door: DoorAt) -> str:
    """Say that the rep is away from the first day (else: now) until the last, or back where no day is named.

    Gives a sentence about what was said. Raises `RingError` for somebody whom the playbook does not know, for what is
    no day, and where the door does not answer.
    """
    reps = in_force(playbook).reps
    if rep not in reps:
        meant = suggestion(rep, reps)
        hint = f"did you mean “{meant}”?" if meant else f"it knows {', '.join(sorted(reps))}"
        raise RingError(f"the playbook knows no “{rep}”: {hint}")
    begins, ends = _day("--from", first), _day("--until", last)
    if begins is not None and ends is None:
        raise RingError("say with --until which day is the last one away")
    days = {name: day.isoformat() for name, day in (("first", begins), ("last", ends)) if day is not None}
    told(door, "absences", {"rep": rep, **days})
    if ends is None:
        return f"{reps[rep].name} is back: plays are offered to them again."
    since = f"from {_words(begins)}" if begins is not None else "from now"
    return f"{reps[rep].name} is away {since} until the end of {_words(ends)}: no play is offered to them meanwhile."


def _day(option: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise RingError(f"{option} {text}: write the day as 2026-08-14") from None


def _words(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
