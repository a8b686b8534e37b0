"""I1: who is who, whatever the order in which we hear of it."""

from datetime import timedelta
from itertools import permutations

import pytest

from schemas.event import Event, EventType, Identifier
from schemas.feedback import HandoffAccepted
from schemas.handoff import HandoffState
from services.router.domain.decision import ReturnTurn
from services.router.domain.identity import MOST_CLAIMS, MOST_TIMES, keys_of, with_claim
from services.router.domain.lead import Ownership, Sighting
from services.router.domain.profile import stated
from tests.router.builders import MONDAY, an_event, an_id, cookie, email, phone
from tests.router.office import Office, codes

PAGE, FORM = EventType.PAGE_VIEWED, EventType.FORM_SUBMITTED
ADA, BOB, CY = "ada@acme.example", "bob@acme.example", "cy@acme.example"


def seconds(n: int) -> dict[str, object]:
    return {"at": MONDAY + timedelta(seconds=n)}


def view(second: int, *people: str | Identifier) -> Event:
    return an_event(PAGE, *people, at=MONDAY + timedelta(seconds=second))


def form(second: int, *people: str | Identifier) -> Event:
    return an_event(FORM, *people, at=MONDAY + timedelta(seconds=second))


def alias(second: int, *addresses: str) -> Event:
    people = (email(each, attested=True) for each in addresses)
    return an_event(EventType.PROFILE_STATED, *people, at=MONDAY + timedelta(seconds=second))


STORIES = {
    "an email claims a cookie": ([view(0, "c1"), form(1, ADA, "c1"), view(2, "c1")], [{ADA, "c1"}]),
    "two cookies of one email": ([form(0, ADA, "c1"), form(1, ADA, "c2")], [{ADA, "c1", "c2"}]),
    "a cookie of two emails is the earlier one's": (
        [form(0, ADA, "c1"), form(1, BOB, "c1"), view(2, "c1")],
        [{ADA, "c1"}, {BOB}],
    ),
    "a shared phone joins nobody": ([form(0, ADA, "+491"), form(1, BOB, "+491")], [{ADA, "+491"}, {BOB}]),
    "a shared phone joins no visitors either": (
        [form(0, "c1", "+491"), form(1, "c2", "+491")],
        [{"c1", "+491"}, {"c2"}],
    ),
    "a visitor who gives somebody else's phone stays a visitor": (
        [form(0, ADA, "+491"), form(1, "c1", "+491"), view(2, "c1")],
        [{ADA, "+491"}, {"c1"}],
    ),
    "who gave somebody else's phone keeps what they did for their own address": (
        [form(0, ADA, "+491"), form(1, "c1", "+491"), form(2, BOB, "c1")],
        [{ADA, "+491"}, {BOB, "c1"}],
    ),
    "a phone that a visitor gave goes with the visitor": (
        [form(0, "c1", "+491"), form(1, ADA, "c1"), form(2, BOB, "+491")],
        [{ADA, "c1", "+491"}, {BOB}],
    ),
    "a phone alone waits for its email": ([form(0, "+491"), form(1, ADA, "+491")], [{ADA, "+491"}]),
    "what anyone typed never joins two emails": ([form(0, email(ADA), email(BOB)), form(1, BOB)], [{ADA}, {BOB}]),
    "what a system attests does": ([view(0, ADA), view(1, BOB, "c1"), alias(2, ADA, BOB)], [{ADA, BOB, "c1"}]),
    "aliases chain": ([alias(0, ADA, BOB), alias(1, BOB, CY), view(2, CY)], [{ADA, BOB, CY}]),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_leads_are_the_same_in_every_order(story: str) -> None:
    events, expected = STORIES[story]
    ids = set()
    for order in permutations(events):
        office = Office(draws=False)
        office.take(*order, batch=False)
        for group in expected:
            leads = {office.lead_of(name).id for name in group}
            names = {key.value.removeprefix("website:") for key in office.lead_of(next(iter(group))).dossiers}

            assert len(leads) == 1
            assert names == group
        ids.add(tuple(office.lead_of(min(group)).id for group in expected))

    assert len(ids) == 1


def test_a_visitor_with_somebody_else_s_phone_is_anonymous_and_changes_nobody_else() -> None:
    """I1: the phone is the earliest claim's; whom nobody knows by an address or a number of their own is a visitor."""
    office = Office(draws=False)
    office.take(form(0, ADA, "+491"))
    ada = office.lead_of(ADA)
    verdict = office.verdict(an_event(FORM, "c1", "+491", says={"title": "Vice President"}, **seconds(1)))
    visitor = office.lead_of("c1")

    assert (verdict.lead, verdict.lead_seq, codes(verdict)) == (visitor.id, 0, ["anonymous"])
    assert (visitor.known, stated(visitor, "phone"), stated(visitor, "title")) == (False, "+491", "Vice President")
    assert office.lead_of(ADA) == ada


def test_a_visitor_with_somebody_else_s_phone_is_called_at_the_number_that_they_gave_and_by_nobody_s_name() -> None:
    """R1 and I1: whoever asks is passed on, with what they said themselves."""
    office = Office(draws=False)
    office.take(an_event(FORM, ADA, "+491", says={"full_name": "Ada Lovelace"}, **seconds(0)))
    office.take(an_event(FORM, "c1", "+491", says={"consultation": "yes"}, **seconds(1)))
    handoff = office.handoff_of("c1")

    assert (handoff.lead, handoff.play) == (office.lead_of("c1").id, "call_back")
    assert (handoff.brief.phone, handoff.brief.email, handoff.brief.name) == ("+491", "", "Name not known")
    assert office.lead_of(ADA).standing.handoff is None


def test_moving_a_cookie_moves_its_counts_and_nothing_twice() -> None:
    office = Office(draws=False)
    office.take(an_event(PAGE, "c1"), an_event(FORM, BOB, "c1", **seconds(9)))
    before = office.score_of(BOB, MONDAY).total
    office.take(an_event(FORM, ADA, "c1", **seconds(5)))

    assert before == 10_000
    assert (office.score_of(ADA, MONDAY).total, office.score_of(BOB, MONDAY).total) == (10_000, 0)


def test_a_merge_stores_both_numbers_and_goes_on_from_the_higher() -> None:
    office = Office(draws=False)
    for n in range(3):
        office.take(an_event(EventType.PROFILE_STATED, BOB, **seconds(n)))
    office.take(an_event(PAGE, ADA, **seconds(4)))
    ada, bob = office.lead_of(ADA).id, office.lead_of(BOB).id
    both = (email(ADA, attested=True), email(BOB, attested=True))
    verdict = office.verdict(an_event(EventType.PROFILE_STATED, *both, **seconds(5)))

    assert "merged" in codes(verdict)
    assert verdict.lead_seq == 4
    assert verdict.receipt is not None
    assert verdict.receipt.facts["merged"] == {str(ada): 1, str(bob): 3}


def test_when_two_leads_with_sales_become_one_the_accepted_handoff_stays() -> None:
    office = Office()
    office.take(an_event(FORM, ADA, says={"consultation": "yes"}, **seconds(0)))
    office.take(an_event(FORM, BOB, says={"consultation": "yes"}, **seconds(1)))
    first, second = office.handoff_of(ADA), office.handoff_of(BOB)
    office.take(HandoffAccepted(id=an_id("a"), handoff=second.id, actor=second.assignee, at=MONDAY))
    both = (email(ADA, attested=True), email(BOB, attested=True))
    office.take(an_event(EventType.PROFILE_STATED, *both, **seconds(60)))

    assert office.world.handoffs[first.id].state is HandoffState.MERGED
    assert office.handoff_of(ADA).id == office.handoff_of(BOB).id == second.id
    assert office.world.handoffs[second.id].state is HandoffState.ACCEPTED
    assert ReturnTurn(first.id, "inside", first.assignee) in office.commands


def test_an_owners_handoff_that_is_merged_gives_no_turn_back() -> None:
    office, owned = Office(), ("hank@globex.example", "henry@globex.example")
    for place, address in enumerate(owned):
        office.take(an_event(FORM, address, says={"consultation": "yes"}, **seconds(place)))
    both = [email(address, attested=True) for address in owned]
    office.take(an_event(EventType.PROFILE_STATED, *both, **seconds(60)))

    assert [each.assignee for each in office.world.handoffs.values()] == ["olga", "olga"]
    assert HandoffState.MERGED in {each.state for each in office.world.handoffs.values()}
    assert not any(isinstance(each, ReturnTurn) for each in office.commands)


def test_a_number_is_never_given_twice_under_one_id_even_when_a_merge_is_taken_back() -> None:
    office = Office()
    visit = an_event(FORM, "c1", says={"consultation": "yes"}, **seconds(0))
    claim = an_event(FORM, ADA, "c1", **seconds(1))
    office.take(visit, claim, an_event(EventType.RETRACTED, corrects=claim.id, id="gone", **seconds(2)))
    office.take(an_event(FORM, "c1", says={"consultation": "yes"}, **seconds(3)))
    numbers = [(each.verdict.lead, each.verdict.lead_seq) for each in office.settled if each.stored]

    assert len(numbers) == len(set(numbers))


def first_claims(ownership: Ownership) -> list[str]:
    return list(dict.fromkeys(claimant for _, claimant in ownership.claims))


def test_claims_commute_and_stay_bounded() -> None:
    claims = [(Sighting(n % 17, f"event {n}"), f"p{n % 12}@x.example") for n in range(60)]
    forward, backward = Ownership(), Ownership()
    for seen, by in claims:
        forward = with_claim(forward, seen, by)
    for seen, by in reversed(claims):
        backward = with_claim(backward, seen, by)

    assert first_claims(forward) == first_claims(backward)
    assert len(forward.claims) <= MOST_CLAIMS * MOST_TIMES


def test_an_event_counts_on_its_email_before_its_cookie_before_its_phone() -> None:
    event = an_event(FORM, phone("+491"), cookie("c1"), email(BOB), email(ADA, attested=True))

    assert [key.value for key in keys_of(event)] == [ADA, BOB, "website:c1", "+491"]


def test_a_known_lead_has_an_email_or_a_phone_of_its_own() -> None:
    office = Office(draws=False)
    events: list[Event] = [an_event(FORM, "c1", "+491", **seconds(0)), an_event(FORM, "c2", "+491", **seconds(1))]
    office.take(*events)

    assert office.lead_of("c1").known
    assert not office.lead_of("c2").known


def test_who_typed_somebody_elses_number_can_still_be_called_there() -> None:
    office = Office()
    office.take(
        an_event(FORM, "c1", "+491", **seconds(0)),
        an_event(FORM, "c2", "+491", says={"consultation": "yes"}, **seconds(1)),
    )

    assert office.handoff_of("c2").brief.phone == "+491"
