"""The terminal draws what happened, and nothing a stranger typed becomes markup or escapes."""

from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from rich.console import Console

from playcaller.terminal import Terminal
from schemas.brief import Brief
from schemas.handoff import HandoffChanged, HandoffState
from schemas.lead import Priority
from schemas.play import ActionKind, Address, CardKind, DeliverPlay, PlayText, Recipient
from services.router.narration import Narration

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_screen() -> tuple[Terminal, StringIO]:
    screen = StringIO()
    return Terminal(Console(file=screen, width=110, force_terminal=False)), screen


def a_verdict(**changes: object) -> Narration:
    stated = {
        "kind": "verdict",
        "at": NOON,
        "what": "form_submitted “Talk to us”",
        "who": "ada@acme.example",
        "outcome": "pass",
        "fired": ("consultation",),
        "reasons": ("They asked to talk to us.",),
        "score": 120_000,
    }
    return Narration(**{**stated, **changes})  # type: ignore[arg-type]  # built from a dict on purpose


def test_who_enters_a_track_is_told_with_what_it_should_find_out() -> None:
    terminal, screen = a_screen()
    told = {"kind": "track", "at": NOON, "who": "colin@brightwell.example", "track": "The problem explained"}
    terminal.moved(Narration(what="enrolled", resolve="Is a budget approved?", told=True, **told))
    terminal.moved(Narration(what="graduated", **told))
    lines = screen.getvalue().splitlines()

    assert lines == [
        "     ✉ nurture: enrolled “The problem explained”, to find out: Is a budget approved?",
        "     ✉ nurture: graduated “The problem explained” (no webhook in nurture.yaml: nobody is told)",
    ]


def a_card(**changes: object) -> DeliverPlay:
    stated = {
        "id": UUID(int=1),
        "handoff": UUID(int=2),
        "version": 1,
        "kind": CardKind.OFFER,
        "sequence": 1,
        "state": HandoffState.OFFERED,
        "priority": Priority.A,
        "at": NOON,
        "recipients": (
            Recipient(person="grace", name="Grace Hopper", addresses=(Address(channel="inbox", address="grace"),)),
        ),
        "actors": ("grace",),
        "actions": (ActionKind.ACCEPT,),
        "brief": Brief(name="Ada Okonkwo", title="VP Operations", company="Acme", why_now=("asked for a call",)),
        "play": PlayText(
            name="call-now",
            objective="Book a visit",
            when_to_call="Now",
            talk_track="You asked about mornings.",
            voicemail="…",
            follow_up="…",
            email_subject="…",
            email_body="…",
            attempts=6,
            attempt_window="5 days",
        ),
        "accept_by": NOON,
        "time_zone": "Europe/London",
    }
    return DeliverPlay(**{**stated, **changes})  # type: ignore[arg-type]  # built from a dict on purpose


@pytest.mark.parametrize("outcome", ["pass", "triage", "nurture", "update", "ignore"])
def test_a_verdict_is_shown_with_who_why_and_which_rule(outcome: str) -> None:
    terminal, screen = a_screen()

    terminal.judged(a_verdict(outcome=outcome))

    drawn = screen.getvalue()
    assert outcome.upper() in drawn
    assert "ada@acme.example" in drawn
    assert "rule 1" in drawn
    assert "They asked to talk to us." in drawn
    assert "score 120" in drawn


def test_a_card_shows_the_rep_the_lead_and_what_to_do() -> None:
    terminal, screen = a_screen()

    terminal.card(a_card())

    drawn = screen.getvalue()
    for word in ("Grace Hopper", "Ada Okonkwo", "Book a visit", "asked for a call", "6 within 5 days", "12:00"):
        assert word in drawn


@pytest.mark.parametrize("nasty", ["[bold]Ada[/bold]", "[/]", "[link=http://evil.example]x[/link]"])
def test_a_strangers_text_is_never_markup(nasty: str) -> None:
    terminal, screen = a_screen()

    terminal.judged(a_verdict(who=nasty, reasons=(nasty,)))
    terminal.card(a_card(brief=Brief(name=nasty)))

    assert screen.getvalue().count(nasty) == 3


def test_a_strangers_escape_sequence_does_not_reach_the_terminal() -> None:
    terminal, screen = a_screen()

    terminal.judged(a_verdict(who="\x1b]0;owned\x07ada", what="\x1b[2Jform", reasons=("\x1b[31mred",)))
    terminal.card(a_card(brief=Brief(name="\x1b[2Jada")))

    assert "\x1b" not in screen.getvalue()
    assert "\x07" not in screen.getvalue()


@pytest.mark.parametrize(
    ("state", "words"), [(HandoffState.ACCEPTED, "Grace Hopper accepted Ada"), (HandoffState.REJECTED, "rejected Ada")]
)
def test_what_a_rep_did_is_told_by_name(state: HandoffState, words: str) -> None:
    terminal, screen = a_screen()
    change = HandoffChanged(
        id=UUID(int=3), handoff=UUID(int=2), version=2, state=state, lead=UUID(int=4), at=NOON, actor="grace"
    )

    terminal.changed(change, {"grace": "Grace Hopper"}, "Ada")

    assert words in screen.getvalue()
