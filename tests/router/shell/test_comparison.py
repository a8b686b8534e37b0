"""Then and now: the verdicts that would be others, and what sales made of the handoffs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.feedback import RejectReason
from schemas.verdict import Outcome, Rule
from services.router.adapters import tables
from services.router.comparison import Comparison, compared
from services.router.domain.playbook import Playbook
from services.router.outcomes import Came, Precision
from tests.router.shell.building import a_consultation, a_page_view, a_rejection, an_accept, an_event
from tests.router.shell.ring import Hand
from tests.router.shell.test_backtest import over_the_past
from tests.router.shell.test_replay import a_day

pytestmark = pytest.mark.whole  # a past is decided, and then once more


async def beside(hand: Hand, book: Playbook | None = None, *, until: datetime | None = None) -> Comparison:
    return await compared(hand.database, await over_the_past(hand, book, until=until))


async def test_the_playbook_that_decided_changes_nothing(hand: Hand) -> None:
    await a_day(hand)
    found = await beside(hand)

    assert found.differences == []
    assert found.same == len(await hand.rows(tables.VERDICT))
    assert found.was == found.now
    assert found.first is not None
    assert found.last is not None
    assert found.first <= found.last


async def test_what_would_not_pass_any_more_is_named_with_what_became_of_it(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@acme.example"), a_consultation("grace@bolt.example"))
    handoff = next(one for one in await hand.handoffs() if one.brief.email == "ada@acme.example")
    await hand.feed(an_accept(handoff.id, handoff.assignee, hand.clock.now()))
    found = await beside(hand, replace(playbook, version="silent", rules={}))

    assert [(one.was.outcome, one.who) for one in found.differences if one.was] == [
        (Outcome.PASS, "Ada"),
        (Outcome.PASS, "Grace"),
    ]
    assert found.lost == {Came.GOOD: 1, Came.PENDING: 1}
    assert found.kept == {}


async def test_what_would_pass_only_now_is_counted_as_new(hand: Hand, playbook: Playbook) -> None:
    hand.desk.shelf.put(replace(playbook, version="silent", rules={}))
    await hand.feed(a_consultation("ada@acme.example"))
    found = await beside(hand, playbook)

    assert found.new == 1
    assert found.load_was == {}


async def test_nothing_decided_has_no_dates(hand: Hand) -> None:
    assert (await beside(hand)).first is None


async def test_another_play_for_the_same_person_is_a_difference(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@acme.example", phone="+4930901820"))
    (made,) = await hand.handoffs()
    renamed = [replace(play, name="by_the_window") if play.name == made.play else play for play in playbook.plays]
    found = await beside(hand, replace(playbook, version="renamed", plays=tuple(renamed)))

    assert [(one.who, one.was.play, one.now.play) for one in found.differences if one.was and one.now] == [
        ("Ada", made.play, "by_the_window")
    ]


async def test_a_rules_precision_counts_bad_leads_against_what_was_taken_up(hand: Hand, playbook: Playbook) -> None:
    people = ("ada", "grace", "joan", "mary")
    await hand.feed(*(a_consultation(f"{name}@{name}.example") for name in people))
    ada, grace, joan, _ = sorted(await hand.handoffs(), key=lambda one: one.brief.email)
    now = hand.clock.now()
    await hand.feed(
        an_accept(ada.id, ada.assignee, now),
        a_rejection(grace.id, grace.assignee, RejectReason.NOT_A_FIT, now),
        a_rejection(joan.id, joan.assignee, RejectReason.WRONG_REP, now),
        an_accept(grace.id, "nobody at all", now),
    )
    found = await beside(hand)
    without = await beside(hand, replace(playbook, version="silent", rules={}))

    assert found.kept == {Came.GOOD: 1, Came.BAD: 1, Came.OTHER: 1, Came.PENDING: 1}
    assert found.precise_was[Rule.CONSULTATION] == found.precise_now[Rule.CONSULTATION] == Precision(1, 1)
    assert without.precise_was[Rule.CONSULTATION] == Precision(1, 1)
    assert without.precise_now[Rule.CONSULTATION] == Precision()


async def test_what_came_after_the_period_changes_nothing_in_it(hand: Hand, playbook: Playbook) -> None:
    """Whatever is poured in afterwards: words of reps on handoffs of the period, events, draws, deadlines."""
    laxer = replace(playbook, version="laxer", scoring=replace(playbook.scoring, threshold=10_000))
    await a_day(hand)
    end = hand.clock.now()
    before = [(await over_the_past(hand, book), await beside(hand, book)) for book in (None, laxer)]
    hand.clock.advance(timedelta(hours=1))
    await pour(hand)
    after = [
        (await over_the_past(hand, book, until=end), await beside(hand, book, until=end)) for book in (None, laxer)
    ]
    unbound = await beside(hand)

    assert after == before
    assert unbound.kept != before[0][1].kept
    assert unbound.load_was != before[0][1].load_was


async def pour(hand: Hand) -> None:
    """A future that contradicts everything."""
    now = hand.clock.now()
    for one in await hand.handoffs():
        actor = one.assignee or "dana"
        await hand.feed(a_rejection(one.id, actor, RejectReason.NOT_A_FIT, now), an_accept(one.id, "dana", now))
    await hand.feed(a_consultation("later@acme.example"), a_page_view("web:1", "/pricing"))
    await hand.feed(an_event(email="grace@bolt.example", name="poison"), a_consultation("joan@acme.example"))
    hand.clock.advance(timedelta(hours=30))
    await hand.pump.fire()
    await hand.drain()
