"""Three-valued logic after Kleene: missing data is *unknown*, and never counts as no."""

from collections.abc import Iterable

from schemas.verdict import Ternary

TRUE, FALSE, UNKNOWN = Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN


def of(value: bool) -> Ternary:  # noqa: FBT001  (the two-valued world, entering the three-valued one)
    """True or false, as one of the three."""
    return TRUE if value else FALSE


def negation(value: Ternary) -> Ternary:
    """Not: unknown stays unknown."""
    if value is UNKNOWN:
        return UNKNOWN
    return FALSE if value is TRUE else TRUE


def conjunction(values: Iterable[Ternary]) -> Ternary:
    """All: one false settles it, else one unknown leaves it open; nothing at all is true."""
    result = TRUE
    for value in values:
        if value is FALSE:
            return FALSE
        if value is UNKNOWN:
            result = UNKNOWN
    return result
