"""What an event says by itself, whoever's it is: its own words, its properties, what it states about the lead."""

from collections.abc import Callable, Mapping

from schemas.event import Event
from schemas.fact import Trust
from services.router.domain.condition import Possible, Scalar

Value = Scalar | tuple[str, ...]


def attested(event: Event) -> bool:
    """Whether a system vouches for who this is: it names somebody, and nothing of it is a mere claim."""
    for each in event.identifiers:
        if each.trust is not Trust.ATTESTED:
            return False
    return bool(event.identifiers)


OWN: Mapping[str, Callable[[Event], Value]] = {
    "type": lambda event: event.type,
    "source": lambda event: event.source,
    "name": lambda event: event.name or None,
    "marks": lambda event: tuple(sorted(event.marks)),
    "attested": attested,
}
"""What every event says of itself, whatever its properties are."""


def said_by(event: Event, name: str) -> Value:
    """`event.<name>`: the event's own words first, then its properties, then what it states about the lead."""
    own = OWN.get(name)
    if own is not None:
        return own(event)
    value = event.properties.get(name)
    if value is None and event.claims:
        for claim in event.claims:
            if claim.field == name and claim.value:
                return claim.value
    return value


def said_under(event: Event, names: tuple[str, ...] | None) -> tuple[object, ...] | None:
    """What the event says under these names; None where a number could be mistaken for another (`1` and `True`)."""
    if names is None:
        return None
    properties = event.properties
    found = tuple([OWN[name](event) if name in OWN else properties.get(name) for name in names])
    if event.claims and None in found:
        found = _with_claims(event, names, found)
    for value in found:
        kind = value.__class__
        if kind is int or kind is float:
            return None
    return found


def _with_claims(event: Event, names: tuple[str, ...], found: tuple[Value, ...]) -> tuple[Value, ...]:
    """As `said_by`: what neither the event's own words nor its properties say, a claim may."""
    claimed = {claim.field: claim.value for claim in reversed(event.claims) if claim.value}
    pairs = zip(names, found, strict=True)
    return tuple([claimed.get(name) if value is None and name not in OWN else value for name, value in pairs])


class EventFacts:
    """What an event says by itself. Signals are matched on this alone, so that it never matters what came before."""

    __slots__ = ("_event",)

    def __init__(self, event: Event) -> None:
        self._event = event

    def value(self, path: str) -> Value:
        """The value of an `event.…` path; None for every other."""
        if path == "event.type":
            return self._event.type
        return said_by(self._event, path[6:]) if path.startswith("event.") else None

    def count(self, signal: str, within_days: int | None) -> int:  # noqa: ARG002  (the protocol's shape)
        """Nothing: an event alone has no history."""
        return 0

    def possible(self, path: str) -> Possible:  # noqa: ARG002  (the protocol's shape)
        """Settled: what an event does not say is not so."""
        return None
