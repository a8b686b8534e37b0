"""Words in titles: the vice president in every spelling, and never her assistant."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.words import Abbreviations, Pattern, company_name, decides, words_of

TABLE = Abbreviations({"vp": "vice president", "svp": "senior vice president", "pa to": "personal assistant to"})
PATTERNS = [
    Pattern(words_of("assistant to"), says=False),
    Pattern(words_of("former"), says=False),
    Pattern(words_of("vice president")),
]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("VP Sales", True),
        ("Vice President, Sales", True),
        ("Vice-President of Operations", True),
        ("V.P., Field Service", True),
        ("SVP & General Manager", True),
        ("VICE  PRESIDENT", True),
        ("ｖｐ Sales", True),
        ("Assistant to the Vice President", False),
        ("PA to the VP", False),
        ("Executive Assistant to VP Sales", False),
        ("Former Vice President", False),
        ("President", False),
        ("Vice Chair and President", False),
        ("MVP developer", False),
        ("", False),
    ],
)
def test_a_vice_president_is_known_in_every_spelling_and_the_assistant_is_not(title: str, expected: bool) -> None:
    actual = decides(PATTERNS, TABLE.spelled(words_of(title)))

    assert actual is expected


def test_the_first_pattern_that_occurs_decides() -> None:
    president_first = [PATTERNS[2], PATTERNS[0]]
    words = TABLE.spelled(words_of("Assistant to the VP"))

    assert decides(president_first, words)
    assert not decides(PATTERNS, words)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ACME, Inc.", "Acme"), ("Globex GmbH & Co. KG", "globex"), ("Initech S.A.", "INITECH"), ("Company", "company")],
)
def test_a_company_is_the_same_with_and_without_its_legal_ending(one: str, other: str) -> None:
    actual = company_name(one)

    assert actual == company_name(other) != ""


@given(st.text(max_size=400))
def test_any_text_is_words_without_a_complaint(text: str) -> None:
    words = TABLE.spelled(words_of(text))

    assert all(word and word == word.casefold() for word in words if word.isascii())


def test_a_hostile_text_takes_no_longer_than_it_is_long() -> None:
    start = time.thread_time()
    for evil in ("a." * 200_000, "'s" * 200_000, "vp " * 200_000, "́" * 200_000):
        decides(PATTERNS, TABLE.spelled(words_of(evil)))

    assert time.thread_time() - start < 1
