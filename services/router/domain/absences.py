"""Who is out of office by their own word, beside what the playbook says: kept with the rotation of every team."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from schemas.feedback import AbsenceDeclared
from services.router.domain.decision import SetAbsence
from services.router.domain.moments import instant, milliseconds
from services.router.domain.playbook import Playbook
from services.router.domain.team import Absence, Rep
from services.router.domain.vocabulary import suggestion

Span = tuple[int, int]
"""[start, end), milliseconds UTC."""
Declared = Mapping[str, tuple[Span, ...]]
"""rep → their absences, in order."""


class UnknownRepError(LookupError):
    """The playbook knows no such rep. The message says whom it knows."""


def asked(fact: AbsenceDeclared, playbook: Playbook) -> SetAbsence:
    """The absence that a rep has declared, by the clock on their wall.

    Raises `UnknownRepError`: no door knows the playbook, and nobody should believe that they are away who are not.
    """
    rep = playbook.reps.get(fact.rep)
    if rep is None:
        meant = suggestion(fact.rep, playbook.reps)
        hint = f"did you mean “{meant}”? " if meant else ""
        raise UnknownRepError(f"the playbook knows no rep “{fact.rep}”: {hint}It knows {', '.join(playbook.reps)}")
    start = _midnight(fact.first, rep) if fact.first is not None else fact.at
    end = _midnight(fact.last + timedelta(days=1), rep) if fact.last is not None else start
    return SetAbsence(rep.id, start, end, fact.at)


def _midnight(day: date, rep: Rep) -> datetime:
    return datetime.combine(day, time(), rep.hours.zone).astimezone(UTC)


def declared(before: Declared, absence: SetAbsence) -> Declared:
    """All absences after this one was declared; those that were over by then are forgotten."""
    start, end, at = (milliseconds(each) for each in (absence.start, absence.end, absence.at))
    cut = [(opens, min(closes, start) if opens <= start else closes) for opens, closes in before.get(absence.rep, ())]
    spans = tuple(sorted({(opens, closes) for opens, closes in (*cut, (start, end)) if opens < closes and closes > at}))
    return {rep: found for rep, found in sorted({**before, absence.rep: spans}.items()) if found}


def with_absences(reps: Mapping[str, Rep], found: Declared) -> Mapping[str, Rep]:
    """The reps, away also when they have said so themselves."""
    return {**reps, **{rep: _away(reps[rep], spans) for rep, spans in found.items() if rep in reps}} if found else reps


def _away(rep: Rep, spans: tuple[Span, ...]) -> Rep:
    return replace(rep, away=(*rep.away, *(Absence(instant(opens), instant(closes)) for opens, closes in spans)))
