"""A compiled condition, and what it may ask: `conditions` makes it of a page's words."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from schemas.verdict import Ternary

Scalar = str | int | float | bool | None
Possible = tuple[Scalar, ...] | None
"""The values that something may turn out to have, none where it may have any; None where it is settled."""


class Facts(Protocol):
    """What a condition may ask. A path that is not known gives `None`, which is *unknown*, never false."""

    def value(self, path: str) -> Scalar | tuple[str, ...]:
        """`event.type`, `event.name`, `event.<property>`, `lead.<field>`, `lead.has_phone`, `lead.email_domain`, …"""
        ...

    def count(self, signal: str, within_days: int | None) -> int:
        """How often a signal happened; an absent behaviour is known to be zero."""
        ...

    def possible(self, path: str) -> Possible:
        """What the value of a path may turn out to be, whatever it is taken for as long as nobody has said."""
        ...


Test = Callable[[Facts], Ternary]


class Joint(StrEnum):
    """How a condition is made of others."""

    FACT = "fact"
    """Of none: it asks one thing."""
    ALL = "all"
    ANY = "any"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: a pure function in Kleene logic, and the words it was made from."""

    test: Test
    text: str
    """In plain language, for receipts and for the one-page agreement."""
    paths: frozenset[str] = frozenset()
    """What it reads."""
    signals: frozenset[str] = frozenset()
    event_types: frozenset[str] | None = None
    """The event types on which it can be true at all; None when any."""
    how: Joint = Joint.FACT
    parts: "tuple[Condition, ...]" = ()
    """What it is made of, where it is no single fact."""
    open: bool = False
    """Can the answer be unknown?"""
