"""What is past its time is forgotten, and nothing else."""

from datetime import timedelta

from services.router.adapters import tables
from services.router.retention import forget_by_age
from tests.router.shell.building import a_consultation, a_page_view
from tests.router.shell.ring import Hand


async def test_unknown_visitors_expire_and_known_people_stay(hand: Hand) -> None:
    await hand.feed(a_page_view("web:stranger"), a_consultation("ada@acme.example", cookie="web:ada"))
    hand.clock.advance(timedelta(days=89))
    await forget_by_age(hand.desk)
    before = {row.value for row in await hand.rows(tables.IDENTIFIER)}
    hand.clock.advance(timedelta(days=2))
    await forget_by_age(hand.desk)

    assert before == {"web:stranger", "ada@acme.example", "web:ada"}
    assert {row.value for row in await hand.rows(tables.IDENTIFIER)} == {"ada@acme.example", "web:ada"}


async def test_a_redelivery_is_recognised_for_the_whole_window(hand: Hand) -> None:
    event = a_page_view("web:1")
    await hand.feed(event)
    hand.clock.advance(timedelta(days=4))
    await forget_by_age(hand.desk)
    await hand.feed(event)
    recognised = len([one for one in hand.told if one.kind == "verdict"]) == 1
    hand.clock.advance(timedelta(days=2))
    await forget_by_age(hand.desk)

    assert recognised
    assert await hand.rows(tables.SEEN) == []


async def test_verdicts_and_batches_go_with_their_age(hand: Hand) -> None:
    await hand.feed(a_consultation("ada@acme.example"))
    hand.clock.advance(timedelta(days=399))
    await forget_by_age(hand.desk)
    kept = len(await hand.rows(tables.VERDICT))
    hand.clock.advance(timedelta(days=2))
    counted = await forget_by_age(hand.desk)

    assert kept == 1
    assert counted["router_verdict"] == 1
    assert await hand.rows(tables.BATCH) == []
