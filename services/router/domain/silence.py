"""Silence is never a no: how a checklist asks, so that what is missing can lose an answer, but never turn one (R6).

Elsewhere a playbook may ask what we know: `unknown: lead.country` chooses a nurture track, `lead.has_phone: no` a
persona. A checklist asks how things are. There a fact that nobody has stated is open, and so is all that follows from
it: the persona, the stage, the company and the score are whatever they may still turn out to be.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts, Joint, Possible, Scalar
from services.router.domain.junctions import conjoin, disjoin, invert
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN
from services.router.domain.vocabulary import ACCOUNT_PATHS, SCORE_PATHS

FOLLOWING = frozenset({"lead.persona", "lead.persona_level", "lead.stage"}) | ACCOUNT_PATHS | SCORE_PATHS
"""What is never stated, but follows from what is."""
Choice = TypeVar("Choice")


class Supposed:
    """Facts in which the one thing that is asked has this value."""

    __slots__ = ("_value",)

    def __init__(self, value: Scalar) -> None:
        self._value = value

    def value(self, path: str) -> Scalar:  # noqa: ARG002  (the protocol's shape; only one thing is asked)
        """The supposed value."""
        return self._value

    def count(self, signal: str, within_days: int | None) -> int:  # noqa: ARG002  (the protocol's shape)
        """Nothing."""
        return 0

    def possible(self, path: str) -> Possible:  # noqa: ARG002  (the protocol's shape)
        """It is settled: it is supposed."""
        return None


def opened(condition: Condition) -> Condition:
    """The condition as a checklist asks it: unknown as long as what is missing could make it true, or false.

    A condition that takes silence for nothing is given back as it is.
    """
    if condition.how is Joint.FACT:
        return _opened(condition) if takes_silence(condition) else condition
    parts = [opened(part) for part in condition.parts]
    if all(one is other for one, other in zip(parts, condition.parts, strict=True)):
        return condition
    if condition.how is Joint.NOT:
        return invert(parts[0])
    return conjoin(parts) if condition.how is Joint.ALL else disjoin(parts)


def takes_silence(fact: Condition) -> bool:
    """Whether a single fact comes out as something where nobody has said a thing about it."""
    if len(fact.paths) != 1 or fact.signals:
        return False
    (path,) = fact.paths
    return not path.startswith("event.") and (path in FOLLOWING or not fact.open)


def _opened(fact: Condition) -> Condition:
    (path,), asked = fact.paths, fact.test

    def test(facts: Facts) -> Ternary:
        values = facts.possible(path)
        if values is None:
            return asked(facts)
        answers = {asked(Supposed(value)) for value in values}
        return answers.pop() if len(answers) == 1 else UNKNOWN

    return replace(fact, test=test, open=True)


def could_be(choices: Iterable[tuple[Choice, Condition]], facts: Facts) -> tuple[Choice, ...]:
    """Which of these it may turn out to be, where the first that fits is taken; nothing where none may fit."""
    found = []
    for choice, when in choices:
        value = when.test(facts)
        if value is not FALSE:
            found.append(choice)
        if value is TRUE:
            return tuple(found)
    return ()
