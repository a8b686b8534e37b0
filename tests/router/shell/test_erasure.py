"""Who asks to be forgotten leaves no trace in the state, and does not come back with an old event."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from runtime.keys import keyed_hash
from runtime.log import Message
from schemas import feedback
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.event import EventType
from schemas.fact import decode, encode
from schemas.feedback import IdentifiersErased
from schemas.play import ErasePlay
from schemas.topics import FEEDBACK
from services.router.adapters import codec, tables
from services.router.adapters.codec import milliseconds
from services.router.adapters.packing import unpacked
from services.router.adapters.snapshots import take
from services.router.adapters.tables import METADATA
from services.router.domain.handoff import Handoff
from services.router.erasure import request_erasure
from services.router.export import export_person
from services.router.telling import dead_letter_message
from tests.router.shell.building import (
    NOON,
    a_consultation,
    a_page_view,
    a_whitepaper,
    an_accept,
    an_erasure,
    an_event,
)
from tests.router.shell.ring import Hand

ADA = "ada.lovelace@acme.example"
TRACES = (b"ada.lovelace", b"Ada.Lovelace", b"+442071838750", b"web:ada-laptop", b"Analytical Engines")


async def everything(hand: Hand) -> bytes:
    """Every value of every row of every table of the router, and of every row that a snapshot holds."""
    found: list[object] = []
    async with hand.database.reading() as connection:
        for table in METADATA.sorted_tables:
            for row in await connection.execute(select(table)):
                found += row
    for part in await hand.rows(tables.SNAPSHOT_PART):
        found += [value for row in unpacked(part.rows, METADATA.tables[part.of]) for value in row.values()]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in found)


async def adas_story(hand: Hand) -> None:
    claims = {"company": "Analytical Engines", "title": "Vice President"}
    await hand.feed(
        a_page_view("web:ada-laptop", "/pricing"),
        a_consultation(ADA, cookie="web:ada-laptop", phone="+442071838750", claims=claims),
        an_event(EventType.CONTENT_DOWNLOADED, email=ADA, properties={"asset": "whitepaper"}),
        a_consultation("grace@bolt.example", cookie="web:grace"),
    )


async def test_an_erased_person_leaves_no_trace_in_any_table(hand: Hand) -> None:
    await adas_story(hand)
    before = await everything(hand)
    await hand.feed(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    after = await everything(hand)

    assert [trace for trace in TRACES if trace not in before] == []
    assert [trace for trace in TRACES if trace in after] == []
    assert b"grace@bolt.example" in after


JEAN = "jean.bartik@globex.example"
BRIEF = "we lose a day a week"
HERS = (b"jean.bartik", b"Jean Jennings", b"+12155550146", b"web:jeans-desk", BRIEF.encode())


async def jeans_colleagues_come(hand: Hand) -> None:
    """At a named account Jean's play is open; what Kay and Betty do joins it, and what Betty asks for is her own."""
    claims = {"full_name": "Jean Jennings", "message": BRIEF}
    await hand.feed(a_consultation(JEAN, cookie="web:jeans-desk", phone="+12155550146", claims=claims))
    await hand.feed(a_page_view("web:kay", "/pricing"), a_whitepaper("kay.mcnulty@globex.example", cookie="web:kay"))
    await hand.feed(an_event(email="betty@globex.example"), a_consultation("betty@globex.example"))


async def what_others_saw(hand: Hand) -> list[Handoff]:
    """The account's play, as it stands with the verdicts on others that have seen it."""
    held = [codec.SURROUNDINGS.decode(row.surroundings) for row in await hand.rows(tables.VERDICT) if row.surroundings]
    return [around.account_handoff for around in held if around.account_handoff is not None]


async def test_what_verdicts_on_others_saw_of_an_erased_person_s_play_tells_nothing_of_them(hand: Hand) -> None:
    await jeans_colleagues_come(hand)
    hers = {handoff.id for handoff in await hand.handoffs() if handoff.brief.email == JEAN}
    book = hand.desk.shelf.current
    await take(hand.database, milliseconds(hand.clock.now()), book.version, book.lists_version)
    before, seen = await everything(hand), await what_others_saw(hand)
    await hand.feed(an_erasure(JEAN, hand.clock.now() + timedelta(hours=1)))
    after = await everything(hand)

    assert [trace for trace in HERS if trace not in before] == []
    assert {play.id for play in seen} == hers
    assert len(seen) >= 3
    assert await what_others_saw(hand) == seen
    assert {play.lead for play in seen} == {UUID(int=0)}
    assert [trace for trace in HERS if trace in after] == []
    assert b"kay.mcnulty@globex.example" in after


async def test_the_notifier_is_told_to_forget_every_handoff_of_theirs(hand: Hand) -> None:
    await adas_story(hand)
    theirs = {handoff.id for handoff in await hand.handoffs() if handoff.brief.email == ADA}
    shown = len(await hand.cards())
    await hand.feed(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    cards = (await hand.cards())[shown:]

    assert len(theirs) == 1
    assert {card.handoff for card in cards if isinstance(card, ErasePlay)} == theirs
    assert all(ADA.encode() not in encode(card) for card in cards)


async def test_what_waits_in_the_outbox_about_them_is_never_said(hand: Hand) -> None:
    await adas_story(hand)
    about_ada = a_page_view("web:ada-laptop", source="website")
    letters = [
        DeadLetter(
            id=event.id, reason=DeadLetterReason.POISON, detail="", at=NOON, source="website", value=encode(event)
        )
        for event in (about_ada, an_event(email=ADA), an_event(email="grace@bolt.example"))
    ]
    async with hand.database.transaction() as connection:
        await hand.desk.outbox.put(connection, [dead_letter_message(letter) for letter in letters])
        await hand.desk.outbox.put(connection, [("plays", Message(b"somebody else", b"{}"))])
    await hand.append(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    await hand.drain()
    await hand.desk.outbox.flush()

    assert [letter.id for letter in await hand.dead()] == [letters[2].id]


@pytest.mark.parametrize("first", ["erasure", "letter"])
async def test_what_died_in_the_batch_of_their_erasure_is_not_kept_either(hand: Hand, first: str) -> None:
    await adas_story(hand)
    erasure = Message(b"k", encode(an_erasure(ADA, hand.clock.now() + timedelta(hours=1))))
    notes = [f'{{"fact":"handoff_rejected","note":"{told}"}}'.encode() for told in (ADA, "+442071838750", "somebody")]
    acts = [Message(b"k", note) for note in notes]
    await hand.log.append(FEEDBACK.name, [erasure, *acts] if first == "erasure" else [*acts, erasure])
    await hand.drain()

    assert [letter.value for letter in await hand.dead()] == notes[2:]
    assert [trace for trace in TRACES if trace in await everything(hand)] == []


async def test_an_old_event_does_not_bring_them_back(hand: Hand) -> None:
    await adas_story(hand)
    await hand.feed(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    await hand.feed(an_event(EventType.CONTENT_DOWNLOADED, email=ADA, at=hand.clock.now()))
    after = await everything(hand)
    told = [one for one in hand.told if one.kind == "verdict"][-1]

    assert ADA.encode() not in after
    assert told.outcome == "ignore"


async def test_who_is_not_known_yet_is_not_met_by_what_was_on_its_way_when_they_asked(hand: Hand) -> None:
    on_its_way = a_consultation(ADA, cookie="web:ada-laptop")
    await hand.feed(an_erasure(ADA, on_its_way.received_at + timedelta(minutes=1)))
    await hand.feed(on_its_way)

    assert (await hand.outcomes())[on_its_way.id] == "ignore"
    assert ADA.encode() not in await everything(hand)


async def test_a_late_reaction_to_their_card_changes_nothing(hand: Hand) -> None:
    await adas_story(hand)
    (theirs,) = [handoff for handoff in await hand.handoffs() if handoff.brief.email == ADA]
    await hand.feed(an_erasure(ADA, hand.clock.now() + timedelta(hours=1)))
    await hand.feed(an_accept(theirs.id, theirs.assignee))

    assert theirs.id not in {handoff.id for handoff in await hand.handoffs()}
    assert await hand.dead() == []


async def test_who_comes_back_by_themselves_afterwards_is_served_again(hand: Hand) -> None:
    await adas_story(hand)
    await hand.feed(an_erasure(ADA, hand.clock.now()))
    hand.clock.advance(timedelta(days=90))
    await hand.feed(a_consultation(ADA, at=hand.clock.now()))

    assert ADA in {handoff.brief.email for handoff in await hand.handoffs()}


async def test_an_erasure_can_be_asked_for_on_the_log(hand: Hand) -> None:
    await adas_story(hand)
    await request_erasure(hand.desk.carriage, f" {ADA.upper()} ", "dana")
    await hand.drain()

    assert len(await hand.rows(tables.ERASED)) >= 3
    assert await export_person(hand.database, ADA) == {}


async def test_the_doors_are_told_by_keyed_hashes_under_what_the_person_came(hand: Hand) -> None:
    await adas_story(hand)
    at = hand.clock.now() + timedelta(hours=1)
    await hand.feed(an_erasure(ADA, at))
    secret = hand.desk.carriage.key_secret
    known = {f"email:{ADA}", "cookie:web:ada-laptop", "phone:+442071838750"}
    facts = [decode(record.value, feedback.DECODER) for record in await hand.said(FEEDBACK.name)]
    (told,) = [fact for fact in facts if isinstance(fact, IdentifiersErased)]

    assert set(told.keys) == {keyed_hash(secret, one).hex() for one in known}
    assert told.at == at
    assert await hand.dead() == []


async def test_an_export_holds_everything_and_is_json(hand: Hand) -> None:
    await adas_story(hand)
    exported = await export_person(hand.database, ADA)

    assert json.loads(json.dumps(exported)) == exported
    assert {one["value"] for one in exported["identifiers"]} == {ADA, "web:ada-laptop", "+442071838750"}
    assert len(exported["verdicts"]) >= 2
    assert exported["handoffs"][0]["play"]["talk_track"]
    assert "grace" not in json.dumps(exported)
