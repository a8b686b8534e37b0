"""Is this lead ready for sales? A checklist in three values, and the few questions that would settle it."""

from collections.abc import Mapping

from schemas.verdict import Ternary
from services.router.domain.kleene import TRUE, UNKNOWN, conjunction
from services.router.domain.playbook import Checklist, Facts


def check(checklist: Checklist, facts: Facts) -> tuple[Ternary, Mapping[str, Ternary], tuple[str, ...]]:
    """The checklist's value, each item's value, and the questions to ask.

    There are questions only while the answer is open: one false item settles the list, and then nobody needs to ask.
    An item that is settled is not asked about, and a question that settles two items is asked once.
    """
    items = {item.name: item.when.test(facts) for item in checklist.items}
    value = conjunction(items.values())
    if value is not UNKNOWN:
        return value, items, ()
    asks = (item.ask for item in checklist.items if items[item.name] is UNKNOWN)
    return value, items, tuple(dict.fromkeys(asks))


def holds(checklist: Checklist, facts: Facts) -> bool:
    """Whether every item is known to be true: no further than to the first that is not."""
    return all(item.when.test(facts) is TRUE for item in checklist.items)
