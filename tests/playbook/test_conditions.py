"""The condition language: what each of its words means, in three values, and what it refuses."""

from typing import Any

import pytest

from schemas.verdict import Ternary
from services.router.domain.conditions import ConditionFault, compile_all, compile_condition
from services.router.domain.vocabulary import Place, Vocabulary
from services.router.domain.words import Abbreviations
from tests.playbook.facts import SomeFacts

TRUE, FALSE, UNKNOWN = Ternary.TRUE, Ternary.FALSE, Ternary.UNKNOWN
WORDS = Vocabulary(
    signals={"whitepaper": "Downloaded a whitepaper", "visit": "Visited"},
    abbreviations=Abbreviations({"vp": "vice president"}),
)


def says(node: Any, values: dict[str, Any] | None = None, counts: dict[str, list[int]] | None = None) -> Ternary:
    return compile_condition(node, WORDS).test(SomeFacts(values, counts))


@pytest.mark.parametrize(
    ("node", "values", "expected"),
    [
        ({"lead.company": "Acme"}, {"lead.company": " ACME "}, TRUE),
        ({"lead.company": "Acme"}, {"lead.company": "Globex"}, FALSE),
        ({"lead.company": "Acme"}, {}, UNKNOWN),
        ({"lead.country": ["DE", "NO"]}, {"lead.country": "no"}, TRUE),
        ({"lead.country": {"in": ["DE", "NO"]}}, {"lead.country": "FR"}, FALSE),
        ({"lead.budget": "yes"}, {"lead.budget": "yes"}, TRUE),
        ({"lead.budget": "yes"}, {"lead.budget": "no"}, FALSE),
        ({"lead.budget": "yes"}, {}, UNKNOWN),
        ({"lead.has_phone": "yes"}, {"lead.has_phone": True}, TRUE),
        ({"lead.has_phone": "no"}, {"lead.has_phone": True}, FALSE),
        ({"account.is_target": True}, {}, UNKNOWN),
        ({"event.type": "page_viewed"}, {"event.type": "page_viewed"}, TRUE),
        ({"event.type": ["page_viewed", "form_submitted"]}, {"event.type": "email_opened"}, FALSE),
        ({"event.marks": "bot"}, {"event.marks": ("bot", "scanner")}, TRUE),
        ({"event.marks": "bot"}, {"event.marks": ()}, FALSE),
        ({"event.path": {"starts_with": ["/pricing", "/plans"]}}, {"event.path": "/Pricing/eu"}, TRUE),
        ({"event.path": {"ends_with": ".pdf"}}, {"event.path": "/a.PDF"}, TRUE),
        ({"lead.message": {"contains": "urgent"}}, {"lead.message": "this is URGENT!"}, TRUE),
        ({"lead.message": {"contains": "urgent"}}, {}, UNKNOWN),
        ({"lead.employees": {"at_least": 50}}, {"lead.employees": "240"}, TRUE),
        ({"lead.employees": {"at_least": 50}}, {"lead.employees": "1,000+"}, TRUE),
        ({"lead.employees": {"at_least": 50}}, {"lead.employees": "11-49"}, FALSE),
        ({"lead.employees": {"at_least": 50}}, {"lead.employees": "11-200"}, UNKNOWN),
        ({"lead.employees": {"at_least": 50}}, {"lead.employees": "plenty"}, UNKNOWN),
        ({"lead.employees": {"at_least": 50, "at_most": 99}}, {"lead.employees": 99}, TRUE),
        ({"score.total": {"at_most": 10}}, {"score.total": 11}, FALSE),
        ({"known": "lead.phone"}, {}, FALSE),
        ({"unknown": ["lead.phone", "lead.budget"]}, {}, TRUE),
        ({"unknown": ["lead.phone", "lead.budget"]}, {"lead.budget": "no"}, FALSE),
        ({"not": {"lead.budget": "yes"}}, {}, UNKNOWN),
        ({"not": {"lead.budget": "yes"}}, {"lead.budget": "no"}, TRUE),
        ({"always": "yes"}, {}, TRUE),
    ],
)
def test_a_comparison_says_what_it_reads_like(node: Any, values: dict[str, Any], expected: Ternary) -> None:
    actual = says(node, values)

    assert actual is expected


def test_what_an_event_does_not_say_is_not_so_but_what_a_lead_did_not_say_is_unknown() -> None:
    of_event, of_lead = says({"event.consultation": "yes"}), says({"lead.consultation": "yes"})

    assert (of_event, of_lead) == (FALSE, UNKNOWN)


@pytest.mark.parametrize(
    ("node", "days_ago", "expected"),
    [
        ({"count": "whitepaper"}, [400], TRUE),
        ({"count": "whitepaper", "within_days": 30}, [30], FALSE),
        ({"count": "whitepaper", "within_days": 30}, [29], TRUE),
        ({"count": "whitepaper", "at_least": 2}, [1], FALSE),
        ({"count": "whitepaper", "at_most": 0}, [], TRUE),
        ({"count": ["whitepaper", "visit"], "at_least": 2}, [1, 2], TRUE),
    ],
)
def test_an_absent_behaviour_is_zero_and_never_unknown(node: Any, days_ago: list[int], expected: Ternary) -> None:
    actual = says(node, counts={"whitepaper": days_ago})

    assert actual is expected


def test_lines_of_a_mapping_must_all_hold() -> None:
    node = {"event.type": "page_viewed", "event.path": "/pricing"}

    found = [says(node, {"event.type": "page_viewed", "event.path": path}) for path in ("/pricing", "/blog")]

    assert found == [TRUE, FALSE]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"event.type": "page_viewed"}, {"page_viewed"}),
        ({"event.type": ["page_viewed", "tracked"], "event.path": "/x"}, {"page_viewed", "tracked"}),
        ({"any": [{"event.type": "page_viewed"}, {"event.type": "tracked"}]}, {"page_viewed", "tracked"}),
        ({"any": [{"event.type": "page_viewed"}, {"event.path": "/x"}]}, None),
        ({"not": {"event.type": "page_viewed"}}, None),
        ({"all": [{"event.type": ["page_viewed", "tracked"]}, {"event.type": "tracked"}]}, {"tracked"}),
    ],
)
def test_the_event_types_on_which_it_can_be_true_are_worked_out(node: Any, expected: set[str] | None) -> None:
    actual = compile_condition(node, WORDS).event_types

    assert actual == expected


@pytest.mark.parametrize(
    ("node", "where", "said", "suggestion"),
    [
        ({"lead.tilte": "x"}, ("lead.tilte",), "“lead.tilte” is not known", "lead.title"),
        ({"event.type": "page_view"}, ("event.type",), "“event.type” is never “page_view”", "page_viewed"),
        ({"anny": []}, ("anny",), "“anny” is no word of a condition", "any"),
        ({"lead.title": {"start_with": "x"}}, ("lead.title", "start_with"), "no comparison", "starts_with"),
        ({"count": "whitepapr"}, ("count",), "there is no signal “whitepapr”", "whitepaper"),
        ({"count": []}, ("count",), "name a signal", ""),
        ({"known": []}, ("known",), "name what has to be known", ""),
        ({"count": "visit", "atleast": 2}, ("atleast",), "cannot stand beside `count`", "at_least"),
        ({"count": "visit", "within_days": 4000}, ("within_days",), "whole number from 1 to 365", ""),
        ({"lead.has_phone": "perhaps"}, ("lead.has_phone",), "is `yes` or `no`", ""),
        ({"score.total": {"at_least": "many"}}, ("score.total", "at_least"), "takes a number", ""),
        ({"all": {"lead.budget": "yes"}}, ("all",), "takes a list of conditions", ""),
        ({"any": [{"always": "yes"}, {}]}, ("any", 1), "this condition is empty", ""),
        ({"lead.title": {"words": [{"not": "x"}]}}, ("lead.title", "words"), "only exclude", ""),
        ({"lead.title": {"words": ["…"]}}, ("lead.title", "words", 0), "a pattern is some words", ""),
        ({"checklist": "sql"}, ("checklist",), "there is no checklist “sql”", ""),
        ({"threshold": "reached"}, ("threshold",), "only the rule about the score", ""),
        ("lead.title", (), "a condition is a mapping", ""),
        ({"lead.title": None}, ("lead.title",), "a text or a number is needed", ""),
    ],
)
def test_a_fault_says_where_and_what_was_probably_meant(
    node: Any, where: tuple[str | int, ...], said: str, suggestion: str
) -> None:
    with pytest.raises(ConditionFault) as caught:
        compile_condition(node, WORDS)

    assert (caught.value.path, caught.value.suggestion) == (where, suggestion)
    assert said in caught.value.message


def test_all_faults_come_at_once() -> None:
    _, faults = compile_all({"lead.tilte": "x", "any": [{"lead.bugdet": "yes"}, {"nope": 1}]}, WORDS, Place.RULE)

    assert [fault.path for fault in faults] == [("lead.tilte",), ("any", 0, "lead.bugdet"), ("any", 1, "nope")]


@pytest.mark.parametrize(
    ("place", "node", "said"),
    [
        (Place.SIGNAL, {"event.source": "hubspot"}, "the origin of a lead never earns points"),
        (Place.SIGNAL, {"event.utm_source": "google"}, "the origin of a lead never earns points"),
        (Place.SIGNAL, {"lead.title": "x"}, "a signal looks at its event alone"),
        (Place.SIGNAL, {"count": "visit"}, "points must not depend on order"),
        (Place.CHARACTERISTIC, {"lead.owner": "maya"}, "the origin of a lead never earns points"),
        (Place.CHARACTERISTIC, {"event.type": "page_viewed"}, "belongs under `signals`"),
        (Place.CHARACTERISTIC, {"lead.stage": "x"}, "belongs under `signals`"),
        (Place.PERSONA, {"lead.persona": "x"}, "a persona is told by"),
        (Place.PERSONA, {"count": "visit"}, "signals cannot be counted here"),
        (Place.STAGE, {"event.type": "page_viewed"}, "a stage is told by"),
        (Place.CHECKLIST, {"event.type": "page_viewed"}, "a checklist is about the lead"),
    ],
)
def test_each_place_refuses_what_would_make_it_wrong(place: Place, node: Any, said: str) -> None:
    with pytest.raises(ConditionFault) as caught:
        compile_condition(node, WORDS, place)

    assert said in caught.value.message


def test_the_text_reads_as_a_sentence() -> None:
    node = {"event.type": "form_submitted", "any": [{"lead.budget": "yes"}, {"count": "visit", "at_least": 3}]}

    actual = compile_condition(node, WORDS).text

    assert actual == (
        "what happened is form submitted and (the lead's budget is yes or the number of “Visited” is at least 3)"
    )
