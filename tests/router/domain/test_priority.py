"""S5: fit × engagement gives A to D; what the product is worth may weigh; where a lead comes from never does."""

from dataclasses import replace
from itertools import product

import pytest

from schemas.event import Event, EventType
from schemas.lead import Priority
from schemas.verdict import Rule
from services.router.domain.playbook import Scoring
from services.router.domain.scoring import Points, priority_of
from tests.router.builders import a_playbook, an_event, email
from tests.router.office import Office

FORM = EventType.FORM_SUBMITTED
ADA = "ada@acme.example"
WEIGHTS = {"crew planning": 1, "spare parts": -1}
ROWS = {4: "BAAA", 3: "CBAA", 2: "DCBB", 1: "DDCB"}
MATRIX = Scoring(
    fit_bands=(30_000, 60_000, 100_000),
    engagement_bands=(20_000, 50_000, 100_000),
    matrix={(fit, at): Priority(letter) for fit, row in ROWS.items() for at, letter in enumerate(row, start=1)},
)
FIT = {1: (-100_000, 29_999), 2: (30_000, 59_999), 3: (60_000, 99_999), 4: (100_000, 900_000)}
ENGAGEMENT = {1: (-80_000, 19_999), 2: (20_000, 49_999), 3: (50_000, 99_999), 4: (100_000, 900_000)}


def selling(*, scored: bool = True, **weights: int) -> Office:
    """Acme's seller, to whom these products weigh (`crew_planning` is “crew planning”)."""
    book, named = a_playbook(), {name.replace("_", " "): weight for name, weight in weights.items()}
    return Office(replace(book, scoring=replace(book.scoring, on=scored, products=named)))


def a_request(wants: str = "", **says: str) -> Event:
    return an_event(FORM, ADA, says={"consultation": "yes", **({"product": wants} if wants else {}), **says})


@pytest.mark.parametrize(("fit", "engagement"), list(product(FIT, ENGAGEMENT)))
def test_each_band_of_fit_and_engagement_begins_and_ends_where_it_is_written(fit: int, engagement: int) -> None:
    corners = {priority_of(Points(*each), MATRIX) for each in product(FIT[fit], ENGAGEMENT[engagement])}

    assert corners == {Priority(ROWS[fit][engagement - 1])}


@pytest.mark.parametrize(
    ("wants", "priority"),
    [
        ("", Priority.C),
        ("Crew planning", Priority.B),
        ("  crew   PLANNING ", Priority.B),
        ("Spare parts", Priority.D),
        ("Something else", Priority.C),
    ],
)
def test_what_they_want_raises_or_lowers_the_priority_by_one_letter(wants: str, priority: Priority) -> None:
    office = selling(crew_planning=1, spare_parts=-1)
    office.take(a_request(wants, title="Vice President"))

    assert office.handoff_of(ADA).priority is priority


def test_nothing_rises_above_a_or_sinks_below_d() -> None:
    dear, cheap = selling(scored=False, crew_planning=1), selling(spare_parts=-1)
    for office, wants in ((dear, "crew planning"), (cheap, "spare parts")):
        office.take(a_request(wants))

    assert [office.handoff_of(ADA).priority for office in (dear, cheap)] == [Priority.A, Priority.D]


def test_a_receipt_says_that_the_product_weighed_and_only_then() -> None:
    told = []
    for wants in ("crew planning", "something else"):
        receipt = selling(crew_planning=1).verdict(a_request(wants)).receipt
        assert receipt is not None
        told.append(receipt.facts.get("product_weight"))

    assert told == [1, None]


def test_the_product_weighs_where_nothing_is_scored_too() -> None:
    office = selling(scored=False, spare_parts=-1)
    office.take(a_request("spare parts"))

    assert (office.handoff_of(ADA).rules, office.handoff_of(ADA).priority) == ((Rule.CONSULTATION,), Priority.B)


def test_whoever_brought_them_and_from_wherever_they_come_the_priority_is_the_same() -> None:
    found = set()
    for source, attested, campaign in product(("hubspot", "sales", "website"), (True, False), ("spring", "")):
        office = selling(crew_planning=1)
        event = an_event(
            FORM,
            email(ADA, attested=attested),
            source=source,
            says={"consultation": "yes", "product": "crew planning", "title": "Vice President"},
            utm_campaign=campaign,
            referrer="https://search.example",
        )
        office.take(event)
        found.add(office.handoff_of(ADA).priority)

    assert found == {Priority.B}
