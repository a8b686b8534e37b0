"""What would have turned a verdict, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.verdict import Ternary
from services.router.domain import reasons
from services.router.domain.condition import Condition
from services.router.domain.flip import Changes, Read, Turn, changed, outcome, smallest
from services.router.domain.prepared import Prepared, prepared
from services.router.domain.steps import REACHED, may, values

if TYPE_CHECKING:
    from services.router.domain.case import Case

_TOLD = 5
"""Changes that a receipt names: of as many that are equally small the rest says no more."""
_MOST = 4096
_WORDS = {
    Ternary.TRUE: "this held: {}",
    Ternary.FALSE: "this did not hold: {}",
    Ternary.UNKNOWN: "it were not known whether {}",
}


def turns(case: "Case") -> tuple[tuple[Turn, ...], Read]:
    """The smallest changes that would have led to another verdict, and the facts as they are."""
    ready, read = prepared(case.playbook), reading(case)
    return _remembered(ready, read), read


def reading(case: "Case") -> Read:
    """The value of each fact of the case."""
    held = dict(values(case))

    def read(fact: Condition) -> Ternary:
        known = held.get(fact.text)
        if known is None:
            known = held[fact.text] = fact.test(case.facts)
        return known

    return read


def sentences(case: "Case") -> tuple[str, ...]:
    """What would have led to another verdict, and to which: the smallest changes, in sentences."""
    found, _ = turns(case)
    return tuple([_sentence(turn, case) for turn in found[:_TOLD]])


def _remembered(ready: Prepared, read: Read) -> tuple[Turn, ...]:
    key = tuple([read(fact) for fact in ready.facts])
    known = ready.flips.get(key)
    if known is None:
        if len(ready.flips) >= _MOST:
            ready.flips.clear()
        found = smallest(ready.steps, read, may)
        known = ready.flips[key] = tuple([Turn(each, outcome(ready.steps, changed(read, each))) for each in found])
    return known


def _sentence(turn: Turn, case: "Case") -> str:
    return f"If {' and '.join(_clauses(turn.changes, case))}: {turn.then}."


def _clauses(changes: Changes, case: "Case") -> Iterator[str]:
    for text, to in sorted(changes):
        if text != REACHED.text:
            yield _WORDS[to].format(text)
            continue
        apart = case.findings.threshold - case.findings.points.total
        points = reasons.points(apart) if apart > 0 else reasons.points(1 - apart)
        yield f"there were {points} points {'more' if apart > 0 else 'less'}"
