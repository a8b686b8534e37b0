"""Slack's modals: the closed lists as forms (https://docs.slack.dev/surfaces/modals), and what comes back from them."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.feedback import AttemptResult, HandoffOutcome, RejectReason
from schemas.play import ActionKind
from services.notifier.choices import AGAIN, AGAIN_HINT, ATTEMPT, NOTE_LIMIT, OUTCOME, REJECT
from services.notifier.rendering import clipped

Words = Mapping[RejectReason, str] | Mapping[AttemptResult, str] | Mapping[HandoffOutcome, str]


def reject_view(handoff: UUID, event: str) -> dict[str, Any]:
    """Why not? Grouped, so that a bad lead, a failed play and the wrong person stay apart."""
    groups = [{"label": _plain(label), "options": _options(words)} for label, words in REJECT.items()]
    about = _about(handoff, event)
    return _view("Reject this play", "Reject", ActionKind.REJECT, about, {"option_groups": groups}, _AGAIN)


def attempt_view(handoff: UUID, event: str) -> dict[str, Any]:
    """What came of it?"""
    return _view("Log an attempt", "Log", ActionKind.ATTEMPT, _about(handoff, event), {"options": _options(ATTEMPT)})


def outcome_view(handoff: UUID, event: str) -> dict[str, Any]:
    """How did it end?"""
    about = _about(handoff, event)
    return _view("Report the outcome", "Report", ActionKind.OUTCOME, about, {"options": _options(OUTCOME)}, _AGAIN)


VIEWS = {ActionKind.REJECT: reject_view, ActionKind.ATTEMPT: attempt_view, ActionKind.OUTCOME: outcome_view}


def told_view(title: str, sentence: str) -> dict[str, Any]:
    """A modal that only says something: why nothing was done."""
    return {
        "type": "modal",
        "title": _plain(clipped(title, 24)),
        "close": _plain("Close"),
        "blocks": [{"type": "section", "text": _plain(clipped(sentence, 2900))}],
    }


def _view(
    title: str, submit: str, action: ActionKind, about: str, choices: dict[str, Any], *more: dict[str, Any]
) -> dict[str, Any]:
    select = {
        "type": "static_select",
        "action_id": "choice",
        "placeholder": _plain("Choose one"),
        **choices,
    }
    note = {"type": "plain_text_input", "action_id": "note", "multiline": True, "max_length": NOTE_LIMIT}
    return {
        "type": "modal",
        "callback_id": action.value,
        "private_metadata": about,
        "title": _plain(title),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "blocks": [
            {"type": "input", "block_id": "choice", "label": _plain("What happened?"), "element": select},
            *more,
            {"type": "input", "block_id": "note", "label": _plain("Note"), "optional": True, "element": note},
        ],
    }


def _about(handoff: UUID, event: str) -> str:
    """What the modal carries with it and hands back when it is submitted: ids only."""
    return json.dumps({"handoff": str(handoff), "event": event})


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


_AGAIN = {
    "type": "input",
    "block_id": "again_on",
    "optional": True,
    "label": _plain(AGAIN),
    "hint": _plain(AGAIN_HINT),
    "element": {"type": "datepicker", "action_id": "again_on"},
}


def _options(words: Words) -> list[dict[str, Any]]:
    return [{"text": _plain(text), "value": value.value} for value, text in words.items()]
