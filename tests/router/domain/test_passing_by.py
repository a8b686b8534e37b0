"""Visitors whom nobody else's fact can concern are folded first: it comes to the same, whoever they are."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType
from schemas.fact import encode
from schemas.feedback import Feedback, HandoffAccepted
from services.router.domain.folding import folding, glimpsing, passing_by
from services.router.domain.playbook import Playbook
from services.router.domain.visitors import Glimpse
from services.router.domain.world import Folded, World
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
from tests.router.domain.test_folding import a_choking_playbook
from tests.router.domain.test_scoring import histories
from tests.router.office import Everything, Office

PAGE, FORM = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED
ADA = "ada@acme.example"


def in_two_goes(facts: Sequence[Event | Feedback], world: World, playbook: Playbook) -> Folded:
    folded, left = Folded(), list[int]()
    for _ in passing_by(folded, left, facts, glimpses_of(facts, playbook), world=world, playbook=playbook):
        pass
    for _ in folding(folded, facts, world, playbook, places=left):
        pass
    return folded


def glimpses_of(facts: Sequence[Event | Feedback], playbook: Playbook) -> list[Glimpse | None]:
    glimpses: list[Glimpse | None] = []
    for _ in glimpsing(glimpses, facts, playbook):
        pass
    return glimpses


def left_by(*facts: Event | Feedback, playbook: Playbook | None = None) -> tuple[list[int], Folded]:
    book = playbook or a_playbook()
    folded, left = Folded(), list[int]()
    world = World(asked=Everything(), asked_accounts=Everything())
    for _ in passing_by(folded, left, facts, glimpses_of(facts, book), world=world, playbook=book):
        pass
    return left, folded


@given(histories(), st.data())
def test_visitors_first_comes_to_what_each_in_its_place_comes_to(events: list[Event], data: st.DataObject) -> None:
    in_place, hasty = Office(), Office(folds=in_two_goes)
    rest = list({event.id: event for event in events}.values())
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        told = sorted(map(encode, in_place.take(*rest[:size])))

        assert sorted(map(encode, hasty.take(*rest[:size]))) == told
        rest = rest[size:]

    assert hasty.world == in_place.world
    assert hasty.commands == in_place.commands
    assert hasty.counted == in_place.counted


def test_only_who_is_named_nowhere_else_goes_first() -> None:
    left, folded = left_by(
        an_event(PAGE, "c1", id="first"),
        an_event(FORM, ADA, "c2", id="second"),
        an_event(PAGE, "c2", id="third"),
        an_event(PAGE, "c1", id="fourth"),
    )

    assert left == [1, 2]
    assert [settled.verdict.event for settled in folded.settled] == [an_id("first"), an_id("fourth")]


@pytest.mark.parametrize(
    "beside",
    [
        an_event(EventType.RETRACTED, id="it never happened", corrects=an_id("long ago")),
        HandoffAccepted(id=an_id("act"), handoff=an_id("handoff"), actor="grace", at=MONDAY),
    ],
)
def test_beside_a_correction_or_an_act_nobody_goes_first(beside: Event | Feedback) -> None:
    left, folded = left_by(an_event(PAGE, "c1"), beside)

    assert left == [0, 1]
    assert folded.settled == []


def test_a_fact_that_chokes_at_the_first_glance_is_found_when_it_is_folded() -> None:
    playbook = a_choking_playbook()
    facts = (an_event(PAGE, "c1"), an_event(PAGE, "c2", name="poison", id="poison"))
    left, folded = left_by(*facts, playbook=playbook)
    for _ in folding(folded, facts, World(asked=Everything()), playbook, places=left):
        pass

    assert left == [1]
    assert [index for index, _ in folded.poison] == [1]
