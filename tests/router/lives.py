"""Random lives: what people do and say for a few days, and what reps, managers and the clock do about it meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from schemas.event import Event, EventType, Mark
from schemas.fact import replace
from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    HandoffSnoozed,
    LeadErased,
    OutcomeReported,
    PlayRated,
    RejectReason,
    TriageChoice,
    TriageDecided,
)
from schemas.handoff import OPEN
from tests.router.builders import MONDAY, an_event, an_id, email
from tests.router.language import STATED, some
from tests.router.office import Office

ODD = (" ", "\u200b", "\x00", "x" * 3000, "Söhne & Co", "<b>bold</b>", "=1+1", "https://evil.example/x", "日本")
"""What people type as well."""
_SAID = {
    **STATED,
    "consultation": ("yes", "no"),
    "first_name": ("Ada",),
    "full_name": ("Ada Lovelace",),
    "owner": ("ruth",),
}
_WHAT: tuple[dict[str, Any], ...] = (
    *({"path": "/"}, {"path": "/pricing"}, {"url": "https://brightwater.example/customers/harbor-electric"}),
    *({"asset": "whitepaper"}, {"asset": "ebook"}, {"form_id": "demo"}, {"form_id": 7, "utm_campaign": "spring"}),
    *({"link": "/a"}, {"link": "/b"}, {"consultation": "yes"}, {"consultation": True}, {"consultation": "no"}),
)
_MARKS = (*[()] * 12, (Mark.BOT,), (Mark.HONEYPOT,), (Mark.SCANNER,))
_USUAL = (EventType.FORM_SUBMITTED, EventType.PAGE_VIEWED, EventType.CONTENT_DOWNLOADED, EventType.EMAIL_CLICKED)


def something(chance: Random, names: Sequence[str], at: datetime, word: object) -> Event:
    """One event of one or more of these people, or of nobody who says who it is."""
    who = some(chance, names, 0 if chance.random() < 0.1 else 1, 3 if chance.random() < 0.3 else 1)
    attested = chance.random() < 0.2
    fields = some(chance, sorted(_SAID), 0, 5) if chance.random() < 0.5 else []
    says = {field: chance.choice(ODD if chance.random() < 0.1 else _SAID[field]) for field in fields}
    return an_event(
        chance.choice(_USUAL if chance.random() < 0.6 else tuple(EventType)),
        *(email(name, attested=attested) if "@" in name else name for name in who),
        at=at,
        late=timedelta(hours=chance.choice((0, 0, 0, 0, 2, 50))),
        id=word,
        says=says,
        attested=attested,
        marks=chance.choice(_MARKS),
        historical=chance.random() < 0.1,
        source=chance.choice(("website", "hubspot", "sales")),
        name=chance.choice(("", "Contact sales", "Whitepaper", "Newsletter")),
        **chance.choice(_WHAT),
    )


def acts(office: Office, chance: Random, at: datetime) -> None:
    """What is open gets some act of somebody, perhaps."""
    for handoff in [each for each in office.world.handoffs.values() if each.state in OPEN]:
        if chance.random() < 0.5:
            kind, more = chance.choice(_acts(chance, at))
            actor = chance.choice((handoff.assignee, handoff.assignee, "mona", "who left"))
            word = an_id((handoff.id, handoff.version, kind, at))
            office.take(kind(id=word, handoff=handoff.id, actor=actor, at=at, **more))
    for item in [each for each in office.world.triage.values() if each.open]:
        if chance.random() < 0.5:
            word, choice = an_id((item.id, item.version, at)), chance.choice(tuple(TriageChoice))
            office.take(TriageDecided(id=word, handoff=item.id, actor="ruth", at=at, choice=choice))


def _acts(chance: Random, at: datetime) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (HandoffAccepted, {}),
        (HandoffRejected, {"reason": chance.choice(tuple(RejectReason))}),
        (AttemptLogged, {"result": chance.choice(tuple(AttemptResult))}),
        (HandoffSnoozed, {"until": at + timedelta(hours=chance.choice((-1, 1, 100)))}),
        (OutcomeReported, {"outcome": chance.choice(tuple(HandoffOutcome))}),
        (PlayRated, {"stars": 3}),
    ]


def lived(office: Office, chance: Random, names: Sequence[str], most: int, *, forgotten: float = 0.05) -> datetime:
    """So many things happen at most, hours or days apart; when the last of them was received.

    Somebody asks to be forgotten after a share of them.
    """
    now = MONDAY
    for n in range(chance.randint(0, most)):
        event = something(chance, names, now, ("life", n, tuple(names)))
        now = event.received_at
        flood = range(chance.choice((0, 0, 0, 5)))
        office.take(event, *(replace(event, id=an_id((event.id, more)), dedup_key=f"{n} {more}") for more in flood))
        if chance.random() < 0.5:
            acts(office, chance, now)
        addresses = [name for name in names if "@" in name]
        if addresses and chance.random() < forgotten:
            who = chance.choice(addresses)
            office.take(LeadErased(id=an_id(("forget", n, who)), email=who, actor="dana", at=now))
        now += chance.choice((timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=7), timedelta(days=3)))
        if chance.random() < 0.5:
            office.until(now)
    return now
