"""What would have turned a verdict: the steps say what the router says, and each change named really turns it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import Event, EventType, Mark
from services.router.adapters.playbook_files import load
from services.router.domain import routing
from services.router.domain.case import Case, Conclusion, concluded
from services.router.domain.decision import Decision
from services.router.domain.flip import changed, outcome
from services.router.domain.playbook import Playbook
from services.router.domain.prepared import prepared
from services.router.domain.steps import may
from services.router.domain.turning import reading, sentences, turns
from tests.router.builders import MONDAY, a_playbook, an_event
from tests.router.domain.test_scoring import DAY
from tests.router.office import Office

PEOPLE = ("c1", "ada@initech.example", "bob@globex.example", "eve@gmail.com", "kim@rival.example", "+441632960001")
SAYS = {
    "title": ("VP Operations", "Assistant to the Vice President", "Student"),
    "employees": ("240", "3", "51-200"),
    "time_frame": ("now", "later"),
    "budget": ("yes", "no"),
    "consultation": ("yes", "no"),
}
TYPES = (EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED, EventType.EMAIL_OPENED)


@pytest.fixture(scope="module", params=["the straw man", "a small one"])
def playbook(request: pytest.FixtureRequest) -> Playbook:
    return a_playbook() if request.param == "a small one" else load(Path(__file__).parents[3] / "playbook")


@st.composite
def weeks(draw: st.DrawFn) -> list[Event]:
    """What a few people did and said in a few weeks, some of it machines, some of it long ago."""
    return [
        an_event(
            draw(st.sampled_from(TYPES)),
            draw(st.sampled_from(PEOPLE)),
            at=MONDAY + number * DAY,
            id=f"event {number}",
            historical=draw(st.integers(0, 9)) == 0,
            marks=(draw(st.sampled_from((Mark.BOT, Mark.HONEYPOT))),) if draw(st.integers(0, 9)) == 0 else (),
            says={field: draw(st.sampled_from(values)) for field, values in SAYS.items() if draw(st.booleans())},
        )
        for number in range(draw(st.integers(1, 12)))
    ]


def cases(playbook: Playbook, events: list[Event]) -> list[tuple[Case, Conclusion]]:
    """Every case that these events were decided as, and what each came to."""
    found: list[tuple[Case, Conclusion]] = []

    def noted(case: Case, conclusion: Conclusion) -> Decision:
        found.append((case, conclusion))
        return concluded(case, conclusion)

    with pytest.MonkeyPatch.context() as here:
        here.setattr(routing, "concluded", noted)
        Office(playbook).take(*events, batch=False)
    return found


@given(events=weeks())
@settings(deadline=None)
def test_the_steps_come_to_what_the_router_decides(playbook: Playbook, events: list[Event]) -> None:
    for case, conclusion in cases(playbook, events):
        assert outcome(prepared(playbook).steps, reading(case)) == conclusion.outcome


@given(events=weeks())
@settings(deadline=None)
def test_each_change_turns_the_verdict_and_no_single_fact_does_where_two_are_named(
    playbook: Playbook, events: list[Event]
) -> None:
    ready = prepared(playbook)
    for case, conclusion in cases(playbook, events):
        turned, read = turns(case)
        found = [each.changes for each in turned]
        alone = [
            frozenset({(fact.text, to)})
            for fact in ready.facts
            for to in may(fact)
            if to is not read(fact)
            and outcome(ready.steps, changed(read, frozenset({(fact.text, to)}))) != conclusion.outcome
        ]
        assert all(outcome(ready.steps, changed(read, one.changes)) == one.then for one in turned)
        assert conclusion.outcome not in {one.then for one in turned}
        if alone:
            assert sorted(found, key=sorted) == sorted(alone, key=sorted)
        else:
            assert all(len(one) > 1 for one in found)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"consultation": "yes"}, "If this did not hold: they ask for a call: nurture."),
        ({"title": "VP"}, "If this held: they ask for a call: pass."),
        ({"title": "Vice President"}, "If there were 0.001 points less: nurture."),
        ({"budget": "no"}, "If there were 100 points more: pass."),
    ],
)
def test_it_is_told_in_words(says: dict[str, Any], told: str) -> None:
    event = an_event(EventType.FORM_SUBMITTED, "ada@acme.example", says=says)
    ((case, _),) = cases(a_playbook(), [event])

    assert told in sentences(case)
