"""What retention has deleted before it was read is a loss: it is paged for, and never skipped in silence."""

from collections.abc import Awaitable, Callable

from runtime.log import Log, Message, Partition, Position
from tests.runtime.ledger import Ledger, Member
from tests.runtime.visits import HOME, TOPIC, member_of


async def test_records_that_retention_deleted_first_are_paged_for_and_never_skipped(
    log: Log, forget: Callable[[Log, Partition], Awaitable[None]]
):
    ledger = Ledger()
    await log.append(TOPIC, [Message(b"ada", b"gone") for _ in range(10)])
    await forget(log, HOME)
    await log.append(TOPIC, [Message(b"ada", b"held"), Message(b"grace", b"fine")])
    ledger.positions[HOME] = Position(4, 1)
    member = Member(ledger)
    async with member_of(log, member) as subscription:
        await ledger.until(lambda: ledger.values() == [b"fine"] and HOME in member.gone)

        assert "lost" in subscription.progress()[HOME].trouble
        assert "begins at 10" in subscription.progress()[HOME].trouble
    assert ledger.values() == [b"fine"]


async def test_a_group_that_is_new_to_a_trimmed_log_begins_with_what_is_held(
    log: Log, forget: Callable[[Log, Partition], Awaitable[None]]
):
    ledger = Ledger()
    await log.append(TOPIC, [Message(b"ada", b"gone") for _ in range(10)])
    await forget(log, HOME)
    await log.append(TOPIC, [Message(b"ada", b"held")])
    async with member_of(log, Member(ledger)):
        await ledger.until(lambda: ledger.values() == [b"held"])

    assert ledger.positions[HOME].next == 11


async def test_an_offset_beyond_the_end_is_a_loss_too(log: Log):
    ledger = Ledger()
    ledger.positions[HOME] = Position(1000, 1)
    await log.append(TOPIC, [Message(b"ada", b"new log, old state")])
    member = Member(ledger)
    async with member_of(log, member) as subscription:
        await ledger.until(lambda: HOME in member.gone)

        assert "beyond the log's end" in subscription.progress()[HOME].trouble
