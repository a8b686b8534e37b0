"""Then and now: the verdicts that would be others, and what sales made of the handoffs."""

from dataclasses import replace

from schemas.verdict import Outcome
from services.router.adapters import tables
from services.router.comparison import Came, Comparison, compared
from services.router.domain.playbook import Playbook
from tests.router.shell.building import a_consultation, an_accept
from tests.router.shell.ring import Hand
from tests.router.shell.test_backtest import over_the_past
from tests.router.shell.test_replay import a_day


async def beside(hand: Hand, book: Playbook | None = None) -> Comparison:
    return await compared(hand.database, await over_the_past(hand, book))


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
