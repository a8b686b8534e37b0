"""Urgent facts overtake: behaviour comes in smaller pieces and gives way, but is never starved."""

import asyncio
from datetime import UTC, datetime, timedelta

from runtime.clock import ManualClock, SystemClock
from runtime.log import Batch, Partition
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.router.lanes import Lanes
from tests.router.shell.building import a_page_view
from tests.router.shell.ring import records_of

BEHAVIOUR = Partition(EVENTS_BEHAVIOUR.name, 0)
URGENT = Partition(EVENTS_URGENT.name, 0)


def a_batch(partition: Partition, size: int, first: int = 0) -> Batch:
    return Batch(partition, first, first + size, 1, records_of(partition, first, [a_page_view("web:1")] * size))


def lanes(clock: ManualClock | None = None, at_once: int = 2) -> Lanes:
    return Lanes(clock or ManualClock(datetime(2026, 3, 3, tzinfo=UTC)), batch=100, at_once=at_once)


def sizes(lanes: Lanes, batch: Batch) -> list[int]:
    return [len(piece.records) for piece in lanes.pieces(batch)]


def test_a_quiet_lane_takes_whole_batches() -> None:
    assert sizes(lanes(), a_batch(BEHAVIOUR, 250)) == [100, 100, 50]


def test_after_an_urgent_fact_the_pieces_are_small_for_a_while() -> None:
    clock = ManualClock(datetime(2026, 3, 3, tzinfo=UTC))
    both = lanes(clock)
    with both.urgent():
        small = sizes(both, a_batch(BEHAVIOUR, 50))
    clock.advance(timedelta(seconds=3))

    assert small == [20, 20, 10]
    assert sizes(both, a_batch(BEHAVIOUR, 100)) == [100]


def test_one_writer_at_a_time_means_fewer_pieces_after_an_urgent_fact() -> None:
    single = lanes(at_once=1)
    with single.urgent():
        small = sizes(single, a_batch(BEHAVIOUR, 150))

    assert small == [50, 50, 50]


def test_pieces_join_without_a_gap() -> None:
    pieces = list(lanes().pieces(a_batch(BEHAVIOUR, 250, first=7)))

    assert [(piece.first, piece.next) for piece in pieces] == [(7, 107), (107, 207), (207, 257)]


def test_a_batch_without_records_moves_the_offset_all_the_same() -> None:
    empty = Batch(BEHAVIOUR, 3, 9, 1, [])

    assert list(lanes().pieces(empty)) == [empty]


async def test_behaviour_waits_while_something_urgent_is_in_hand() -> None:
    both = lanes(SystemClock())  # type: ignore[arg-type]  # any clock will do
    order: list[str] = []

    async def behaviour() -> None:
        async with both.turn(a_batch(BEHAVIOUR, 1)):
            order.append("behaviour")

    async with both.turn(a_batch(URGENT, 1)):
        waiting = asyncio.create_task(behaviour())
        await asyncio.sleep(0)
        order.append("urgent")
    await waiting

    assert order == ["urgent", "behaviour"]


async def test_behaviour_is_never_starved() -> None:
    both = lanes(SystemClock())  # type: ignore[arg-type]  # any clock will do
    with both.urgent():
        async with asyncio.timeout(60), both.turn(a_batch(BEHAVIOUR, 1)):
            went_on = True

    assert went_on


async def test_one_writer_at_a_time_means_one_piece_of_behaviour_at_a_time() -> None:
    single = lanes(at_once=1)
    async with single.turn(a_batch(BEHAVIOUR, 1)):
        second = asyncio.create_task(single.turn(a_batch(BEHAVIOUR, 1)).__aenter__())
        await asyncio.sleep(0)
        waits = not second.done()
    await second

    assert waits
