"""P1: nothing reaches a rep without a whole play, and without a brief that knows what it does not know."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.brief import Brief, Certainty
from schemas.fact import encode
from schemas.handoff import OPEN
from schemas.play import DECODER, CardKind, DeliverPlay
from services.notifier.card import card_of
from services.notifier.mail import text_of
from services.notifier.sheet import sheet_of
from services.router.adapters.playbook_check import hole_in, texts_of
from services.router.adapters.rendering import render
from services.router.cards import Showing, handoff_card, triage_card
from services.router.domain.decision import SaveHandoff
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.telling import already_read
from tests.router.agreements import AGREEMENTS, straw_man
from tests.router.builders import MONDAY
from tests.router.lives import lived
from tests.router.office import Office

CROWD = 10
"""Leads an example."""
BOOKS = st.one_of(AGREEMENTS, st.builds(straw_man))
LIVES = st.integers(0, 2**32).map(Random)
DOMAINS = ("acme.example", "globex.example", "initech.example", "gmail.example", "rivalsoft.example", "firm.example")


def a_crowd(chance: Random) -> list[tuple[str, ...]]:
    """Leads who share nothing but perhaps their company: with an address, a browser and a phone, or less."""
    found = []
    for n in range(CROWD):
        email, phone = f"lead{n}@{chance.choice(DOMAINS)}", f"+49301{n:04}"
        found.append(chance.choice(((email,), (email, f"c{n}"), (email, f"c{n}", phone), (phone,), (f"c{n}",))))
    return found


def unsaid_in(brief: Brief) -> Iterator[str]:
    """What of the brief is neither known, nor inferred from something, nor said to be unknown."""
    if not brief.name.strip():
        yield "the name"
    for item in brief.qualification:
        match item.certainty:
            case Certainty.KNOWN:
                whole = bool(item.value.strip())
            case Certainty.INFERRED:
                whole = bool(item.value.strip() and item.evidence.strip())
            case Certainty.UNKNOWN:
                whole = bool(not item.value and item.evidence.strip())
        if not whole:
            yield item.label


def holes_in(handoff: Handoff, office: Office) -> Iterator[str]:
    """What is missing where this handoff is told to its rep: of the play, of the brief, of the card that is shown."""
    playbook = office.playbook
    (play,) = (each for each in playbook.plays if each.name == handoff.play)
    rep = playbook.reps[handoff.assignee or playbook.last_resort]
    members = office.world.members.get(handoff.lead, set())
    read = already_read(office.world.identifiers[key].dossier for key in members)
    text = render(play, handoff.brief, rep, read=read)
    yield from (f"{where}: {hole}" for where, each in texts_of(text) if (hole := hole_in(each)))
    yield from unsaid_in(handoff.brief)
    if not (handoff.brief.why_now and text.attempts > 0 and text.attempt_window):
        yield "why now, or how often"
    if not handoff.triggers:
        yield "what the play answers"
    showing = Showing(CardKind.OFFER, max(1, handoff.round), (rep.id,))
    card = handoff_card(handoff, text, showing, playbook, MONDAY)
    yield from _holes_shown(card, rep.id) if card is not None else ("nobody is told",)


def _holes_shown(command: DeliverPlay, person: str) -> Iterator[str]:
    """What is missing on the card as the notifier reads it off the log."""
    told = DECODER.decode(encode(command))
    card = card_of(told, person, person.title(), kind=told.kind)
    sheet = sheet_of(card)
    words = (sheet.objective, sheet.when_to_call, sheet.talk_track, sheet.voicemail, sheet.follow_up, sheet.attempts)
    more = (sheet.email_subject, sheet.email_body, sheet.wedge, sheet.tone, *sheet.snippets, *sheet.questions)
    lines = [line for line in sheet.qualification if not (line.value or (line.unknown and line.evidence))]
    if lines or not all(value for _, value in sheet.facts):
        yield f"a line without a value on the card: {lines or sheet.facts}"
    if not all((sheet.headline, sheet.name, sheet.standing, *sheet.why_now, *sheet.history)):
        yield "who, where it stands, why now or what they did"
    if told.play is not None and not all((*words, *more)):
        yield "a text of the play on the card"
    if not text_of(card).strip():
        yield "the mail"


@given(BOOKS, LIVES)
def test_no_lead_reaches_a_rep_without_a_whole_play(playbook: Playbook, chance: Random) -> None:
    office = Office(playbook)
    for names in a_crowd(chance):
        office.until(lived(office, chance, names, 8) + timedelta(hours=1))
    saved = [each.handoff for each in office.commands if isinstance(each, SaveHandoff)]
    told = [each for each in (*saved, *office.world.handoffs.values()) if each.state in OPEN]

    for handoff in {(each.lead, each.play, msgspec.json.encode(each.brief)): each for each in told}.values():
        assert list(holes_in(handoff, office)) == [], handoff
    for item in office.world.triage.values():
        if item.open:
            card = triage_card(item, playbook, MONDAY)

            assert card is not None
            assert list(_holes_shown(card, card.recipients[0].person)) == [], item
            assert list(unsaid_in(item.brief)) == [], item
            assert item.questions or item.why != "unknown", item
            assert item.play in {play.name for play in playbook.plays}
