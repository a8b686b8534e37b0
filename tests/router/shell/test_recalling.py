"""Why it was decided so, long after: the whole receipt of an event of the past."""

from uuid import uuid4

import pytest

from schemas.event import EventType
from schemas.verdict import Outcome
from services.router.past import ReplayError, as_then
from services.router.recalling import last_of, recalled
from tests.router.shell.building import a_consultation, a_page_view, an_event
from tests.router.shell.ring import Hand
from tests.router.shell.test_backtest import forget_the_first_batch
from tests.router.shell.test_replay import a_day

pytestmark = pytest.mark.whole  # a past is decided, and then once more


async def test_an_event_is_explained_by_what_was_known_then(hand: Hand) -> None:
    asked = an_event(EventType.FORM_SUBMITTED, email="kim@umbrella.example", claims={"budget": "no"})
    await hand.feed(asked)
    await a_day(hand)
    found = await recalled(hand.database, hand.log, lambda _version, _lists: hand.desk.shelf.current, asked.id)

    assert found is not None
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.NURTURE
    assert found.verdict.receipt is not None
    assert found.verdict.receipt.facts["readiness"]["budget"] == "false"
    assert found.verdict.receipt.flip


async def test_a_visit_that_left_no_row_is_explained_too(hand: Hand) -> None:
    visit = a_page_view("web:1", "/pricing")
    await hand.feed(a_page_view("web:2"), visit)
    found = await recalled(hand.database, hand.log, lambda _version, _lists: hand.desk.shelf.current, visit.id)

    assert found is not None
    assert found.verdict is not None
    assert found.verdict.receipt is not None


async def test_what_never_came_cannot_be_explained(hand: Hand) -> None:
    await a_day(hand)

    assert await recalled(hand.database, hand.log, lambda _version, _lists: hand.desk.shelf.current, uuid4()) is None


async def test_of_a_person_the_last_verdict_is_explained(hand: Hand) -> None:
    last = a_consultation("ada@acme.example")
    await hand.feed(an_event(email="ada@acme.example"))
    await hand.feed(last)

    assert await last_of(hand.database, " Ada@acme.example") == last.id
    assert await last_of(hand.database, "nobody@acme.example") is None


async def test_by_another_playbook_than_decided_nothing_is_explained(hand: Hand) -> None:
    asked = a_consultation("ada@acme.example")
    await hand.feed(asked)

    with pytest.raises(ReplayError, match="is not here: name the store"):
        await recalled(hand.database, hand.log, as_then({}), asked.id)


async def test_half_a_past_explains_nothing(hand: Hand) -> None:
    await a_day(hand)
    await forget_the_first_batch(hand)

    with pytest.raises(ReplayError, match="the first batches are forgotten"):
        await recalled(hand.database, hand.log, lambda _version, _lists: hand.desk.shelf.current, uuid4())
