"""Which signals an event counts under: told by the event alone, so that it never matters what came before."""

from schemas.event import Event
from schemas.verdict import Ternary
from services.router.domain.facts import OWN, EventFacts, said_by
from services.router.domain.prepared import Prepared


def signals_of(event: Event, ready: Prepared) -> tuple[str, ...]:
    """The names of the signals, in the playbook's order."""
    candidates = ready.signals[event.type]
    if not candidates:
        return ()
    answers = ready.matches[event.type]
    key = _said(event, answers.names) if answers.names is not None else None
    known = answers.known.get(key) if key is not None else None
    if known is not None:
        return known
    facts, true = EventFacts(event), Ternary.TRUE
    return answers.keep(key, tuple([each.name for each in candidates if each.when.test(facts) is true]))


def _said(event: Event, names: tuple[str, ...]) -> tuple[object, ...] | None:
    """What the event says under these names; None where a number could be mistaken for another (`1` and `True`)."""
    if event.claims:
        found = tuple([said_by(event, name) for name in names])
    else:
        properties = event.properties
        found = tuple([OWN[name](event) if name in OWN else properties.get(name) for name in names])
    for value in found:
        kind = value.__class__
        if kind is int or kind is float:
            return None
    return found
