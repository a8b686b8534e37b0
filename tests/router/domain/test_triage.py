"""H5: what waits in triage is settled by a person, and is shown again until it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.event import Event, EventType, Mark
from schemas.feedback import HandoffAccepted, TriageChoice, TriageDecided
from schemas.handoff import HandoffState
from schemas.play import CardKind
from schemas.verdict import Outcome, Rule
from services.router.cards import triage_card
from services.router.domain.decision import SaveTriage
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Play, SuppressionKind, Suppressions
from tests.router.builders import MONDAY, a_playbook, an_event, an_id
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


PLAYS = (
    Play("adds_up", "It adds up", frozenset({Rule.SCORE_THRESHOLD})),
    Play(
        "adds_up_above",
        "It adds up, high above",
        frozenset({Rule.SCORE_THRESHOLD}),
        personas=frozenset({"vp"}),
        stages=frozenset({"early"}),
    ),
    Play("named", "A named account", frozenset({Rule.TARGET_RESPONDS})),
    Play("in_writing", "Whoever it is, in writing", products=frozenset({"yachts"})),
)
WEBINAR = EventType.WEBINAR_REGISTERED
GUS = "gus@globex.example"


def an_office(**changes: Any) -> Office:
    """With a play for every trigger that triage knows; it takes much to reach the threshold, and little to be asked."""
    book = a_playbook()
    scoring = replace(book.scoring, threshold=900_000)
    told = replace(book, plays=(*PLAYS, *book.plays), scoring=scoring, triage_interest=40_000)
    return Office(replace(told, **changes))


def passed_on(office: Office, person: str) -> Handoff:
    """What a person makes of the item by passing it."""
    item = office.triage_of(person)
    at = MONDAY + HOUR
    office.take(TriageDecided(id=an_id(item.id), handoff=item.id, actor="ruth", at=at, choice=TriageChoice.PASS))
    return office.handoff_of(person)


BROUGHT = [
    (an_event(PAPER, ADA, says={"title": "Engineer"}), "adds_up", Rule.SCORE_THRESHOLD),
    (an_event(PAPER, ADA, says={"title": "Vice President"}), "adds_up_above", Rule.SCORE_THRESHOLD),
    (an_event(PAPER, ADA, says={"product": "Yachts"}), "in_writing", Rule.SCORE_THRESHOLD),
    (an_event(WEBINAR, GUS), "named", Rule.TARGET_RESPONDS),
    (an_event(FORM, ADA, says={"consultation": "yes"}, marks=(Mark.HONEYPOT,)), "call_back", Rule.CONSULTATION),
]


@pytest.mark.parametrize(("event", "play", "trigger"), BROUGHT)
def test_whom_a_person_passes_without_a_rule_gets_the_play_for_what_brought_them(
    event: Event, play: str, trigger: Rule
) -> None:
    office = an_office()
    office.take(event)
    handoff = passed_on(office, event.identifiers[0].value)

    assert (handoff.rules, handoff.play, handoff.trigger) == ((), play, trigger)


@pytest.mark.parametrize(("event", "play"), [(event, play) for event, play, _ in BROUGHT])
def test_the_receipt_names_the_play_that_a_person_would_pass_them_with(event: Event, play: str) -> None:
    receipt = an_office().verdict(event).receipt

    assert receipt is not None
    assert receipt.play == play
    assert receipt.play_why.startswith("if a person passes them: ")


def test_one_of_an_account_whose_owner_has_a_play_gets_the_named_account_s_play_too() -> None:
    barred = Suppressions({GUS: SuppressionKind.SPAM}, {})
    office = an_office(suppressions=barred)
    office.take(an_event(PAPER, "fay@globex.example"), an_event(PAPER, GUS))
    handoff = passed_on(office, GUS)

    assert (handoff.rules, handoff.play, handoff.trigger) == ((), "named", Rule.TARGET_RESPONDS)


def test_what_a_rule_held_for_in_triage_chooses_the_play_and_counts_as_a_rule() -> None:
    office = an_office(suppressions=Suppressions({GUS: SuppressionKind.SPAM}, {}))
    office.take(an_event(PAPER, GUS))
    handoff = passed_on(office, GUS)

    assert (handoff.rules, handoff.play, handoff.trigger) == ((Rule.TARGET_RESPONDS,), "named", None)


def test_a_play_by_a_person_s_word_goes_on_when_a_rule_becomes_a_new_reason() -> None:
    office = an_office()
    office.take(an_event(FORM, GUS, says={"consultation": "yes"}, marks=(Mark.HONEYPOT,)))
    before = passed_on(office, GUS)
    office.take(an_event(PAPER, GUS, at=MONDAY + 2 * HOUR))
    after = office.handoff_of(GUS)

    assert (before.rules, after.rules) == ((), (Rule.TARGET_RESPONDS,))
    assert (before.play, after.play) == ("call_back", "call_back")


def test_the_play_of_two_people_who_are_one_answers_what_both_were_passed_for() -> None:
    office = an_office()
    office.take(an_event(FORM, ADA, says={"title": "Vice President"}), an_event(PAPER, ADA))
    first = passed_on(office, ADA)
    office.take(an_event(FORM, "web-1", at=MONDAY + HOUR, says={"consultation": "yes"}))
    second = office.handoff_of("web-1")
    office.take(HandoffAccepted(id=an_id("a"), handoff=second.id, actor=second.assignee, at=MONDAY + HOUR))
    office.take(an_event(EventType.PAGE_VIEWED, ADA, "web-1", at=MONDAY + 2 * HOUR))
    merged = office.handoff_of(ADA)

    assert (first.rules, first.trigger) == ((), Rule.SCORE_THRESHOLD)
    assert merged.id == second.id
    assert (merged.rules, merged.trigger) == ((Rule.CONSULTATION,), Rule.SCORE_THRESHOLD)


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
