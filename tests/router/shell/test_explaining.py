"""What would happen, and why, in words for a rep, for an admin and for a program; and nothing happens."""

import json

from services.router.adapters import tables
from services.router.domain.playbook import Playbook
from services.router.explaining import as_json, explain, explain_against, in_five_lines, in_full
from tests.router.shell.building import NOON, a_consultation, a_page_view, a_whitepaper
from tests.router.shell.choking import POISON, choking
from tests.router.shell.ring import SECRET, Hand


def test_a_consultation_is_explained_in_five_lines(playbook: Playbook) -> None:
    (explained,) = explain([a_consultation("ada@acme.example")], playbook, NOON)
    lines = in_five_lines(explained, playbook).splitlines()

    assert 3 <= len(lines) <= 5
    assert lines[0].endswith("PASS")
    assert explained.drawn is not None
    assert playbook.reps[explained.drawn.rep].name in lines[2]


def test_the_full_text_names_every_rule_and_every_candidate(playbook: Playbook) -> None:
    (explained,) = explain([a_consultation("ada@acme.example")], playbook, NOON)
    full = in_full(explained, playbook)

    assert all(rule in full for rule in ("consultation", "sql_criteria", "score_threshold", "target_responds"))
    assert explained.drawn is not None
    assert all(candidate.rep in full for candidate in explained.drawn.candidates)
    assert playbook.version in full


def test_of_whom_triage_gets_the_full_text_names_the_play_that_a_pass_would_give(playbook: Playbook) -> None:
    paper = a_whitepaper("ada@cray.example", claims={"title": "Dispatch Manager"})
    (explained,) = explain([paper], playbook, NOON)
    told = explained.triage

    assert told is not None
    assert (told.rules, told.play) == ((), "manager_ebook")
    assert "Play: manager_ebook, because if a person passes them: for score threshold" in in_full(explained, playbook)


def test_the_json_is_json(playbook: Playbook) -> None:
    (explained,) = explain([a_consultation("ada@acme.example")], playbook, NOON)
    told = as_json(explained)

    assert json.loads(json.dumps(told)) == told
    assert told["verdict"]["outcome"] == "pass"
    assert told["play"]["talk_track"]


def test_an_anonymous_page_view_is_explained_too(playbook: Playbook) -> None:
    (explained,) = explain([a_page_view("web:1")], playbook, NOON)

    assert explained.handoff is None
    assert "Why:" in in_five_lines(explained, playbook)


def test_events_of_one_payload_are_explained_one_after_the_other(playbook: Playbook) -> None:
    first, second = explain([a_page_view("web:1"), a_consultation("ada@acme.example", cookie="web:1")], playbook, NOON)

    assert first.verdict is not None
    assert second.verdict is not None
    assert (first.handoff is None, second.handoff is None) == (True, False)


def test_what_cannot_be_decided_says_so(playbook: Playbook) -> None:
    (explained,) = explain([a_page_view("web:1", name=POISON)], choking(playbook), NOON)

    assert explained.verdict is None
    assert "divides by zero" in in_five_lines(explained, playbook)


async def test_the_state_is_asked_and_left_as_it_was(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    before = [tuple(row) for table in (tables.IDENTIFIER, tables.HANDOFF) for row in await hand.rows(table)]
    again = a_consultation("ada@acme.example")
    (alone,) = explain([again], playbook, NOON)
    (known,) = await explain_against(hand.database, SECRET, [again], playbook, NOON)
    after = [tuple(row) for table in (tables.IDENTIFIER, tables.HANDOFF) for row in await hand.rows(table)]

    assert alone.verdict is not None
    assert known.verdict is not None
    assert (alone.verdict.outcome, known.verdict.outcome) == ("pass", "update")
    assert after == before
