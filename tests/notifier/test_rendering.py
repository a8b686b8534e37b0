"""Texts are cleaned by looking for what would have to go first: it comes to what cleaning at once comes to."""

import re
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.handoff import HandoffState
from services.notifier import blockkit, rendering
from services.notifier.blockkit import blocks, escaped
from services.notifier.rendering import GAP, clean, clipped, defanged, linkish
from services.notifier.sheet import sheet_of
from tests.notifier.builders import a_brief, a_card, a_play, a_text, an_update

PIECES = [
    "ada",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n\n",
    "\r\n",
    "\u2028",
    "\u200b",
    "\u202e",
    "\u00a0",
    "\x00",
    "e\u0301\u0301",
]
PIECES += [
    "\u0301" * 5,
    "Ü",
    "😀",
    "https://acme.example",
    "acme.example",
    "mailto:ada",
    ".",
    ":",
    "&amp;",
    "<",
    ">",
    "&",
]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join)


def cleaned_at_once(text: str, limit: int) -> str:
    flat = rendering._CONTROL.sub("", rendering._BREAKS.sub("\n", text))
    tidy = rendering._SPACES.sub(" ", rendering._STACKED.sub(r"\1", flat))
    return clipped(rendering._BLANK_LINES.sub("\n\n", tidy).strip(), limit)


@given(text=texts, limit=st.integers(1, 60))
def test_a_text_is_cleaned_as_if_everything_had_been_looked_for(text: str, limit: int) -> None:
    assert clean(text, limit) == cleaned_at_once(text, limit)


def test_what_has_to_go_is_never_printable() -> None:
    gone = re.compile(f"{rendering._CONTROL.pattern}|{rendering._BREAKS.pattern}")
    every = map(chr, range(sys.maxunicode + 1))

    assert not [character for character in every if character.isprintable() and gone.fullmatch(character)]


@given(text=texts)
def test_a_link_has_a_colon_or_a_dot(text: str) -> None:
    everything = rendering._HOST.sub("." + GAP, rendering._SCHEME.sub(r"\1:" + GAP, text))

    assert defanged(text) == everything
    assert linkish([text]) == tuple(sorted(set(rendering._LINKISH.findall(text)), key=len, reverse=True))


@given(text=texts)
def test_slacks_three_characters_are_escaped_once(text: str) -> None:
    assert escaped(text, 10_000) == text.translate(str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"}))


def one_by_one(card: Any) -> list[Any]:
    """The blocks, each part measured for itself."""
    sheet = sheet_of(card)
    needed = [*blockkit._head(card, sheet), *blockkit._urgent(sheet), *blockkit._buttons(card, sheet)]
    room = blockkit.MOST - blockkit._size(needed + blockkit._MORE)
    extra: list[Any] = []
    for wanted in blockkit._details(sheet):
        if blockkit._size(wanted) > room:
            return [*needed, *extra, *blockkit._MORE]
        room -= blockkit._size(wanted)
        extra += wanted
    return [*needed, *extra]


@given(
    long=st.integers(0, 1200),
    plan=st.integers(0, 1200),
    words=st.sampled_from(["pumps ", "Pümpchen “", "😀\n", '"\\"']),
)
def test_a_message_shows_as_many_parts_as_measuring_each_of_them_would(long: int, plan: int, words: str) -> None:
    text = a_text(voicemail=words * 200, email_body=words * long, talk_track=words * 300, snippets=(words * 90,) * 5)
    card = a_card(a_play(play=text, brief=a_brief(game_plan=words * plan)))

    assert blocks(card, sheet_of(card)) == one_by_one(card)


@pytest.mark.parametrize(
    ("waits_for", "words"),
    [
        ("they asked for it", "Not before Mon 14 Sep, 16:30 BST: they asked for it. Now: within the next 10 minutes"),
        ("", "Not before Mon 14 Sep, 16:30 BST. Now: within the next 10 minutes"),
    ],
)
def test_a_card_that_has_to_wait_says_until_when_on_the_readers_clock_and_why(waits_for: str, words: str) -> None:
    later = datetime(2026, 9, 14, 15, 30, tzinfo=UTC)
    sheet = sheet_of(a_card(a_play(not_before=later, waits_for=waits_for)))

    assert sheet.when_to_call.startswith(words)


def test_a_card_that_may_be_worked_at_once_says_nothing_of_waiting() -> None:
    ready, done = (
        a_play(),
        an_update(state=HandoffState.CONVERTED, not_before=datetime(2026, 9, 14, 15, 30, tzinfo=UTC)),
    )

    assert not any(sheet_of(a_card(one)).when_to_call.startswith("Not before") for one in (ready, done))
