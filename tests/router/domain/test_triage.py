"""H5: what waits in triage is settled by a person, and is shown again until it is."""

from datetime import timedelta

import pytest

from schemas.event import EventType
from schemas.feedback import TriageChoice, TriageDecided
from schemas.handoff import HandoffState
from schemas.verdict import Outcome, Rule
from services.router.domain.decision import SaveTriage
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

FORM, PAPER = EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = "ada@acme.example"


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        (TriageChoice.PASS, Outcome.UPDATE),
        (TriageChoice.NURTURE, Outcome.NURTURE),
        (TriageChoice.DISQUALIFY, Outcome.NURTURE),
    ],
)
def test_a_persons_word_settles_triage(choice: TriageChoice, outcome: Outcome) -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    office.take(TriageDecided(id=an_id(choice), handoff=item.id, actor="ruth", at=MONDAY + HOUR, choice=choice))
    after = office.verdict(an_event(PAPER, ADA, at=MONDAY + 2 * HOUR))

    assert (office.world.triage[item.id].open, office.world.triage[item.id].choice) == (False, choice)
    assert after.outcome is outcome


def test_a_suppressed_request_that_a_person_passes_goes_to_sales() -> None:
    office = Office()
    office.take(an_event(FORM, "eve@rival.example", says={"consultation": "yes"}))
    item = office.triage_of("eve@rival.example")
    office.take(TriageDecided(id=an_id("p"), handoff=item.id, actor="ruth", at=MONDAY + HOUR, choice=TriageChoice.PASS))
    handoff = office.handoff_of("eve@rival.example")

    assert (handoff.rules, handoff.play, handoff.state) == ((Rule.CONSULTATION,), "call_back", HandoffState.OFFERED)


def test_only_who_is_asked_may_settle_it() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    for actor in ("olga", "", "nobody"):
        act = TriageDecided(id=an_id(actor), handoff=item.id, actor=actor, at=MONDAY, choice=TriageChoice.DISQUALIFY)
        office.take(act)
    before = office.world.triage[item.id].open
    last = TriageDecided(id=an_id("m"), handoff=item.id, actor="mona", at=MONDAY, choice=TriageChoice.DISQUALIFY)
    office.take(last)

    assert (before, office.world.triage[item.id].open) == (True, False)


def test_a_triage_item_is_shown_again_until_somebody_settles_it() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    office.until(item.due_at + DAY)
    after = office.triage_of(ADA)

    assert after.open
    assert after.due_at > item.due_at + DAY - 12 * HOUR
    assert after.version > item.version
    assert [one.tell for one in office.commands if isinstance(one, SaveTriage)][-1].startswith(
        "The deadline has passed"
    )
