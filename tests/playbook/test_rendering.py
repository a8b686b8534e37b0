"""Rendered plays: complete for everybody, nothing twice, and a stranger's text is never anything but text."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.brief import Brief
from schemas.event import IdentifierKind
from schemas.play import Content, PlayText
from services.router.adapters.playbook_check import texts_of
from services.router.adapters.rendering import render, spoken, unread
from services.router.adapters.templates import ALTERNATIVES, LONGEST, TemplateFault, filled, prove
from services.router.domain.briefs import brief_of
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Dossier, IdentifierKey, Lead
from services.router.domain.playbook import Play, Playbook
from services.router.domain.team import Rep

EXAMPLES = 500 if os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak" else 25
EVIL = [
    "{{ 7 * 7 }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{# gone #}",
    "</script><script>alert(1)</script>",
    "<!channel> <@U123> *bold*",
    "line\nfeed\r\nBcc: all@acme.example",
    "\u202eevil\x00\x1b[31m",
]


@pytest.fixture
def rep(straw_man: Playbook) -> Rep:
    return straw_man.reps["maya"]


def a_brief(**known: object) -> Brief:
    return Brief(**{"name": "Ada Lovelace", "email": "ada@acme.example", "phone": "+1202555", **known})  # type: ignore[arg-type]  # the brief's own fields


def a_play(talk_track: str = "Hello {{ first_name }}", **fields: object) -> Play:
    play = Play("p", "P", objective="o", when_to_call="now", talk_track=talk_track, email_first="write first")
    return replace(play, **fields)  # type: ignore[arg-type]  # the play's own fields


def whole(text: PlayText) -> str:
    return "\n".join(each for _, each in texts_of(text))


def test_every_play_is_complete_for_somebody_of_whom_nothing_is_known(straw_man: Playbook, rep: Rep) -> None:
    for play in straw_man.plays:
        for where, text in texts_of(render(play, Brief(name=""), rep)):
            assert text.strip(), (play.name, where)
            assert not re.search(r"\bNone\b|[{}]|“\s*”|\w [,.?!](\s|$)", text), (play.name, where, text)


def test_a_missing_value_says_its_alternative_and_is_false_in_an_if(rep: Rep) -> None:
    play = a_play(
        "Hello {{ first_name }} at {{ company }}.{% if title %} You, {{ title }}.{% endif %} {{ title or 'x' }}"
    )

    said = [render(play, brief, rep).talk_track for brief in (Brief(name=""), a_brief(company="Acme", title="CFO"))]

    assert said == ["Hello there at your company. x", "Hello Ada at Acme. You, CFO. CFO"]


@pytest.mark.parametrize(
    ("brief", "expected"),
    [
        (Brief(name="Ada Lovelace", email="ada@acme.example"), "Ada"),
        (Brief(name="A visitor from Globex"), "there"),
        (Brief(name="ada@acme.example", email="ada@acme.example"), "there"),
        (Brief(name="  ", phone="+1202555"), "there"),
        (Brief(name="Name not known", email="ada@acme.example"), "there"),
    ],
)
def test_only_a_person_with_a_name_is_called_by_it(rep: Rep, brief: Brief, expected: str) -> None:
    actual = render(a_play("{{ first_name }}"), brief, rep).talk_track

    assert actual == expected


def test_a_lead_without_a_name_is_called_by_none(straw_man: Playbook, rep: Rep) -> None:
    key = IdentifierKey(IdentifierKind.EMAIL, "ada@acme.example")
    lead = Lead(UUID(int=1), known=True, dossiers={key: Dossier()})
    brief = brief_of(LeadFacts(None, lead, straw_man, datetime(2026, 6, 1, tzinfo=UTC)), ())

    actual = render(a_play("{{ first_name }} / {{ name }}"), brief, rep).talk_track

    assert actual == "there / ada@acme.example"


def test_without_a_phone_the_play_begins_with_its_email(rep: Rep) -> None:
    found = [render(a_play(), a_brief(phone=phone), rep) for phone in ("", "+1202555")]

    assert [(text.email_first, text.when_to_call) for text in found] == [(True, "write first"), (False, "now")]


STORY = Content(title="Harbor Electric", url="https://brightwater.example/customers/harbor-electric")


@pytest.mark.parametrize(
    "read",
    [
        "https://brightwater.example/customers/harbor-electric",
        "https://brightwater.example/customers/harbor-electric/?utm_source=x#top",
        "/customers/harbor-electric",
        "/Customers/Harbor-Electric/",
        "harbor-electric",
        "Harbor Electric",
    ],
)
def test_what_they_have_read_is_not_sent_again(read: str) -> None:
    other = Content(title="Pricing", url="https://brightwater.example/pricing")

    actual = unread([STORY, other], frozenset({read}))

    assert actual == (other,)


def test_the_text_offers_the_first_thing_they_have_not_read(rep: Rep) -> None:
    play = a_play("{% if content_url %}{{ content_title }}: {{ content_url }}{% else %}nothing new{% endif %}")
    play = replace(play, content=(STORY,))

    said = [render(play, a_brief(), rep, read=read).talk_track for read in (frozenset[str](), frozenset({STORY.url}))]

    assert said == [f"Harbor Electric: {STORY.url}", "nothing new"]


@pytest.mark.parametrize("evil", EVIL)
def test_a_strangers_text_is_never_a_template_and_always_one_line(straw_man: Playbook, rep: Rep, evil: str) -> None:
    brief = a_brief(name=evil, title=evil, company=evil, interest=evil, why_now=(evil,))
    said = render(a_play("[{{ company }}]", email_subject="{{ interest }}"), brief, rep)
    expected = " ".join("".join(each if each.isprintable() else " " for each in evil).split())

    assert (said.talk_track, said.email_subject) == (f"[{expected}]", expected)
    assert "49" not in "".join(render(play, brief, rep).email_body for play in straw_man.plays)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.builds(Brief, name=st.text(), title=st.text(), company=st.text(max_size=5000), email=st.text(), phone=st.text())
)
def test_no_brief_breaks_a_play_or_makes_it_longer_than_allowed(straw_man: Playbook, brief: Brief) -> None:
    for play in straw_man.plays:
        for _, text in texts_of(render(play, brief, straw_man.reps["maya"])):
            assert 0 < len(text) <= LONGEST


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 9 ** 9 ** 9 }}", "pow"),
        ("{% for x in range(10) %}{% endfor %}", "for"),
        ("{% macro x() %}{% endmacro %}", "macro"),
        ("{% include 'x' %}", "include"),
        ("{% set x = 1 %}", "assign"),
        ("{{ name.upper() }}", "call"),
        ("{{ name[0] }}", "getitem"),
        ("{{ name ~ name }}", "concat"),
        ("{{ 'a' * 1000000000 }}", "mul"),
        ("{{ firstname }}", "firstname"),
        ("{% if %}", "broken"),
        ("{{", "broken"),
    ],
)
def test_a_template_that_could_compute_is_refused(template: str, said: str) -> None:
    with pytest.raises(TemplateFault, match=said):
        prove(template)


def test_a_long_template_is_cut_and_not_refused() -> None:
    actual = filled("{{ name }}" * 1000, {"name": "x" * 1000})

    assert (len(actual), actual[-1]) == (LONGEST, "…")


_BLANKS = st.text(st.sampled_from(" a\n\t\r\u00a0\u2003\x00é"), max_size=40)


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(_BLANKS, _BLANKS)
def test_values_and_texts_are_tidied_as_word_by_word_and_line_by_line(value: str, text: str) -> None:
    words = "".join(each if each.isprintable() else " " for each in value).split()
    title = " ".join(words) or ALTERNATIVES["title"]
    lines = [line.rstrip() for line in f"{text}{title}{text}".strip().split("\n")]
    expected = "\n".join(line for at, line in enumerate(lines) if line or (at and lines[at - 1]))

    written = f"{{{{ '{text.encode('unicode_escape').decode()}' }}}}"  # so that no newline of it is Jinja's to mend
    actual = filled(f"{written}{{{{ title }}}}{written}", {"title": value})

    assert actual == expected


def test_every_value_has_a_written_alternative() -> None:
    template = " | ".join(f"{{{{ {name} }}}}" for name in ALTERNATIVES)

    actual = filled(template, {})

    assert actual == " | ".join(ALTERNATIVES.values())


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(days=5), "5 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=1), "1 second"),
    ],
)
def test_a_window_is_said_as_people_say_it(duration: timedelta, expected: str) -> None:
    assert spoken(duration) == expected
