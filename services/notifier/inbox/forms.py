"""The answer forms of a card: the same on the inbox's page and behind a link in a mail."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.datastructures import UploadFile

from schemas.play import ActionKind
from services.notifier.choices import AGAIN, AGAIN_HINT, ATTEMPT, NOTE_LIMIT, OUTCOME, REJECT, SNOOZE, STARS, TRIAGE
from services.notifier.reactions import Wish

LONGEST_FORM = 20_000
"""Bytes."""


def choices() -> dict[str, Any]:
    """The closed lists, for the templates."""
    return {
        "reject": REJECT,
        "attempt": ATTEMPT,
        "outcome": OUTCOME,
        "snooze": SNOOZE,
        "rate": STARS,
        "triage": TRIAGE,
        "note_limit": NOTE_LIMIT,
        "again": AGAIN,
        "again_hint": AGAIN_HINT,
    }


async def posted(request: Request) -> dict[str, str]:
    """The form's fields. Raises `ValueError` where it is too large to be one of ours."""
    if int(request.headers.get("content-length", "0") or 0) > LONGEST_FORM:
        raise ValueError("too large to be one of our forms")
    form = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}


def wished(form: dict[str, str]) -> tuple[UUID, Wish]:
    """The handoff and what was chosen. Raises `ValueError` where the form is none of ours."""
    action = ActionKind(form.get("action", ""))
    wish = Wish(action, form.get("choice", ""), form.get("note", ""), form.get("again_on", ""))
    return UUID(form.get("handoff", "")), wish
