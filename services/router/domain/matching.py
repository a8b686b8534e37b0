"""Which signals an event counts under: told by the event alone, so that it never matters what came before."""

from schemas.event import Event
from schemas.verdict import Ternary
from services.router.domain.event_facts import EventFacts, said_under
from services.router.domain.prepared import Prepared


def signals_of(event: Event, ready: Prepared) -> tuple[str, ...]:
    """The names of the signals, in the playbook's order."""
    candidates = ready.signals[event.type]
    if not candidates:
        return ()
    answers = ready.matches[event.type]
    key = said_under(event, answers.names)
    known = answers.known.get(key) if key is not None else None
    if known is not None:
        return known
    facts, true = EventFacts(event), Ternary.TRUE
    return answers.keep(key, tuple([each.name for each in candidates if each.when.test(facts) is true]))
