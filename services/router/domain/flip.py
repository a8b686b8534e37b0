"""The smallest change of facts by which a decision would have gone another way.

A decision is a list of conditions, each with what it leads to; the first that holds decides. Its facts are the single
conditions in them, each with one of Kleene's values, and a change gives some of them another value they can have.

Every change that flips a decision touches at least one of the facts that it rests on, so those alone are tried, one
more at a time: what is found first is smallest (Reiter, A theory of diagnosis from first principles, 1987).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Joint
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN, negation

MOST = 3
"""Facts that one change touches at most: nobody calls more than that small."""
_TRIES = 3000
"""Changes that are tried at most: more than three of twelve facts, in every way, can be."""
Read = Callable[[Condition], Ternary]
"""The value of a fact."""
Changes = frozenset[tuple[str, Ternary]]
"""Facts, by their texts, and the values that they would have."""
May = Callable[[Condition], Iterable[Ternary]]
"""The values that a change may give a fact."""


class Step(NamedTuple):
    """Where this holds, and nothing before it did, the decision is this."""

    when: Condition
    then: str


class Turn(NamedTuple):
    """A change that flips the decision, and what it is then."""

    changes: Changes
    then: str


def outcome(steps: Sequence[Step], read: Read) -> str:
    """What the decision is; empty where no step holds."""
    return next((step.then for step in steps if value(step.when, read) is TRUE), "")


def value(condition: Condition, read: Read) -> Ternary:
    """A condition's value, from those of its facts. No fact is read that what was read before leaves nothing to."""
    how = condition.how
    if how is Joint.FACT:
        return read(condition)
    if how is Joint.NOT:
        return negation(value(condition.parts[0], read))
    settling, found = (FALSE, TRUE) if how is Joint.ALL else (TRUE, FALSE)
    for part in condition.parts:  # no generator: this is asked a hundred thousand times for ten thousand events
        one = value(part, read)
        if one is settling:
            return one
        if one is UNKNOWN:
            found = one
    return found


def smallest(steps: Sequence[Step], read: Read, may: May, most: int = MOST) -> list[Changes]:
    """Every smallest change that flips the decision, in one order; none where it would take more than `most` facts.

    Of decisions that rest on very many facts at once only the first `_TRIES` changes are looked at.
    """
    now = outcome(steps, read)
    tried: set[Changes] = set()
    border: list[Changes] = [frozenset()]
    for _ in range(most):
        found: list[Changes] = []
        left: list[Changes] = []
        for changes in border:
            for further in _further(steps, read, may, changes):
                if further in tried or len(tried) >= _TRIES:
                    continue
                tried.add(further)
                (left if outcome(steps, changed(read, further)) == now else found).append(further)
        if found:
            return sorted(found, key=sorted)
        border = left
    return []


def _further(steps: Sequence[Step], read: Read, may: May, changes: Changes) -> list[Changes]:
    """The change with one more of the facts that the decision rests on then."""
    then = changed(read, changes)
    touched = {text for text, _ in changes}
    facts = {fact.text: fact for fact in _rests_on(steps, then) if fact.text not in touched}
    return [changes | {(text, other)} for text, fact in facts.items() for other in may(fact) if other is not read(fact)]


def changed(read: Read, changes: Changes) -> Read:
    """As `read`, after the change."""
    if not changes:
        return read
    values: Mapping[str, Ternary] = dict(changes)

    def then(fact: Condition) -> Ternary:
        return values[fact.text] if fact.text in values else read(fact)

    return then


def facts_in(steps: Iterable[Step]) -> tuple[Condition, ...]:
    """Every fact of these steps, once, in order."""
    found: dict[str, Condition] = {}

    def gather(condition: Condition) -> None:
        if condition.how is Joint.FACT:
            found.setdefault(condition.text, condition)
        for part in condition.parts:
            gather(part)

    for step in steps:
        gather(step.when)
    return tuple(found.values())


def _rests_on(steps: Sequence[Step], read: Read) -> list[Condition]:
    """Facts that settle the decision whatever the others are."""
    found: list[Condition] = []
    for step in steps:
        found += _settle(step.when, read)
        if value(step.when, read) is TRUE:
            break
    return found


def _settle(condition: Condition, read: Read) -> list[Condition]:
    """Facts that settle a condition's value whatever the others are: where one part settles it, the one with fewest."""
    if condition.how is Joint.FACT:
        return [condition]
    if condition.how in (Joint.ALL, Joint.ANY):
        alone = FALSE if condition.how is Joint.ALL else TRUE
        deciding = [_settle(part, read) for part in condition.parts if value(part, read) is alone]
        if deciding:
            return min(deciding, key=len)
    return [fact for part in condition.parts for fact in _settle(part, read)]
