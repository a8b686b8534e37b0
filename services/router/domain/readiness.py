"""Is this lead ready for sales? A checklist in three values, and the few questions that would settle it."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts
from services.router.domain.flip import Read
from services.router.domain.kleene import UNKNOWN, conjunction
from services.router.domain.playbook import Checklist
from services.router.domain.questions import fewest


class Checked(NamedTuple):
    """A checklist that was gone through: its value, each item's, and the questions to ask."""

    value: Ternary
    items: Mapping[str, Ternary]
    questions: tuple[str, ...]


def checked(checklist: Checklist, items: Mapping[str, Ternary], facts: Facts) -> Checked:
    """The checklist's value and the questions to ask, from each line's value.

    There are questions only while the answer is open: one false item settles the list, and then nobody needs to ask.
    An item that is settled is not asked about, nor one whose answer another question brings.
    """
    value = conjunction(items.values())
    if value is not UNKNOWN:
        return Checked(value, items, ())
    return Checked(value, items, fewest(checklist, items, lambda: _reading(facts)))


def _reading(facts: Facts) -> Read:
    """The value of each fact, each asked for once."""
    known: dict[str, Ternary] = {}

    def read(fact: Condition) -> Ternary:
        found = known.get(fact.text)
        if found is None:
            found = known[fact.text] = fact.test(facts)
        return found

    return read
