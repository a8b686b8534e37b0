"""H1: a handoff moves only as the table says, and every version is one more than the last."""

import pytest

from schemas.event import EventType
from schemas.fact import replace
from schemas.handoff import HandoffState
from services.router.domain.handoffs import TABLE, IllegalMoveError, Move, moved
from tests.router.builders import an_event
from tests.router.office import Office


@pytest.mark.parametrize("state", HandoffState)
@pytest.mark.parametrize("move", Move)
def test_a_handoff_moves_only_as_the_table_says(move: Move, state: HandoffState) -> None:
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, "ada@acme.example", says={"consultation": "yes"}))
    handoff = office.handoff_of("ada@acme.example")
    there = replace(handoff, state=state)
    if state not in TABLE[move][0]:
        with pytest.raises(IllegalMoveError):
            moved(there, move)
        return
    after = moved(there, move)

    assert (after.state, after.version) == (TABLE[move][1], handoff.version + 1)
