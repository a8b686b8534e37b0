"""Several batches at once on the same people: nothing is lost, nothing counted twice, no deadlock surfaces."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from runtime.clock import ManualClock
from runtime.database import Database
from runtime.log import Batch, Log, Partition
from schemas.event import Event
from schemas.topics import EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.router.adapters import codec, tables
from services.router.domain.playbook import Playbook
from tests.router.shell.building import a_consultation, a_page_view, an_event
from tests.router.shell.ring import Hand, records_of


async def handled(hand: Hand, partition: Partition, facts: Sequence[Event], pieces: int) -> None:
    """Feed the partition's facts in several batches, one after the other, as one consumer would."""
    position = await hand.take(partition)
    size = -(-len(facts) // pieces)
    for first in range(0, len(facts), size):
        some = facts[first : first + size]
        records = records_of(partition, first, some)
        await hand.consumer.handle(Batch(partition, first, first + len(some), position.epoch, records))
    await hand.consumer.idle()


async def visits(hand: Hand) -> dict[str, int]:
    """identifier → how often it visited, as counted."""
    found = {}
    for row in await hand.rows(tables.IDENTIFIER):
        counts = codec.DOSSIER.decode(row.dossier).counts
        found[row.value] = max((sum(days.values()) for days in counts.values()), default=0)
    return found


async def test_two_processes_on_the_same_visitors_lose_no_update(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    cookies = [f"web:{number}" for number in range(12)]
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    left = [a_page_view(cookie) for _ in range(5) for cookie in cookies]
    right = [a_page_view(cookie) for _ in range(5) for cookie in reversed(cookies)]
    await asyncio.gather(
        handled(one, Partition(EVENTS_BEHAVIOUR.name, 0), left, 6),
        handled(other, Partition(EVENTS_BEHAVIOUR.name, 1), right, 6),
    )

    assert await visits(one) == dict.fromkeys(cookies, 10)
    assert await one.dead() == []


async def test_people_met_first_by_two_processes_at_once_are_one_row_each(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    hands = [Hand(house, log, clock, playbook) for _ in range(4)]
    await asyncio.gather(
        *(
            handled(
                hand,
                Partition(EVENTS_BEHAVIOUR.name, number),
                [a_page_view(f"web:{n}") for n in range(20)],
                1,
            )
            for number, hand in enumerate(hands)
        )
    )

    assert await visits(hands[0]) == {f"web:{n}": 4 for n in range(20)}


async def test_a_merge_and_the_visits_it_joins_may_run_at_the_same_time(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    one, other = (Hand(house, log, clock, playbook) for _ in range(2))
    people = [f"person{number}@acme{number}.example" for number in range(6)]
    forms = [
        a_consultation(email, cookie=f"web:{number}-{device}")
        for number, email in enumerate(people)
        for device in ("laptop", "phone")
    ]
    pages = [
        a_page_view(f"web:{number}-{device}")
        for _ in range(4)
        for number in range(len(people))
        for device in ("phone", "laptop")
    ]
    await asyncio.gather(
        handled(one, Partition(EVENTS_URGENT.name, 0), forms, 4),
        handled(other, Partition(EVENTS_BEHAVIOUR.name, 0), pages, 8),
    )
    rows = sorted(await one.rows(tables.IDENTIFIER), key=lambda row: str(row.lead))
    leads = {lead: {row.value for row in group} for lead, group in groupby(rows, key=lambda row: str(row.lead))}

    assert sorted(leads.values(), key=sorted) == sorted(
        ({email, f"web:{number}-laptop", f"web:{number}-phone"} for number, email in enumerate(people)), key=sorted
    )
    assert len(await one.handoffs()) == len(people)
    assert await one.dead() == []


async def test_one_account_met_by_many_at_once_has_one_row_and_one_open_target_handoff(
    house: Database, log: Log, clock: ManualClock, playbook: Playbook
) -> None:
    only_rule_four = replace(playbook, scoring=replace(playbook.scoring, on=False))
    hands = [Hand(house, log, clock, only_rule_four) for _ in range(3)]
    await asyncio.gather(
        *(
            handled(
                hand,
                Partition(EVENTS_BEHAVIOUR.name, number),
                [an_event(email=f"p{number}-{n}@acme.example", properties={"path": "/pricing"}) for n in range(5)],
                2,
            )
            for number, hand in enumerate(hands)
        )
    )
    accounts = await hands[0].rows(tables.ACCOUNT)

    assert [row.key for row in accounts] == ["acme.example"]
    assert len({row.id for row in await hands[0].rows(tables.HANDOFF)}) == 1
