"""What Slack posts when somebody presses: forged here, signed with Slack's own library."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from slack_sdk.signature import SignatureVerifier

SECRET = "a signing secret of this test"


def signed(payload: dict[str, Any], at: datetime, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of POST /slack/interactivity."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
    }


def a_press(handoff: UUID, action: str = "accept", user: str = "U0GRACE", **over: Any) -> dict[str, Any]:
    """A button's block_actions payload; `choice` makes it a menu's."""
    choice = over.pop("choice", None)
    pressed: dict[str, Any] = {"action_id": action, "action_ts": "1700000001.000200", "type": "button"}
    pressed |= {"selected_option": {"value": f"{handoff}:{choice}"}} if choice else {"value": str(handoff)}
    given = {
        "type": "block_actions",
        "user": {"id": user},
        "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": "D0GRACE"},
        "trigger_id": "a-trigger",
        "actions": [pressed],
    }
    return {**given, **over}


def a_submission(
    view: dict[str, Any], choice: str = "not_ready", user: str = "U0GRACE", note: str = "", day: str | None = None
) -> dict[str, Any]:
    """The view_submission of a modal that was opened before."""
    option = {"type": "static_select", "selected_option": {"value": choice} if choice else None}
    written = {"type": "plain_text_input", "value": note or None}
    values: dict[str, Any] = {"choice": {"choice": option}, "note": {"note": written}}
    if any(block.get("block_id") == "again_on" for block in view["blocks"]):
        values["again_on"] = {"again_on": {"type": "datepicker", "selected_date": day}}
    return {"type": "view_submission", "user": {"id": user}, "view": {**view, "state": {"values": values}}}
