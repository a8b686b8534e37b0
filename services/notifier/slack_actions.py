"""Slack's interactivity: buttons, menus and modals (https://docs.slack.dev/interactivity/handling-user-interaction)."""

import hmac
import json
from datetime import datetime
from hashlib import sha256
from typing import Any, assert_never
from urllib.parse import parse_qs
from uuid import UUID

import aiohttp
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from slack_sdk.errors import SlackApiError, SlackRequestError

from runtime.clock import Clock
from runtime.database import Database
from runtime.log import LogError
from schemas.play import ActionKind
from services.notifier.desk import Answer, Desk, Recorded, Refused, refusal
from services.notifier.modals import VIEWS, told_view
from services.notifier.problems import problem
from services.notifier.reactions import NotAChoiceError, NotADayError, Wish
from services.notifier.settings import NotifierSettings
from services.notifier.showing import person_at, play_of
from services.notifier.workspace import client_of

TOLERANCE = 300
"""Seconds a request may be old, or ahead."""
LONGEST_BODY = 1_000_000
PATIENCE = 2.0
"""Seconds for views.open: the trigger lives for three."""

_log = structlog.get_logger(__name__)


def verified(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Is it Slack's? HMAC-SHA256 over `v0:<timestamp>:<raw body>`, compared in constant time. Never raises.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004  (digits of seconds)
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        return False
    expected = "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


class SlackDoor:
    """Takes what Slack posts, authorises the person who pressed, and answers within three seconds."""

    def __init__(self, settings: NotifierSettings, database: Database, clock: Clock, desk: Desk) -> None:
        self._settings, self._database, self._clock, self._desk = settings, database, clock, desk

    def router(self) -> APIRouter:
        """`POST /slack/interactivity`."""
        router = APIRouter()
        router.add_api_route("/slack/interactivity", self.interactivity, methods=["POST"], include_in_schema=False)
        return router

    async def interactivity(self, request: Request) -> Response:
        """One press, choice or submitted modal."""
        secret = self._settings.slack_signing_secret
        if secret is None:
            return problem(503, "Slack is not set up here", "Set PLAYCALLER_SLACK_SIGNING_SECRET.")
        body = await request.body()
        if len(body) > LONGEST_BODY:
            return problem(413, "Too large", "Slack never sends this much.")
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not verified(secret.get_secret_value(), stamp, signature, body, self._clock.now()):
            return problem(401, "The signature does not fit", "Check the signing secret and the clock.")
        try:
            payload = json.loads(parse_qs(body.decode(), strict_parsing=True)["payload"][0])
            return await self._taken(payload)
        except LogError:
            return problem(503, "Not recorded", "The log is away: press again in a moment.", retry_after=2)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return problem(400, "Not understood", "This is none of our buttons.")

    async def _taken(self, payload: dict[str, Any]) -> Response:
        user = str(payload["user"]["id"])
        async with self._database.reading() as connection:
            actor = await person_at(connection, "slack", user)
        match payload["type"]:
            case "block_actions":
                await self._pressed(payload, actor)
                return Response()
            case "view_submission":
                return await self._submitted(payload["view"], actor)
            case _:
                return Response()

    async def _pressed(self, payload: dict[str, Any], actor: str) -> None:
        pressed = payload["actions"][0]
        name, _, choice = str(pressed["action_id"]).partition(":")
        value = str(pressed.get("value") or pressed["selected_option"]["value"])
        handoff, _, chosen = value.partition(":")
        action, subject = ActionKind(name), UUID(handoff)
        event = f"{payload['container']['message_ts']}:{payload['user']['id']}:{name}:{pressed['action_ts']}"
        view = VIEWS.get(action)
        if view is None:
            wish = Wish(action, chosen or choice)
            await self._tell(payload, await self._desk.react(subject, actor, wish, via="slack", event=event))
            return
        async with self._database.reading() as connection:
            refused = refusal(await play_of(connection, subject), actor, action)
        await self._open(payload, told_view("Not done", refused.sentence) if refused else view(subject, event))

    async def _submitted(self, view: dict[str, Any], actor: str) -> Response:
        about = json.loads(view["private_metadata"])
        state = view["state"]["values"]
        option = state["choice"]["choice"].get("selected_option") or {}
        note = (state.get("note") or {}).get("note", {}).get("value") or ""
        day = (state.get("again_on") or {}).get("again_on", {}).get("selected_date") or ""
        wish = Wish(ActionKind(view["callback_id"]), str(option.get("value", "")), str(note), str(day))
        try:
            answer = await self._desk.react(UUID(about["handoff"]), actor, wish, via="slack", event=str(about["event"]))
        except NotADayError as fault:
            return _errors("again_on", str(fault))
        except NotAChoiceError as fault:
            return _errors("choice", str(fault))
        except LogError:
            return _errors("choice", "It could not be recorded just now. Nothing is lost: submit it again in a moment.")
        match answer:
            case Recorded():
                return Response()
            case Refused():
                return _errors("choice", answer.sentence)
            case _:
                assert_never(answer)

    async def _tell(self, payload: dict[str, Any], answer: Answer) -> None:
        if isinstance(answer, Refused):
            await self._open(payload, told_view("Not done", answer.sentence))

    async def _open(self, payload: dict[str, Any], view: dict[str, Any]) -> None:
        """Show a modal. The trigger may have expired: the person presses again, so this is only logged."""
        limits = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=limits) as session:
            client = client_of(self._settings, session)
            if client is None:
                return
            try:
                await client.views_open(trigger_id=str(payload["trigger_id"]), view=view)
            except (SlackApiError, SlackRequestError, aiohttp.ClientError, TimeoutError, OSError) as fault:
                _log.warning("a Slack modal could not be opened", fault=type(fault).__name__)


def _errors(block: str, sentence: str) -> JSONResponse:
    return JSONResponse({"response_action": "errors", "errors": {block: sentence}})
