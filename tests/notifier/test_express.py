"""A first card leaves with the commit that made it, once, and is the card that the tables would give."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.database import Database
from services.notifier.blockkit import message
from services.notifier.card import Card
from services.notifier.channel import Capabilities, OpenChannel
from services.notifier.consumer import PlaysHandler
from services.notifier.delivery import State
from services.notifier.express import Express
from services.notifier.showing import card_for, first_card
from tests.notifier.builders import a_card, a_play, a_recipient
from tests.notifier.rig import Rig, Scripted, a_rig

GRACE = (a_recipient("grace", "Grace Hopper", "slack"),)


@pytest.fixture
def slack() -> Scripted:
    return Scripted(Capabilities(updates=True, reconciles=True, gap=1.0))


@pytest.fixture
async def rig(database: Database, tmp_path: Path, slack: Scripted) -> AsyncIterator[Rig]:
    async with a_rig(database, tmp_path, {"slack": slack}) as made:
        made.courier._carrying = True  # as while it runs
        on = {name: one.capabilities for name, one in made.channels.items()}
        made.handler = PlaysHandler(database, made.outbox, made.clock, on=on, wake=lambda: None, carrier=made.courier)
        yield made


async def test_it_leaves_without_being_looked_for_and_a_redelivery_shows_nothing_more(
    rig: Rig, slack: Scripted
) -> None:
    play = a_play(recipients=GRACE)
    await rig.take(play)
    await rig.courier.settle_down()
    await rig.take(play)
    await rig.courier.settle_down()

    assert len(slack.shown) == 1
    assert [row.state for row in await rig.deliveries()] == [State.DELIVERED.value]


async def test_the_first_card_from_the_command_is_the_one_the_tables_give(rig: Rig) -> None:
    play = a_play(recipients=GRACE)
    await rig.take(play)
    await rig.courier.settle_down()
    async with rig.carriage.database.reading() as connection:
        kept = await card_for(connection, play.handoff, "grace", rig.links, rig.clock.now())

    assert first_card(play, "grace", rig.links) == kept


async def test_what_is_dropped_or_was_there_already_gives_its_place_back(rig: Rig) -> None:
    play = a_play(recipients=GRACE)
    row = {"handoff": play.handoff, "kind": play.kind.value, "sequence": 1, "person": "grace", "channel": "slack"}
    row |= {"key": "k", "address": "A1", "whole": True, "until": 0}
    dropped, known = Express(rig.courier), Express(rig.courier)

    assert dropped.claim(row, play)["state"] == State.ATTEMPTING.value
    assert "state" not in known.claim(row, play)  # one message a gap to one address
    dropped.drop()
    assert known.claim(row, play)["state"] == State.ATTEMPTING.value
    known.unclaim("k")
    assert rig.courier._reserved == {}
    assert known.send() == 0


def draws(rig: Rig, drawer: Callable[[Card], object]) -> None:
    known = rig.channels["slack"]
    rig.channels["slack"] = OpenChannel(known.name, known.capabilities, known.channel, drawer)


async def test_a_card_is_drawn_before_it_leaves_and_only_once(rig: Rig, slack: Scripted) -> None:
    seen: list[Card] = []
    draws(rig, seen.append)
    await rig.take(a_play(recipients=GRACE))
    await rig.courier.settle_down()

    assert [id(card) for card in seen] == [id(card) for _, _, card in slack.shown]


async def test_a_channel_that_cannot_draw_ahead_shows_the_card_all_the_same(rig: Rig, slack: Scripted) -> None:
    def broken(_card: Card) -> object:
        raise ZeroDivisionError

    draws(rig, broken)
    await rig.take(a_play(recipients=GRACE))
    await rig.courier.settle_down()

    assert [row.state for row in await rig.deliveries()] == [State.DELIVERED.value]
    assert len(slack.shown) == 1


def test_a_drawing_belongs_to_one_card_and_says_nothing_of_a_changed_one() -> None:
    card = a_card()
    drawn = message(card)
    changed = replace(card, notice="Call again at four")

    assert message(card) is drawn
    assert message(changed) == message(a_card(notice="Call again at four")) != drawn
    assert card == a_card()
