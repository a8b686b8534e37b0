"""Each fact has its effect exactly once, whatever is redelivered, fenced, poisoned or newer than this replica."""

from datetime import timedelta

import pytest

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, FencedError, Log, Message, Partition
from runtime.outbox import Said
from schemas.dead_letter import DeadLetterReason
from schemas.event import EventType
from schemas.fact import Trust, encode
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from services.router.reading import DRIVEN_AGAIN
from tests.router.shell.building import a_consultation, a_page_view, an_event
from tests.router.shell.choking import POISON, choking
from tests.router.shell.ring import Hand, records_of

URGENT = Partition(EVENTS_URGENT.name, 0)
BEHAVIOUR = Partition(EVENTS_BEHAVIOUR.name, 0)


async def test_a_consultation_becomes_one_offered_handoff_with_one_card(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    (handoff,) = await hand.handoffs()
    cards = [card for card in await hand.cards() if isinstance(card, DeliverPlay)]

    assert handoff.state is HandoffState.OFFERED
    assert [(card.kind, card.handoff, card.assignee) for card in cards] == [
        (CardKind.OFFER, handoff.id, handoff.assignee)
    ]
    assert cards[0].play is not None
    assert cards[0].play.talk_track


async def test_what_was_committed_and_never_told_is_not_overtaken_once_its_partition_is_taken_over(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unanswered(_said: Said) -> None:
        """As where the answer to a COMMIT is lost: all of it stands in the outbox, and nobody tells."""

    await hand.feed(a_consultation("grace@acme.example"))
    with monkeypatch.context() as patched:
        patched.setattr(hand.desk.outbox, "publish", unanswered)
        await hand.feed(a_consultation("ada@brightwater.example"))
    await hand.take(URGENT)
    await hand.feed(a_consultation("charles@engines.example"))

    assert len({card.handoff for card in await hand.cards()}) == 3


async def test_every_event_gets_one_verdict_with_reasons(hand: Hand) -> None:
    events = [a_page_view("web:1"), a_page_view("web:2"), a_consultation("ada@acme.example", cookie="web:1")]
    await hand.feed(*events)
    told = [one for one in hand.told if one.kind == "verdict"]

    assert {one.event for one in told} == {event.id for event in events}
    assert len(told) == len(events)
    assert all(one.reasons for one in told)


async def test_a_redelivered_event_has_no_second_effect(hand: Hand) -> None:
    event = a_consultation("ada@acme.example")
    await hand.feed(event)
    before = [tuple(row) for row in await hand.rows(tables.IDENTIFIER)]
    await hand.feed(event, event)
    after = [tuple(row) for row in await hand.rows(tables.IDENTIFIER)]

    assert after == before
    assert len(await hand.handoffs()) == 1
    assert len([one for one in hand.told if one.kind == "verdict"]) == 1


async def test_a_duplicate_within_one_batch_counts_once(hand: Hand) -> None:
    event = a_page_view("web:1", "/pricing")
    await hand.append(event, event, event)
    await hand.drain()
    (row,) = await hand.rows(tables.IDENTIFIER)
    counts = codec.DOSSIER.decode(row.dossier).counts

    assert {signal: sum(days.values()) for signal, days in counts.items()} == dict.fromkeys(counts, 1)


async def test_an_owner_of_the_past_is_fenced_and_leaves_nothing(hand: Hand) -> None:
    await hand.append(a_page_view("web:1"))
    stale = await hand.batch(BEHAVIOUR)
    assert stale is not None
    await hand.take(BEHAVIOUR)

    with pytest.raises(FencedError):
        await hand.consumer.handle(stale)

    assert await hand.rows(tables.IDENTIFIER) == []
    assert await hand.rows(tables.SEEN) == []


async def test_the_same_batch_cannot_be_committed_by_another_process_too(
    hand: Hand, house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    await hand.append(a_page_view("web:1"))
    batch = await hand.batch(BEHAVIOUR)
    assert batch is not None
    await hand.handle(batch)
    other = Hand(house, log, clock, playbook)

    with pytest.raises(FencedError):
        await other.consumer.handle(batch)


async def test_a_batch_that_is_handed_over_again_goes_on_behind_what_was_committed(hand: Hand) -> None:
    await hand.append(*(a_page_view(f"web:{number}") for number in range(4)))
    batch = await hand.batch(BEHAVIOUR)
    assert batch is not None
    half = Batch(batch.partition, batch.first, batch.records[2].offset, batch.epoch, batch.records[:2])
    await hand.consumer.handle(half)
    await hand.consumer.handle(batch)
    await hand.consumer.handle(batch)

    assert len(await hand.rows(tables.IDENTIFIER)) == 4
    assert [(row.first, row.next) for row in await hand.rows(tables.BATCH)] == [(0, 2), (2, 4)]


async def test_one_poisoned_event_goes_to_the_dead_letters_and_the_rest_goes_on(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hand = Hand(house, log, clock, choking(playbook))
    bad = an_event(cookie="web:2", name=POISON)
    await hand.feed(a_page_view("web:1"), bad, a_page_view("web:3"))
    (letter,) = await hand.dead()

    assert letter.reason is DeadLetterReason.POISON
    assert letter.value == encode(bad)
    assert (letter.topic, letter.offset) == (EVENTS_BEHAVIOUR.name, 1)
    assert {row.value for row in await hand.rows(tables.IDENTIFIER)} == {"web:1", "web:3"}


async def test_a_dead_letter_driven_again_passes_de_duplication_once(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    broken = Hand(house, log, clock, choking(playbook))
    await broken.feed(an_event(cookie="web:2", name=POISON))
    (letter,) = await broken.dead()
    again = Message(letter.key, letter.value, {DRIVEN_AGAIN: letter.id.bytes})
    mended = Hand(house, log, clock, playbook)
    await log.append(letter.topic, [again, again])
    await mended.drain()

    assert [row.value for row in await mended.rows(tables.IDENTIFIER)] == ["web:2"]
    assert len([one for one in mended.told if one.kind == "verdict"]) == 1


async def test_a_newer_contract_waits_in_the_dead_letters(hand: Hand) -> None:
    newer = encode(a_page_view("web:1")).replace(b'"schema":1', b'"schema":2')
    stranger = encode(a_page_view("web:2")).replace(b'"fact":"event"', b'"fact":"hologram_shown"')
    await hand.log.append(EVENTS_BEHAVIOUR.name, [Message(b"k", newer), Message(b"k", stranger)])
    await hand.drain()
    letters = await hand.dead()

    assert [(one.reason, one.value) for one in letters] == [
        (DeadLetterReason.NEWER, newer),
        (DeadLetterReason.NEWER, stranger),
    ]
    assert await hand.rows(tables.PARKED) == []


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b"\xff\xfe", b'{"fact":"event","schema":1}', b"[" * 5000])
async def test_bytes_that_are_no_fact_are_kept_whole(hand: Hand, rubbish: bytes) -> None:
    await hand.log.append(EVENTS_BEHAVIOUR.name, [Message(b"k", rubbish), Message(b"k", encode(a_page_view("web:1")))])
    await hand.drain()
    (letter,) = await hand.dead()

    assert (letter.reason, letter.value) == (DeadLetterReason.MALFORMED, rubbish)
    assert [row.value for row in await hand.rows(tables.IDENTIFIER)] == ["web:1"]


async def test_text_no_database_keeps_is_a_dead_letter_and_nobody_elses_trouble(hand: Hand) -> None:
    await hand.feed(a_page_view("web:1"), a_page_view("web:\x00"), a_page_view("web:3"))
    (letter,) = await hand.dead()

    assert letter.reason is DeadLetterReason.MALFORMED
    assert {row.value for row in await hand.rows(tables.IDENTIFIER)} == {"web:1", "web:3"}


async def test_a_source_whose_own_records_poison_is_parked_and_others_go_on(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hand = Hand(house, log, clock, choking(playbook), park_after=5)
    bad = [
        an_event(EventType.TRACKED, email=f"p{n}@acme.example", trust=Trust.ATTESTED, source="crm", name=POISON)
        for n in range(6)
    ]
    await hand.feed(*bad)
    clock.advance(timedelta(seconds=10))
    waits = an_event(EventType.TRACKED, email="ada@acme.example", trust=Trust.ATTESTED, source="crm")
    await hand.feed(waits, a_page_view("web:1"))
    letters = await hand.dead()

    assert [row.source for row in await hand.rows(tables.PARKED)] == ["crm"]
    assert letters[-1].reason is DeadLetterReason.PARKED
    assert letters[-1].value == encode(waits)
    assert [row.value for row in await hand.rows(tables.IDENTIFIER)] == ["web:1"]


async def test_what_strangers_type_never_parks_a_source(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hand = Hand(house, log, clock, choking(playbook), park_after=5)
    await hand.feed(*(an_event(email=f"p{n}@acme.example", source="typeform", name=POISON) for n in range(50)))

    assert len(await hand.dead()) == 50
    assert await hand.rows(tables.PARKED) == []


async def test_urgent_batches_are_numbered_after_what_they_waited_for(hand: Hand) -> None:
    await hand.feed(a_page_view("web:1"), a_consultation("ada@acme.example", cookie="web:1"))
    rows = await hand.rows(tables.BATCH)

    assert [row.number for row in rows] == sorted(row.number for row in rows)
    assert [row.lane for row in rows if row.partition >= 0] == [EVENTS_URGENT.name, EVENTS_BEHAVIOUR.name]
    assert {(row.playbook, row.lists) for row in rows} == {
        (hand.desk.shelf.current.version, hand.desk.shelf.current.lists_version)
    }


async def test_a_gap_in_the_log_is_stepped_over(hand: Hand) -> None:
    position = await hand.take(BEHAVIOUR)
    records = records_of(BEHAVIOUR, 7, [a_page_view("web:1")])
    await hand.consumer.handle(Batch(BEHAVIOUR, position.next, 8, position.epoch, records))
    await hand.consumer.handle(Batch(BEHAVIOUR, 8, 9, position.epoch, []))

    assert (await hand.consumer.assigned(BEHAVIOUR)).next == 9
