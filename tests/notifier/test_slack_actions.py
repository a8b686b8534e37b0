"""Slack's interactivity: only Slack gets in, only those who may act act, once, and the log has it before the answer."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from runtime.database import Database
from schemas.feedback import (
    HandoffAccepted,
    HandoffRejected,
    HandoffSnoozed,
    OutcomeReported,
    RejectReason,
    TriageDecided,
)
from schemas.handoff import HandoffState
from services.notifier.slack_actions import verified
from tests.notifier.builders import NOON, TAKEN, a_handoff, a_play, a_recipient, a_triage, an_update
from tests.notifier.fake_slack import TOKEN, FakeSlack
from tests.notifier.rig import Rig, a_rig
from tests.notifier.slack_press import SECRET, a_press, a_submission, signed

GRACE = (a_recipient("grace", "Grace Hopper", "slack"),)
FELIX = a_recipient("felix", "Felix Brandt", "slack")
MALLORY = a_recipient("mallory", "Mallory", "slack")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as one:
        yield one
        assert one.refused == []


@pytest.fixture
async def rig(slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Rig]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    given = {"slack_token": TOKEN, "slack_base_url": slack.url, "slack_signing_secret": SECRET}
    async with a_rig(database, tmp_path, **given) as made:
        await made.take(a_play(recipients=(*GRACE, MALLORY)))
        await made.work()
        yield made
    await database.close()


async def press(rig: Rig, payload: dict[str, Any], **how: Any) -> httpx.Response:
    body, headers = signed(payload, how.pop("at", rig.clock.now()), **how)
    return await rig.client.post("/slack/interactivity", content=body, headers=headers)


async def test_accept_is_on_the_log_before_slack_is_answered(rig: Rig, slack: FakeSlack) -> None:
    answer = await press(rig, a_press(a_handoff()))
    await rig.work()

    (act,) = await rig.feedback()
    assert (answer.status_code, answer.content) == (200, b"")
    assert isinstance(act, HandoffAccepted)
    assert (act.handoff, act.actor, act.via, act.at) == (a_handoff(), "grace", "slack", NOON)
    assert "Grace Hopper accepted it" in slack.messages[0].text
    assert "Accept" not in json.dumps(slack.messages[0].blocks).replace("accepted", "")


async def test_a_double_click_is_one_reaction(rig: Rig) -> None:
    for _ in range(3):
        assert (await press(rig, a_press(a_handoff()))).status_code == 200

    assert len(await rig.feedback()) == 1


async def test_the_message_is_found_by_its_metadata_alone(rig: Rig, slack: FakeSlack) -> None:
    keys = {row.key for row in await rig.deliveries()}

    assert {one.metadata["event_payload"]["key"] for one in slack.messages} == keys
    assert all(list(one.metadata["event_payload"]) == ["key"] for one in slack.messages)


@pytest.mark.parametrize("user", ["U0MALLORY", "U0NOBODY"])
async def test_who_may_not_act_is_told_so_and_nothing_happens(rig: Rig, slack: FakeSlack, user: str) -> None:
    answer = await press(rig, a_press(a_handoff(), user=user))

    assert answer.status_code == 200
    assert await rig.feedback() == []
    assert "not yours" in json.dumps(slack.views)


async def test_the_manager_may_act_once_they_have_been_told(rig: Rig) -> None:
    await rig.take(a_play(handoff=a_handoff("another"), recipients=(FELIX,)))
    await press(rig, a_press(a_handoff(), user="U0FELIX"))

    assert [act.actor for act in await rig.feedback()] == ["felix"]


async def test_reject_asks_for_a_reason_and_records_it(rig: Rig, slack: FakeSlack) -> None:
    await press(rig, a_press(a_handoff(), "reject"))
    assert await rig.feedback() == []
    answer = await press(rig, a_submission(slack.views[0], "no_capacity", note="on a train"))

    (act,) = await rig.feedback()
    assert answer.content == b""
    assert isinstance(act, HandoffRejected)
    assert (act.reason, act.note) == (RejectReason.NO_CAPACITY, "on a train")


@pytest.mark.parametrize("choice", ["", "because", "' OR 1=1 --"])
async def test_a_reason_that_is_none_is_answered_in_the_modal(rig: Rig, slack: FakeSlack, choice: str) -> None:
    await press(rig, a_press(a_handoff(), "reject"))
    answer = await press(rig, a_submission(slack.views[0], choice))

    assert answer.json()["response_action"] == "errors"
    assert await rig.feedback() == []


@pytest.mark.parametrize(
    ("action", "choice"), [("reject", "not_ready"), ("reject", "no_answer"), ("outcome", "recycled")]
)
async def test_who_gives_a_lead_back_may_choose_the_day_to_see_it_again(
    rig: Rig, slack: FakeSlack, action: str, choice: str
) -> None:
    await rig.take(an_update(recipients=GRACE, state=HandoffState.WORKING, actions=TAKEN))
    await press(rig, a_press(a_handoff(), action))
    answer = await press(rig, a_submission(slack.views[0], choice, day="2026-12-01"))

    (act,) = await rig.feedback()
    assert answer.content == b""
    assert isinstance(act, HandoffRejected | OutcomeReported)
    assert act.again_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("choice", "day", "says"),
    [
        ("not_ready", "2026-11-24", "between tomorrow and a year"),
        ("not_ready", "2020-01-01", "between tomorrow and a year"),
        ("not_ready", "2099-01-01", "between tomorrow and a year"),
        ("not_ready", "soon", "Choose a day"),
        ("bad_data", "2026-12-01", "leave the day empty"),
    ],
)
async def test_a_day_that_is_none_to_come_is_answered_beside_it(
    rig: Rig, slack: FakeSlack, choice: str, day: str, says: str
) -> None:
    await press(rig, a_press(a_handoff(), "reject"))
    answer = await press(rig, a_submission(slack.views[0], choice, day=day))

    assert list(answer.json()["errors"]) == ["again_on"]
    assert says in answer.json()["errors"]["again_on"]
    assert await rig.feedback() == []


async def test_a_modal_that_was_opened_before_there_were_days_is_still_taken(rig: Rig, slack: FakeSlack) -> None:
    await press(rig, a_press(a_handoff(), "reject"))
    old = {**slack.views[0], "blocks": [one for one in slack.views[0]["blocks"] if one["block_id"] != "again_on"]}
    await press(rig, a_submission(old))

    (act,) = await rig.feedback()
    assert isinstance(act, HandoffRejected)
    assert act.again_on is None


async def test_a_menu_snoozes(rig: Rig) -> None:
    await press(rig, a_press(a_handoff(), "snooze", choice="2h"))

    (act,) = await rig.feedback()
    assert isinstance(act, HandoffSnoozed)
    assert act.until == NOON + timedelta(hours=2)


async def test_a_triage_button_decides(rig: Rig) -> None:
    await rig.take(a_triage(recipients=GRACE))
    await press(rig, a_press(a_handoff("triage"), "triage:nurture"))

    (act,) = await rig.feedback()
    assert isinstance(act, TriageDecided)
    assert act.choice == "nurture"


async def test_the_log_away_is_an_honest_503_and_in_a_modal_a_sentence(rig: Rig, slack: FakeSlack) -> None:
    await press(rig, a_press(a_handoff(), "reject"))
    rig.log.away = True
    pressed = await press(rig, a_press(a_handoff()))
    submitted = await press(rig, a_submission(slack.views[0]))
    rig.log.away = False

    assert (pressed.status_code, pressed.headers["retry-after"]) == (503, "2")
    assert "submit it again" in json.dumps(submitted.json())
    assert await rig.feedback() == []


async def test_pressing_again_after_the_log_was_away_records_it(rig: Rig) -> None:
    rig.log.away = True
    await press(rig, a_press(a_handoff()))
    rig.log.away = False
    await press(rig, a_press(a_handoff()))

    assert len(await rig.feedback()) == 1


@pytest.mark.parametrize(
    "how", [{"secret": "wrong"}, {"at": NOON - timedelta(seconds=301)}, {"at": NOON + timedelta(seconds=301)}]
)
async def test_a_wrong_or_old_signature_is_401(rig: Rig, how: dict[str, Any]) -> None:
    answer = await press(rig, a_press(a_handoff()), **how)

    assert (answer.status_code, await rig.feedback()) == (401, [])


async def test_garbage_headers_are_401_never_500(rig: Rig) -> None:
    for stamp in ("", "abc", "-1", "1e9", "٣٤٥", "9" * 400):
        for signature in ("", "v0=", "v0=é", "v1=00", "x" * 5000):
            headers = {b"X-Slack-Request-Timestamp": stamp.encode(), b"X-Slack-Signature": signature.encode()}
            answer = await rig.client.post("/slack/interactivity", content=b"\xff\x00payload", headers=headers)

            assert answer.status_code == 401, (stamp, signature)


async def test_a_signed_payload_that_is_none_of_ours_is_400(rig: Rig) -> None:
    empty = {"type": "block_actions", "user": {"id": "U0GRACE"}, "actions": []}
    for payload in ({}, {"type": "block_actions"}, empty, [], 7, None):
        answer = await press(rig, payload)

        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_expired_trigger_is_no_error_for_slack(rig: Rig) -> None:
    answer = await press(rig, a_press(a_handoff(), "reject", trigger_id="expired"))

    assert answer.status_code == 200


@given(body=st.binary(max_size=300), skew=st.integers(-400, 400), flip=st.booleans())
def test_our_verdict_is_slacks_own(body: bytes, skew: int, flip: bool) -> None:
    stamp = str(int(NOON.timestamp()) + skew)
    theirs = SignatureVerifier(SECRET, clock=_Clock(NOON))
    try:
        signature = theirs.generate_signature(timestamp=stamp, body=body) or ""
    except UnicodeDecodeError:
        return  # their library cannot sign what is no UTF-8; ours answers such a body with 401 or 400
    signature = signature[:-1] + ("0" if signature[-1] != "0" else "1") if flip else signature

    assert verified(SECRET, stamp, signature, body, NOON) == theirs.is_valid(body, stamp, signature)


class _Clock:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> float:
        return self._at.timestamp()
