"""The fold: the same facts give the same bytes, however they are batched, and one bad fact is alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType
from schemas.fact import encode
from schemas.feedback import HandoffAccepted, LeadErased
from schemas.handoff import HandoffState
from schemas.verdict import Outcome
from services.router.domain.condition import Facts
from services.router.domain.folding import fold
from services.router.domain.needs import needs
from services.router.domain.world import World
from tests.router.anew import folded_anew
from tests.router.builders import MONDAY, a_playbook, a_signal, an_event, an_id, email, who
from tests.router.domain.test_scoring import histories
from tests.router.office import Everything, Office, codes

PAGE, FORM = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED
ADA = "ada@acme.example"
MINUTE = timedelta(minutes=1)


@given(histories(), st.data())
def test_one_batch_or_many_give_the_same_bytes(events: list[Event], data: st.DataObject) -> None:
    one, many = Office(draws=False), Office(draws=False)
    told = b"\n".join(map(encode, one.take(*events, batch=False)))
    again = []
    rest = list(events)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        again += map(encode, many.take(*rest[:size]))
        rest = rest[size:]

    assert b"\n".join(again) == told


@given(histories())
def test_the_short_way_comes_to_what_the_long_way_comes_to(events: list[Event]) -> None:
    short, long = Office(draws=False), Office(draws=False)
    for event in {event.id: event for event in events if event.corrects is None}.values():
        (verdict,) = short.take(event)
        (whole,) = fold([event], long.world, long.playbook, full=True).settled

        assert whole.verdict.outcome is verdict.outcome
        assert whole.verdict.reasons == verdict.reasons
        assert whole.counted == short.settled[-1].counted
        assert short.world.identifiers == long.world.identifiers


def a_choking_playbook() -> object:
    def choke(facts: Facts) -> bool:
        if facts.value("event.name") == "poison":
            raise RuntimeError("this one chokes")
        return facts.value("event.type") == PAGE

    book = a_playbook()
    bad = replace(a_signal("bad", PAGE, 1), when=replace(book.scoring.signals[0].when, test=choke_test(choke)))
    return replace(book, scoring=replace(book.scoring, signals=(*book.scoring.signals, bad)))


def choke_test(choke: object) -> object:
    from schemas.verdict import Ternary

    return lambda facts: Ternary.TRUE if choke(facts) else Ternary.FALSE  # type: ignore[operator]  # a plain function


@pytest.mark.parametrize("who_did_it", [ADA, "c1"])
def test_a_fact_that_chokes_leaves_the_world_as_it_was_and_the_rest_goes_on(who_did_it: str) -> None:
    playbook = a_choking_playbook()
    good, bad, after = (
        an_event(PAGE, who_did_it),
        an_event(PAGE, who_did_it, "c9" if "@" in who_did_it else who_did_it, name="poison", at=MONDAY + MINUTE),
        an_event(PAGE, who_did_it, at=MONDAY + 2 * MINUTE),
    )
    world, clean = (World(asked=Everything(), asked_accounts=Everything()) for _ in range(2))
    folded = fold([good, bad, after], world, playbook)  # type: ignore[arg-type]  # built above
    fold([good, after], clean, playbook)  # type: ignore[arg-type]  # built above

    assert [index for index, _ in folded.poison] == [1]
    assert folded.poison[0][1] == "RuntimeError: this one chokes"
    assert len(folded.settled) == 2
    assert world == clean


@given(histories())
def test_what_needs_name_is_enough_or_the_fold_says_what_is_missing(events: list[Event]) -> None:
    whole, anew = Office(draws=False), Office(draws=False, folds=folded_anew)
    for fact in {event.id: event for event in events}.values():
        told = [encode(verdict) for verdict in whole.take(fact)]

        assert [encode(verdict) for verdict in anew.take(fact)] == told


def test_an_anonymous_visitors_ordinary_event_stores_no_row_and_has_no_number() -> None:
    office = Office()
    office.take(an_event(PAGE, "c1"), an_event(PAGE, ADA))
    visitor, known = office.settled

    assert (visitor.stored, visitor.verdict.lead_seq, visitor.verdict.receipt) == (False, 0, None)
    assert (known.stored, known.verdict.lead_seq) == (True, 1)


def test_a_correction_in_the_same_batch_finds_how_its_event_was_counted() -> None:
    office = Office()
    visit = an_event(PAGE, "c1", path="/")
    office.take(visit, an_event(EventType.RETRACTED, corrects=visit.id, at=MONDAY + MINUTE))

    assert office.score_of("c1", MONDAY).total == 0


def test_a_repaired_event_counts_in_the_place_of_the_wrong_one() -> None:
    office = Office()
    wrong = an_event(PAGE, ADA, says={"title": "Vice President"})
    office.take(wrong)
    verdict = office.verdict(
        an_event(EventType.CONTENT_DOWNLOADED, ADA, corrects=wrong.id, at=MONDAY, late=MINUTE, says={"title": "Clerk"})
    )

    assert "replaced" in codes(verdict)
    assert office.score_of(ADA, MONDAY).total == 50_000


def test_what_named_nothing_on_record_counts_nothing_when_it_comes() -> None:
    office = Office()
    late = an_event(PAGE, ADA)
    first = office.verdict(an_event(EventType.RETRACTED, ADA, corrects=late.id, at=MONDAY + MINUTE))
    second = office.verdict(late)

    assert (codes(first), codes(second)) == (["corrects_unknown"], ["corrected_before"])
    assert second.outcome is Outcome.IGNORE


def an_erasure(address: str, minutes: int) -> LeadErased:
    return LeadErased(id=an_id(("erase", minutes)), email=address, actor="dpo", at=MONDAY + minutes * MINUTE)


def test_who_asks_to_be_forgotten_is_gone_with_all_they_had() -> None:
    office = Office()
    office.take(
        an_event(FORM, "bob@acme.example", "c2"),
        an_event(FORM, ADA, "c1", "+491", says={"consultation": "yes"}, at=MONDAY + MINUTE),
        an_event(FORM, ADA, "c2", at=MONDAY + 2 * MINUTE),
    )
    handoff = office.handoff_of(ADA)
    office.take(an_erasure(ADA, 5))
    left = repr((office.world.identifiers, office.world.standings, office.world.handoffs, office.world.floods))

    assert ADA not in left
    assert "+491" not in left
    assert "website:c1" not in left
    assert office.world.handoffs[handoff.id].state is HandoffState.WITHDRAWN
    assert {who(name).value for name in ("bob@acme.example", "c2")} <= {key.value for key in office.world.identifiers}


def test_an_erased_persons_old_events_count_nothing_and_a_new_beginning_does() -> None:
    office = Office()
    office.take(an_event(FORM, ADA), an_erasure(ADA, 5))
    old = office.verdict(an_event(PAGE, ADA, at=MONDAY + MINUTE))
    new = office.verdict(an_event(FORM, ADA, says={"consultation": "yes"}, at=MONDAY + 9 * MINUTE))

    assert (old.outcome, codes(old)) == (Outcome.IGNORE, ["erased"])
    assert new.outcome is Outcome.PASS


def test_an_act_about_what_is_gone_is_a_no_op() -> None:
    office = Office()
    act = HandoffAccepted(id=an_id("a"), handoff=an_id("gone"), actor="ruth", at=MONDAY)

    assert office.take(act) == []
    assert office.commands == []


def test_needs_name_everything_a_batch_reads() -> None:
    held = an_id("handoff")
    events = [an_event(FORM, email(ADA), "c1", form_id="demo"), an_event(PAGE, "c2", corrects=an_id("old"))]
    found = needs([*events, HandoffAccepted(id=an_id("a"), handoff=held, actor="ruth", at=MONDAY)], a_playbook())

    assert {key.value for key in found.identifiers} == {ADA, "website:c1", "website:c2"}
    assert (found.handoffs, found.corrections) == ({held}, {an_id("old")})
    assert {key.partition(":")[0] for key in found.flood_keys} == {"form", "address"}


def test_a_lead_with_a_long_past_keeps_small_rows() -> None:
    office = Office(draws=False)
    office.take(
        *(an_event(PAGE, ADA, id=f"v{n}", path=f"/{n}", at=MONDAY + n * timedelta(hours=9)) for n in range(2000))
    )
    (dossier,) = office.lead_of(ADA).dossiers.values()

    assert len(dossier.counts["visit"]) <= 366
    assert (len(dossier.recent["visit"]), len(dossier.read)) == (3, 40)


@pytest.mark.parametrize("nothing", ["", " ", "\x00", "\u200b\u200e", "\u00a0"])
def test_what_nobody_can_see_states_nothing(nothing: str) -> None:
    office = Office(draws=False)
    office.take(an_event(FORM, ADA, says={"title": "Clerk", "budget": nothing}))
    (dossier,) = office.lead_of(ADA).dossiers.values()

    assert set(dossier.statements) == {"title"}
