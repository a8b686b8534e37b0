"""A crowd on its way through marketing: they are met as strangers, give their names late, and do it in any order."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.event import Identifier, IdentifierKind
from schemas.fact import Trust

TARGETS = ("acme.example", "globex.example", "initech.example", "vandelay.example", "northgate.example")
"""Named accounts of the straw man."""
RIVALS = ("rivalsoft.example", "routewise.example")
"""On its list of whom to leave alone."""


class Nature(StrEnum):
    """What sort of life somebody leads; it decides what may hang on the order in which it is heard of."""

    PLAIN = "plain"
    """They only ever do more, and what is said of them never contradicts itself: where they end hangs on no order."""
    TURNING = "turning"
    """Much is taken back, corrected, contradicted or old news: whether a rule held in between hangs on the order."""
    SHARING = "sharing"
    """A neighbour claims their cookie and telephone as well: the earlier claim has them, whoever is heard first."""
    NAMED = "named"
    """They work at a named account, where many people are one play: whose it is, hangs on the order."""
    LISTED = "listed"
    """A list forbids sales to talk to them: what fires goes to a person first."""
    VISITOR = "visitor"
    """They never say who they are."""


class Temper(StrEnum):
    """What the rep makes of a play about them, whoever that rep is."""

    SILENT = "silent"
    """Nothing: the offer stands."""
    ACCEPT = "accept"
    PASS_ON = "pass on"
    """The first one asked is the wrong one and gets the turn back; the next one accepts."""
    DECLINE = "decline"
    """A bad lead: nobody for sales."""
    BAD_DATA = "bad data"
    """A bad lead, and no fault of the rep's, who gets the turn back."""
    LATER = "later"
    """Not ready: back to nurture."""


_SHARES = {
    Nature.PLAIN: 45,
    Nature.TURNING: 20,
    Nature.SHARING: 10,
    Nature.NAMED: 10,
    Nature.LISTED: 5,
    Nature.VISITOR: 10,
}
_TEMPERS = {
    Temper.SILENT: 25,
    Temper.ACCEPT: 35,
    Temper.PASS_ON: 15,
    Temper.DECLINE: 10,
    Temper.BAD_DATA: 5,
    Temper.LATER: 10,
}
_TITLES = ("Vice President Operations", "Operations Manager", "Dispatcher", "Chief Financial Officer")
"""None of these costs a point: what is learnt late only adds."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as a test knows them: what the router has to find out."""

    number: int
    nature: Nature
    temper: Temper
    emails: tuple[str, ...]
    cookies: tuple[str, ...]
    phone: str
    title: str
    employees: str
    asks: int
    """How often they ask for a call."""

    @property
    def name(self) -> str:
        """What a failed test calls them."""
        return f"{self.nature.value} person {self.number} ({self.temper.value}, {', '.join(self.emails) or 'nameless'})"

    def email(self, which: int = 0, *, attested: bool = False) -> Identifier:
        """One of their addresses."""
        trust = Trust.ATTESTED if attested else Trust.CLAIMED
        return Identifier(kind=IdentifierKind.EMAIL, value=self.emails[which], trust=trust)

    def cookie(self, which: int = 0) -> Identifier:
        """One of their browsers."""
        return Identifier(kind=IdentifierKind.COOKIE, value=self.cookies[which % len(self.cookies)])

    def telephone(self) -> tuple[Identifier, ...]:
        """Their number, if they give one."""
        return (Identifier(kind=IdentifierKind.PHONE, value=self.phone),) if self.phone else ()


def crowd(size: int, seed: int) -> Sequence[Person]:
    """So many people. Of each nature there is somebody as soon as there are a dozen; neighbours come in pairs."""
    chance = random.Random(seed)
    natures = [*Nature, *chance.choices(list(_SHARES), list(_SHARES.values()), k=size)]
    return [_person(number, nature, chance) for number, nature in enumerate(_paired(natures[:size]))]


def _paired(natures: Sequence[Nature]) -> Iterator[Nature]:
    """Whoever shares has a neighbour with whom."""
    others = [one for one in natures if one is not Nature.SHARING]
    pairs = (len(natures) - len(others) + 1) // 2
    yield from (Nature.SHARING for _ in range(2 * pairs))
    yield from others


def _person(number: int, nature: Nature, chance: random.Random) -> Person:
    first = f"ada.{number}"
    domain = _domain(number, nature, chance)
    two = nature in (Nature.PLAIN, Nature.TURNING, Nature.NAMED) and chance.random() < 0.4
    emails = (f"{first}@{domain}", *((f"{first}.other@{domain}",) if two else ()))
    devices = chance.choice((1, 1, 2, 3))
    cookies = tuple(f"website:browser-{number}-{device}" for device in range(devices))
    phone = f"+4930{number:07}" if chance.random() < 0.3 else ""
    if nature is Nature.SHARING:
        household = number // 2
        cookies, phone = (f"website:browser-of-household-{household}", *cookies), f"+4940{household:07}"
    return Person(
        number=number,
        nature=nature,
        temper=chance.choices(list(_TEMPERS), list(_TEMPERS.values()))[0],
        emails=() if nature is Nature.VISITOR else emails,
        cookies=cookies,
        phone="" if nature is Nature.VISITOR else phone,
        title=chance.choice(_TITLES),
        employees=chance.choice(("20", "120", "120", "900")),
        asks=chance.choice((0, 0, 1, 1, 2)),
    )


def _domain(number: int, nature: Nature, chance: random.Random) -> str:
    if nature is Nature.NAMED:
        return chance.choice(TARGETS)
    return chance.choice(RIVALS) if nature is Nature.LISTED else f"company{number}.example"
