"""Conditions made of conditions: all of them, any of them, not it."""

from collections.abc import Iterable, Sequence

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts, Joint
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN, negation


def always() -> Condition:
    """True whatever happens."""
    return Condition(lambda _facts: TRUE, "always", how=Joint.ALL)


def conjoin(parts: Sequence[Condition]) -> Condition:
    """All of them. Parts that look at the event's type come first: they settle most events at once."""
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.test for part in sorted(parts, key=lambda part: part.event_types is None))

    def test(facts: Facts) -> Ternary:
        result = TRUE
        for each in tests:
            value = each(facts)
            if value is FALSE:
                return FALSE
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    types: frozenset[str] | None = None
    for part in parts:
        if part.event_types is not None:
            types = part.event_types if types is None else types & part.event_types
    text = " and ".join(_bracketed(part.text, " or ") for part in parts) or "always"
    return Condition(test, text, _paths(parts), _signals(parts), types, Joint.ALL, tuple(parts))


def disjoin(parts: Sequence[Condition]) -> Condition:
    """Any of them."""
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.test for part in parts)

    def test(facts: Facts) -> Ternary:
        result = FALSE
        for each in tests:
            value = each(facts)
            if value is TRUE:
                return TRUE
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    types: frozenset[str] | None = frozenset()
    for part in parts:
        types = None if types is None or part.event_types is None else types | part.event_types
    text = " or ".join(_bracketed(part.text, " and ") for part in parts) or "never"
    return Condition(test, text, _paths(parts), _signals(parts), types, Joint.ANY, tuple(parts))


def invert(part: Condition) -> Condition:
    """Not it."""
    text = f"not ({part.text})"
    return Condition(
        lambda facts: negation(part.test(facts)), text, part.paths, part.signals, how=Joint.NOT, parts=(part,)
    )


def _bracketed(text: str, joint: str) -> str:
    return f"({text})" if joint in text and not (text.startswith("(") and text.endswith(")")) else text


def _paths(parts: Iterable[Condition]) -> frozenset[str]:
    return frozenset().union(*(part.paths for part in parts))


def _signals(parts: Iterable[Condition]) -> frozenset[str]:
    return frozenset().union(*(part.signals for part in parts))
