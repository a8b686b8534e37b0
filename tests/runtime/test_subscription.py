"""What membership in a group promises, on SQLite and on a really running Apache Kafka."""

import asyncio

import pytest

from runtime.clock import SystemClock
from runtime.consumer import settled
from runtime.log import FencedError, Log, Message, Partition, Position
from runtime.opening import make_log
from runtime.partitioning import partition_of
from runtime.settings import Settings
from runtime.worker import Backoff
from tests.runtime.ledger import Ledger, Member
from tests.runtime.visits import ALL, HOME, TOPIC, key_of, member_of, visits


async def test_every_record_is_handed_over_once_and_in_order(log: Log):
    ledger = Ledger()
    async with member_of(log, Member(ledger)):
        await log.append(TOPIC, visits(150))
        await log.append(TOPIC, [Message(b"ada", str(number).encode()) for number in range(150, 300)])
        await ledger.until(lambda: len(ledger.effects) >= 300)

    assert sorted(ledger.values(), key=int) == [str(number).encode() for number in range(300)]
    for partition in ALL:
        offsets = [offset for where, offset, _ in ledger.effects if where == partition]
        assert offsets == list(range(len(offsets)))


async def test_what_stood_on_the_log_before_anybody_subscribed_is_handed_over(log: Log):
    await log.append(TOPIC, visits(40))
    ledger = Ledger()
    async with member_of(log, Member(ledger)):
        await ledger.until(lambda: len(ledger.effects) == 40)


async def test_one_member_may_read_several_topics(log: Log):
    ledger = Ledger()
    await log.append("urgent", visits(10))
    async with member_of(log, Member(ledger), topics=["urgent", "behaviour"]) as subscription:
        await log.append("behaviour", visits(10))
        await ledger.until(lambda: len(ledger.effects) == 20)

        assert {one.topic for one in subscription.progress()} == {"urgent", "behaviour"}


async def test_after_a_stop_it_goes_on_where_the_handlers_database_says(log: Log):
    ledger = Ledger()
    await log.append(TOPIC, visits(50))
    async with member_of(log, Member(ledger)):
        await ledger.until(lambda: len(ledger.effects) == 50)
    await log.append(TOPIC, visits(50, start=50))
    async with member_of(log, Member(ledger)):
        await ledger.until(lambda: len(ledger.effects) == 100)

    assert sorted(map(int, ledger.values())) == list(range(100))


async def test_a_handler_that_fails_gets_the_same_records_again(log: Log):
    ledger = Ledger()
    member = Member(ledger, faults=[ConnectionError("the database is away")] * 3)
    await log.append(TOPIC, [Message(b"ada", b"first")])
    async with member_of(log, member):
        await ledger.until(lambda: len(ledger.effects) == 1)

    assert [batch.first for batch in member.seen] == [0, 0, 0, 0]
    assert all(batch.records == member.seen[0].records for batch in member.seen)


async def test_batches_are_no_larger_than_asked_for(log: Log):
    ledger, member = Ledger(), Member(Ledger())
    member.ledger = ledger
    await log.append(TOPIC, [Message(b"ada", str(number).encode()) for number in range(100)])
    async with member_of(log, member, batch=30):
        await ledger.until(lambda: len(ledger.effects) == 100)

    assert max(len(batch.records) for batch in member.seen) <= 30
    assert all(batch.next == batch.records[-1].offset + 1 for batch in member.seen)


async def test_where_they_may_linger_batches_fill_while_records_keep_coming(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    async with member_of(log, member, linger=0.5):
        for number in range(40):
            await log.append(TOPIC, [Message(b"ada", str(number).encode())])
        await ledger.until(lambda: len(ledger.effects) == 40)

    assert len(member.seen) < 20
    assert ledger.values() == [str(number).encode() for number in range(40)]


async def test_a_slow_handler_is_not_hurried(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    member.gate.clear()
    async with member_of(log, member, batch=10):
        await log.append(TOPIC, [Message(b"ada", b"x") for _ in range(500)])
        await ledger.until(lambda: len(member.seen) == 1)
        await log.append(TOPIC, [Message(b"ada", b"x") for _ in range(500)])

        assert len(member.seen) == 1
        member.gate.set()
        await ledger.until(lambda: len(ledger.effects) == 1000)


async def test_a_slow_partition_does_not_hold_up_the_others(log: Log):
    ledger = Ledger()
    stuck, elsewhere = Member(ledger), Partition(TOPIC, partition_of(b"grace", 4))
    assert elsewhere != HOME

    class OnlyAdaWaits(Member):
        async def handle(self, batch):
            if batch.partition == HOME:
                await stuck.gate.wait()
            await super().handle(batch)

    stuck.gate.clear()
    async with member_of(log, OnlyAdaWaits(ledger)):
        await log.append(TOPIC, [Message(b"ada", b"slow"), Message(b"grace", b"quick")])
        await ledger.until(lambda: ledger.values() == [b"quick"])
        stuck.gate.set()
        await ledger.until(lambda: ledger.values() == [b"quick", b"slow"])


async def test_two_members_share_the_partitions_and_no_effect_comes_twice(log: Log):
    ledger = Ledger()
    first, second = Member(ledger), Member(ledger)
    await log.append(TOPIC, visits(100))
    async with member_of(log, first):
        await ledger.until(lambda: len(ledger.effects) == 100)
        async with member_of(log, second):
            await ledger.until(lambda: len(first.holds()) == 2 and len(second.holds()) == 2)
            await log.append(TOPIC, visits(100, start=100))
            await ledger.until(lambda: len(ledger.effects) >= 200)

            assert first.holds() | second.holds() == set(ALL)
        await ledger.until(lambda: first.holds() == set(ALL))
        await log.append(TOPIC, visits(100, start=200))
        await ledger.until(lambda: len(ledger.effects) >= 300)

    assert sorted(map(int, ledger.values())) == list(range(300))
    assert {batch.partition for batch in second.seen} != set()


async def test_two_groups_each_get_everything(log: Log):
    ledger, other = Ledger(), Ledger()
    await log.append(TOPIC, visits(20))
    watching = log.subscribe("console", [TOPIC], Member(other))
    running = asyncio.create_task(watching.run())
    async with member_of(log, Member(ledger)):
        await ledger.until(lambda: len(ledger.effects) == 20)
        await other.until(lambda: len(other.effects) == 20)
    watching.stop()
    await running


async def test_stopping_finishes_the_transaction_under_way(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    member.gate.clear()
    subscription = log.subscribe("router", [TOPIC], member)
    running = asyncio.create_task(subscription.run())
    await log.append(TOPIC, [Message(b"ada", b"under way")])
    await ledger.until(lambda: bool(member.seen))

    subscription.stop()
    done, _ = await asyncio.wait([running], timeout=0.3)
    assert not done
    member.gate.set()
    await running

    assert ledger.values() == [b"under way"]


async def test_a_handler_that_outlasts_the_grace_time_is_cut_off_and_its_records_stay(log_settings: Settings):
    ledger = Ledger()
    member = Member(ledger)
    member.gate.clear()
    hasty = log_settings.model_copy(update={"grace": 0.3})
    async with make_log(hasty, SystemClock(), backoff=Backoff(0.01, 0.2)) as log:
        subscription = log.subscribe("router", [TOPIC], member)
        running = asyncio.create_task(subscription.run())
        await log.append(TOPIC, [Message(b"ada", b"later")])
        await ledger.until(lambda: bool(member.seen))

        subscription.stop()
        async with asyncio.timeout(60):
            await running
        assert ledger.values() == []
        async with member_of(log, Member(ledger)):
            await ledger.until(lambda: ledger.values() == [b"later"])


async def test_a_fenced_batch_is_given_up_and_only_a_new_assignment_takes_a_new_epoch(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    async with member_of(log, member):
        await log.append(TOPIC, [Message(b"ada", b"one")])
        await ledger.until(lambda: ledger.values() == [b"one"])
        ledger.take(HOME)  # somebody else became the owner, and goes away again
        taken = len(member.taken)
        await log.append(TOPIC, [Message(b"ada", b"two")])
        await ledger.until(lambda: HOME in member.gone)
        assert len(member.taken) == taken
        await ledger.until(lambda: ledger.values() == [b"one", b"two"])

    epochs = [position.epoch for where, position in member.taken if where == HOME]
    assert epochs == [1, 3]


async def test_a_zombie_with_an_old_epoch_changes_nothing(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    member.gate.clear()
    async with member_of(log, member):
        await log.append(TOPIC, [Message(b"ada", b"once")])
        await ledger.until(lambda: bool(member.seen))
        batch = member.seen[0]
        ledger.positions[HOME] = Position(batch.next, batch.epoch + 1)  # the new owner has done it already

        with pytest.raises(FencedError):
            ledger.commit(batch)
        member.gate.set()
        await ledger.until(lambda: HOME in member.gone)

    assert ledger.values() == []


async def test_nothing_is_handed_over_before_the_database_has_said_where_to_begin(log: Log):
    ledger = Ledger()
    await log.append(TOPIC, [Message(b"ada", str(number).encode()) for number in range(100)])
    ledger.positions[HOME] = Position(60, 7)
    member = Member(ledger, assign_faults=[ConnectionError("the database is away")] * 6)
    member.assign_gate.clear()
    async with member_of(log, member) as subscription:
        await ledger.until(lambda: member.asked >= 4)
        assert not settled(subscription.progress())
        member.assign_gate.set()
        await log.append(TOPIC, [Message(key_of(one), b"new") for one in ALL])
        await ledger.until(lambda: len(ledger.effects) == 44)

        assert settled(subscription.progress())
    home = [value for where, _, value in ledger.effects if where == HOME]
    assert home == [*(str(number).encode() for number in range(60, 100)), b"new"]
    assert min(batch.first for batch in member.seen if batch.partition == HOME) == 60


async def test_progress_tells_the_lag(log: Log):
    ledger = Ledger()
    member = Member(ledger)
    member.gate.clear()
    async with member_of(log, member, batch=1) as subscription:
        await log.append(TOPIC, [Message(b"ada", b"x") for _ in range(5)])
        await ledger.until(lambda: bool(member.seen))
        waiting = subscription.progress()[HOME]
        member.gate.set()
        await ledger.until(lambda: len(ledger.effects) == 5)

        assert (waiting.next, waiting.end) == (0, 5)
