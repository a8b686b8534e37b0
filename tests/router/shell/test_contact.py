"""R7 in the shell: contacts outlive the process, cards say when to call, and timeliness is measured and reported."""

from datetime import timedelta
from uuid import uuid4

from prometheus_client import REGISTRY

from schemas.event import EventType
from schemas.feedback import AttemptLogged, AttemptResult, RejectReason
from schemas.play import DeliverPlay
from schemas.verdict import Rule
from services.router.adapters import codec, tables
from services.router.adapters.codec import milliseconds
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.timeliness import timely
from tests.router.shell.building import NOON, a_consultation, a_rejection, an_event
from tests.router.shell.ring import Hand

ADA = "ada@umbrella.example"
CONSULTATION = Rule.CONSULTATION.value
HOUR = timedelta(hours=1)


def an_attempt(handoff: Handoff, after: timedelta) -> AttemptLogged:
    result = AttemptResult.NO_ANSWER
    return AttemptLogged(id=uuid4(), handoff=handoff.id, actor=handoff.assignee, at=NOON + after, result=result)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"playcaller_{name}", labels) or 0.0


async def test_contacts_of_a_person_and_of_their_account_are_kept_in_the_state(hand: Hand) -> None:
    await hand.feed(a_consultation(ADA))
    (handoff,) = await hand.handoffs()
    await hand.feed(an_attempt(handoff, HOUR), an_attempt(handoff, 2 * HOUR))
    (standing,) = [codec.STANDING.decode(row.standing) for row in await hand.rows(tables.STANDING)]
    (account,) = await hand.rows(tables.ACCOUNT)
    expected = (milliseconds(NOON + HOUR), milliseconds(NOON + 2 * HOUR))

    assert standing.contacts == expected
    assert codec.CONTACTS.decode(account.contacts) == expected


async def test_the_card_of_a_booked_meeting_says_when_it_is(hand: Hand) -> None:
    start = hand.clock.now() + timedelta(days=2)
    booked = an_event(EventType.MEETING_BOOKED, email=ADA, properties={"meeting_start": start.isoformat()})
    await hand.feed(booked)
    (card,) = [one for one in await hand.cards() if isinstance(one, DeliverPlay)]

    assert (card.not_before, card.waits_for) == (start, "they asked for it")
    assert card.accept_by is not None
    assert card.accept_by < start


async def test_how_late_and_how_early_handoffs_were_is_measured_and_told(hand: Hand, playbook: Playbook) -> None:
    before = [counted(name, rule=CONSULTATION) for name in ("handoffs_too_late_total", "handoffs_too_early_total")]
    late = hand.clock.now() - 5 * HOUR
    await hand.feed(a_consultation(ADA, at=late), a_consultation("grace@bolt.example", at=hand.clock.now()))
    first = next(one for one in await hand.handoffs() if one.brief.email == ADA)
    await hand.feed(a_rejection(first.id, first.assignee, RejectReason.NOT_READY))
    after = [counted(name, rule=CONSULTATION) for name in ("handoffs_too_late_total", "handoffs_too_early_total")]
    found = (await timely(hand.database, playbook))[Rule.CONSULTATION]

    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
    assert (len(found.lags), found.late, found.answered, found.early) == (2, 1, 1, 1)
    assert max(found.lags) >= 5 * HOUR
    assert counted("handoff_lag_seconds_count", rule=CONSULTATION) >= 2


async def test_where_nothing_was_handed_off_nothing_was_late(hand: Hand, playbook: Playbook) -> None:
    found = await timely(hand.database, playbook)

    assert {(len(one.lags), one.late, one.early) for one in found.values()} == {(0, 0, 0)}
