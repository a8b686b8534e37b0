"""A playbook with a fault that only shows on some events: what is called poison."""

from dataclasses import replace

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts
from services.router.domain.playbook import Playbook, Signal

POISON = "poison"


def choking(playbook: Playbook) -> Playbook:
    """The same playbook, but deciding an event called `poison` raises."""

    def test(facts: Facts) -> Ternary:
        if facts.value("event.name") == POISON:
            raise ZeroDivisionError("this page of the playbook divides by zero")
        return Ternary.FALSE

    signal = Signal("choking", "Chokes", Condition(test, "chokes", frozenset({"event.name"})), points=0)
    signals = (*playbook.scoring.signals, signal)
    return replace(playbook, scoring=replace(playbook.scoring, signals=signals), version=f"{playbook.version}-choking")
