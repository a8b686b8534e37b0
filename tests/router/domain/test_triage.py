"""H5: what waits in triage is settled by a person, and is shown again until it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.event import EventType
from schemas.feedback import TriageChoice, TriageDecided
from schemas.handoff import HandoffState
from schemas.play import CardKind
from schemas.verdict import Outcome, Rule
from services.router.cards import triage_card
from services.router.domain.decision import SaveTriage
from tests.router.builders import MONDAY, an_event, an_id
from tests.router.office import Office

FORM, PAPER = EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = "ada@acme.example"


def said(office: Office) -> list[str]:
    """What those who triage were told, beside the item itself."""
    return [one.tell for one in office.commands if isinstance(one, SaveTriage) and one.tell]


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

    assert (after.open, after.due_at) == (True, item.due_at)
    assert after.again_at > item.due_at + DAY  # type: ignore[operator]  # it is overdue
    assert after.version > item.version
    assert [one.tell for one in office.commands if isinstance(one, SaveTriage)][-1].startswith(
        "The deadline has passed"
    )


def test_whoever_triages_is_reminded_at_half_of_the_time_and_at_four_fifths_of_it() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    way = item.due_at - item.opened_at
    counts = []
    for part in (0.49, 0.5, 0.79, 0.8, 0.99):
        office.until(item.opened_at + way * part)
        counts.append(len(said(office)))

    assert counts == [0, 1, 1, 2, 2]
    assert set(said(office)) == {"Nobody has decided yet, and the deadline is near."}


def test_who_has_decided_is_reminded_of_nothing() -> None:
    office = Office()
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    choice = TriageChoice.NURTURE
    office.take(TriageDecided(id=an_id("n"), handoff=item.id, actor="ruth", at=MONDAY + HOUR / 6, choice=choice))
    office.until(item.due_at + 30 * DAY)

    assert said(office) == []


def test_reminders_are_of_the_whole_card_and_the_last_resort_sees_it_once_it_is_overdue() -> None:
    office = Office()
    office.playbook = replace(office.playbook, last_resort="olga")
    office.take(an_event(PAPER, ADA))
    item = office.triage_of(ADA)
    office.until(item.due_at)
    shown = [one for one in office.commands if isinstance(one, SaveTriage)]
    cards = [triage_card(one.item, office.playbook, MONDAY, one.tell, again=one.again) for one in shown]
    told = [(card.kind, [each.person for each in card.recipients]) for card in cards if card]

    assert told == [
        (CardKind.TRIAGE, ["ruth", "saul", "mona"]),
        (CardKind.REMINDER, ["ruth", "saul", "mona"]),
        (CardKind.REMINDER, ["ruth", "saul", "mona"]),
        (CardKind.REMINDER, ["ruth", "saul", "mona", "olga"]),
    ]
