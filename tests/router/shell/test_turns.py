"""Everybody's turns, from who was really drawn."""

from schemas.feedback import RejectReason
from services.router.domain.fairness import Cause
from services.router.domain.playbook import Playbook
from services.router.turns import turns
from tests.router.shell.building import a_consultation, a_rejection
from tests.router.shell.ring import Hand


async def test_every_draw_in_turn_is_somebodys_and_the_causes_say_why(hand: Hand, playbook: Playbook) -> None:
    for number in range(7):
        await hand.feed(a_consultation(f"{number}@umbrella{number}.example"))
    found = await turns(hand.database, playbook)
    shares = found["inside_sales"].values()

    assert sum(share.got for share in shares) == 7
    assert all(sum(share.causes.values()) == share.deviation for share in shares)
    assert max(abs(share.causes.get(Cause.TURN, 0)) for share in shares) < 1


async def test_a_turn_that_came_back_is_reported_as_that(hand: Hand, playbook: Playbook) -> None:
    await hand.feed(a_consultation("ada@umbrella.example"))
    (handoff,) = await hand.handoffs()
    await hand.feed(a_rejection(handoff.id, handoff.assignee, RejectReason.WRONG_REP))
    shares = (await turns(hand.database, playbook))[handoff.team]
    (after,) = await hand.handoffs()

    assert after.returned == (handoff.assignee,)
    assert shares[handoff.assignee].causes[Cause.RETURNED] == 1 - shares[handoff.assignee].entitled / 2
    assert sum(share.causes[Cause.RETURNED] for share in shares.values()) == 0


async def test_where_nobody_was_drawn_nobody_is_owed_anything(hand: Hand, playbook: Playbook) -> None:
    found = await turns(hand.database, playbook)

    assert found.keys() == playbook.teams.keys()
    assert {share.deviation for shares in found.values() for share in shares.values()} == {0}
