"""At most one card, whatever dies; retries by the deadline; then the next address; the newest version wins."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.database import Database
from schemas import dead_letter
from schemas.handoff import HandoffState
from schemas.play import CardKind
from schemas.topics import DEAD_LETTERS
from services.notifier import tables
from services.notifier.channel import Capabilities, Failed, Fault, Unknown
from tests.notifier.builders import NOON, a_handoff, a_play, a_recipient, an_erasure, an_update
from tests.notifier.rig import Died, Rig, Scripted, a_rig

BOTH = (a_recipient("grace", "Grace Hopper", "slack", "email"),)
RETRY = Failed(Fault.RETRY, "busy")


@pytest.fixture
def slack() -> Scripted:
    return Scripted(Capabilities(updates=True, reconciles=True))


@pytest.fixture
def email() -> Scripted:
    return Scripted(Capabilities())


@pytest.fixture
async def rig(database: Database, tmp_path: Path, slack: Scripted, email: Scripted) -> AsyncIterator[Rig]:
    async with a_rig(database, tmp_path, {"slack": slack, "email": email}) as made:
        yield made


async def test_a_command_that_comes_twice_is_one_card(rig: Rig, slack: Scripted, email: Scripted) -> None:
    for _ in range(3):
        await rig.take(a_play(recipients=BOTH), a_play(recipients=BOTH))
        await rig.work()

    assert [address for _, address, _ in slack.shown] == ["U0GRACE"]
    assert email.shown == []
    assert [(one.outcome, one.channel, one.attempts) for one in await rig.recorded()] == [("delivered", "slack", 1)]


async def test_a_card_found_after_a_crash_is_not_posted_again(rig: Rig, slack: Scripted) -> None:
    slack.script = [Died]
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.die()
    await rig.later(minutes=3)

    assert len(slack.shown) == 1
    assert await rig.states() == {("offer", "grace", "slack"): "delivered"}


async def test_a_card_that_never_got_there_is_posted_after_looking(rig: Rig, slack: Scripted) -> None:
    slack.script = [Unknown("no answer")]
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    slack.shown.clear()  # the provider never had it
    await rig.later(minutes=3)

    assert len(slack.shown) == 1
    assert await rig.states() == {("offer", "grace", "slack"): "delivered"}


async def test_a_mail_whose_answer_was_lost_is_never_sent_again(rig: Rig, email: Scripted) -> None:
    email.script = [Unknown("no answer after the content")]
    await rig.take(a_play(recipients=(a_recipient("grace", "Grace Hopper", "email"),)))
    await rig.later(minutes=30)

    assert len(email.shown) == 1
    assert [one.outcome for one in await rig.recorded()] == ["unknown"]


async def test_a_mail_under_way_in_a_crash_is_never_sent_again(rig: Rig, email: Scripted) -> None:
    email.script = [Died]
    await rig.take(a_play(recipients=(a_recipient("grace", "Grace Hopper", "email"),)))
    await rig.work()
    await rig.die()
    await rig.later(minutes=30)

    assert len(email.shown) == 1
    assert [one.outcome for one in await rig.recorded()] == ["unknown"]


async def test_the_reminder_carries_the_play_in_the_cards_thread(rig: Rig, slack: Scripted) -> None:
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.take(a_play(recipients=BOTH, kind=CardKind.REMINDER, notice="Half the time is gone"))
    await rig.work()

    assert [card.whole for _, _, card in slack.shown] == [True, True]
    assert slack.shown[1][2].notice == "Half the time is gone"
    assert slack.threads == ["", f"handle of {slack.shown[0][0]}"]


async def test_retries_follow_the_schedule_until_it_works(rig: Rig, slack: Scripted) -> None:
    slack.script = [RETRY, RETRY, RETRY]
    await rig.take(a_play(recipients=BOTH))
    await rig.later(minutes=4)

    attempts = [row.at for row in await rig.rows(tables.ATTEMPTS)]
    gaps = [round((after - before) / 1000) for before, after in pairwise(attempts)]
    assert len(gaps) == 3
    for gap, step in zip(gaps, (5, 30, 120), strict=True):
        assert step * 0.8 - 1 <= gap <= step * 1.2 + 2
    assert (await rig.recorded())[0].attempts == 4


async def test_the_provider_decides_how_long_to_wait_at_least(rig: Rig, slack: Scripted) -> None:
    slack.script = [Failed(Fault.RETRY, "ratelimited", 90)]
    await rig.take(a_play(recipients=BOTH))
    await rig.later(seconds=85)
    assert slack.shown == []
    await rig.later(seconds=40)

    assert len(slack.shown) == 1


@pytest.mark.parametrize("fault", [Fault.PERMANENT, Fault.CONFIG])
async def test_the_next_address_gets_its_turn_at_once(rig: Rig, slack: Scripted, email: Scripted, fault: Fault) -> None:
    slack.script = [Failed(fault, "user_disabled")]
    await rig.take(a_play(recipients=BOTH))
    await rig.work()

    assert slack.shown == []
    assert [address for _, address, _ in email.shown] == ["grace@brightwater.example"]
    assert [one.outcome for one in await rig.recorded()] == ["failed", "delivered"]


async def test_when_the_time_is_up_the_next_address_gets_its_turn(rig: Rig, slack: Scripted, email: Scripted) -> None:
    slack.script = [RETRY] * 50
    await rig.take(a_play(recipients=BOTH, expires_at=NOON + timedelta(minutes=10)))
    await rig.later(minutes=11)

    assert len(email.shown) == 1
    assert (await rig.states())["offer", "grace", "slack"] == "failed"


async def test_a_newer_version_changes_the_card_in_place_and_says_what_is_new(rig: Rig, slack: Scripted) -> None:
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.take(an_update(recipients=BOTH, notice="They came back to the pricing page"))
    await rig.work()

    assert [card.state for _, card in slack.updated] == [HandoffState.ACCEPTED]
    assert [card.whole for _, _, card in slack.shown] == [True, False]


async def test_a_quiet_update_only_changes_the_card(rig: Rig, slack: Scripted) -> None:
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.take(an_update(recipients=BOTH))
    await rig.work()

    assert len(slack.shown) == 1
    assert len(slack.updated) == 1


async def test_a_mail_gets_a_short_follow_up_in_its_thread_when_the_state_changed(rig: Rig, email: Scripted) -> None:
    mailed = (a_recipient("grace", "Grace Hopper", "email"),)
    await rig.take(a_play(recipients=mailed))
    await rig.work()
    await rig.take(an_update(recipients=mailed))
    await rig.work()
    await rig.take(an_update(recipients=mailed, version=4, sequence=4))
    await rig.work()

    assert [card.whole for _, _, card in email.shown] == [True, False, False]
    assert email.threads[1] == f"handle of {email.shown[0][0]}"


async def test_an_older_version_is_ignored(rig: Rig, slack: Scripted) -> None:
    await rig.take(an_update(recipients=BOTH, state=HandoffState.ACCEPTED))
    await rig.take(a_play(recipients=BOTH))
    await rig.work()

    assert [card.version for _, _, card in slack.shown] == [3]


async def test_what_waits_is_sent_in_its_newest_state(rig: Rig, slack: Scripted) -> None:
    slack.script = [RETRY]
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.take(an_update(recipients=BOTH, notice="a new reason"))
    await rig.later(seconds=30)

    assert [(card.version, card.whole, card.notice) for _, _, card in slack.shown] == [(3, True, "a new reason")]


async def test_the_next_rep_gets_a_card_and_the_first_ones_loses_its_buttons(rig: Rig, slack: Scripted) -> None:
    jonas = (a_recipient("jonas", "Jonas Weber", "slack"),)
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    moved = an_update(
        recipients=BOTH, state=HandoffState.OFFERED, assignee="jonas", actors=("jonas", "felix"), notice="It lapsed"
    )
    await rig.take(moved, a_play(version=3, sequence=2, person="jonas", recipients=jonas))
    await rig.work()

    assert [(address, card.whole) for _, address, card in slack.shown if card.whole] == [
        ("U0GRACE", True),
        ("U0JONAS", True),
    ]
    assert [card.actions for _, card in slack.updated] == [()]


async def test_a_card_nobody_can_act_on_any_more_is_not_sent(rig: Rig, slack: Scripted) -> None:
    slack.script = [RETRY]
    await rig.take(a_play(recipients=BOTH))
    await rig.work()
    await rig.take(an_update(recipients=BOTH, state=HandoffState.WITHDRAWN, actions=()))
    await rig.later(minutes=5)

    assert slack.shown == []
    assert (await rig.states())["offer", "grace", "slack"] == "skipped"


async def test_erasure_blanks_everything_and_edits_the_card(rig: Rig, slack: Scripted) -> None:
    await rig.take(a_play(recipients=BOTH, notice="Ada is back"))
    await rig.work()
    await rig.take(an_erasure())
    await rig.work()
    await rig.take(an_update(recipients=BOTH))
    await rig.work()

    everything = repr([await rig.rows(table) for table in tables.METADATA.sorted_tables])
    assert "Ada" not in everything
    assert "Lovelace" not in everything
    assert [card.erased for _, card in slack.updated] == [True]
    assert len(slack.shown) == 1


async def test_what_cannot_be_read_becomes_a_dead_letter_and_the_rest_goes_on(rig: Rig, slack: Scripted) -> None:
    newer = b'{"fact":"deliver_hologram","schema":9,"id":"00000000-0000-0000-0000-000000000001"}'
    await rig.take(b"\xff not json", newer, a_play(recipients=BOTH))
    await rig.work()

    letters = await rig.said(DEAD_LETTERS.name, dead_letter.DECODER)
    assert [(one.reason, one.value) for one in letters] == [("malformed", b"\xff not json"), ("newer", newer)]
    assert len(slack.shown) == 1


async def test_a_channel_in_trouble_is_left_alone_for_a_while(rig: Rig, slack: Scripted) -> None:
    slack.script = [RETRY] * 5
    for number in range(8):
        await rig.take(a_play(handoff=a_handoff(f"lead {number}"), recipients=BOTH))
        await rig.work()
    assert slack.shown == []
    tried = len(await rig.rows(tables.ATTEMPTS))
    await rig.later(minutes=8)

    assert tried == 5
    assert len({card.handoff for _, _, card in slack.shown}) == 8


async def test_one_address_gets_one_message_a_gap(database: Database, tmp_path: Path) -> None:
    paced = Scripted(Capabilities(gap=1.0))
    async with a_rig(database, tmp_path, {"slack": paced}) as rig:
        for number in range(3):
            await rig.take(a_play(handoff=a_handoff(f"lead {number}"), recipients=BOTH))
        await rig.courier.turn()
        await rig.courier.settle_down()
        at_once = len(paced.shown)
        await rig.later(seconds=30)

    assert at_once == 1
    assert len(paced.shown) == 3


async def test_whom_no_other_channel_reaches_finds_the_card_in_the_inbox(database: Database, tmp_path: Path) -> None:
    async with a_rig(database, tmp_path) as rig:
        await rig.take(a_play(recipients=BOTH))
        await rig.work()

        assert [(row.person, row.whole) for row in await rig.rows(tables.INBOX)] == [("grace", True)]
        assert [(one.channel, one.outcome) for one in await rig.recorded()] == [("inbox", "delivered")]


async def test_the_log_away_delays_the_record_but_not_the_card(rig: Rig, slack: Scripted) -> None:
    await rig.take(a_play(recipients=BOTH))
    rig.log.away = True
    await rig.work()
    rig.log.away = False
    await rig.outbox.flush()

    assert len(slack.shown) == 1
    assert [one.outcome for one in await rig.recorded()] == ["delivered"]
