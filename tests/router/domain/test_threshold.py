"""R3, I4: a named account's tier may lower the threshold, never raise it; a list that stands in the way is named."""

from dataclasses import replace

import pytest

from schemas.event import EventType
from schemas.verdict import Outcome, Rule, Ternary
from services.router.adapters.playbook_parts import threshold_of as as_written
from services.router.domain.playbook import SuppressionKind, Suppressions
from services.router.domain.scoring import threshold_of
from tests.playbook.facts import SomeFacts
from tests.router.builders import MONDAY, a_playbook, an_event
from tests.router.office import Office, codes

FORM, PAPER = EventType.FORM_SUBMITTED, EventType.CONTENT_DOWNLOADED
TIERS = {"gold": 40_000, "lead": 400_000}


@pytest.mark.parametrize(("who", "fires"), [("ada@globex.example", True), ("ada@acme.example", False)])
def test_fifty_points_pass_at_a_named_account_of_that_tier_and_nowhere_else(who: str, fires: bool) -> None:
    book = a_playbook()
    rules = {rule: each for rule, each in book.rules.items() if rule is not Rule.TARGET_RESPONDS}
    office = Office(replace(book, rules=rules, scoring=replace(book.scoring, target_thresholds=TIERS)))
    verdict = office.verdict(an_event(PAPER, who, at=MONDAY))

    assert (Rule.SCORE_THRESHOLD in verdict.fired) is fires


@pytest.mark.parametrize("tier", ["", "gold", "lead", "nobody's"])
@pytest.mark.parametrize("points", [39, 40, 99, 100, 399, 400])
def test_the_rule_as_it_is_written_asks_for_what_the_router_asks_for(tier: str, points: int) -> None:
    scoring = replace(a_playbook().scoring, target_thresholds=TIERS)
    written = as_written(scoring).test(SomeFacts({"score.total": points, "account.tier": tier or None}))

    assert (written is Ternary.TRUE) is (points * 1000 >= threshold_of(scoring, tier))


@pytest.mark.parametrize("kind", list(SuppressionKind))
def test_a_request_of_somebody_on_a_list_is_shown_to_a_person_with_the_lists_reason(kind: SuppressionKind) -> None:
    office = Office(a_playbook(suppressions=Suppressions(domains={"acme.example": kind})))
    asked = office.verdict(an_event(FORM, "ada@eu.acme.example", says={"consultation": "yes"}))

    assert asked.outcome is Outcome.TRIAGE
    assert codes(asked) == [f"suppressed_{kind.value}", "consultation"]
    assert office.triage_of("ada@eu.acme.example").why == kind.value
    assert asked.receipt is not None
    assert asked.receipt.facts["suppressed"] == kind.value
