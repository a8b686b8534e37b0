"""Is this lead ready for sales? A checklist in three values, and the few questions that would settle it."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.verdict import Ternary
from services.router.domain.kleene import UNKNOWN, conjunction
from services.router.domain.playbook import Checklist


class Checked(NamedTuple):
    """A checklist that was gone through: its value, each item's, and the questions to ask."""

    value: Ternary
    items: Mapping[str, Ternary]
    questions: tuple[str, ...]


def checked(checklist: Checklist, items: Mapping[str, Ternary]) -> Checked:
    """The checklist's value and the questions to ask, from each line's value.

    There are questions only while the answer is open: one false item settles the list, and then nobody needs to ask.
    An item that is settled is not asked about, and a question that settles two items is asked once.
    """
    value = conjunction(items.values())
    if value is not UNKNOWN:
        return Checked(value, items, ())
    asks = (item.ask for item in checklist.items if items[item.name] is UNKNOWN)
    return Checked(value, items, tuple(dict.fromkeys(asks)))
