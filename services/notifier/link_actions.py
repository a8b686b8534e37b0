"""The page behind a signed link in a mail: GET only ever shows; a person has to press a button, which acts once."""

from fastapi import APIRouter, Request, Response

from runtime.clock import Clock
from runtime.database import Database
from services.notifier.desk import Desk
from services.notifier.inbox.forms import posted
from services.notifier.inbox.site import page
from services.notifier.links import Links, Pass
from services.notifier.replying import submit
from services.notifier.sheet import sheet_of
from services.notifier.showing import card_for

STALE = "This link is too old or was changed. The newest mail about the play has a fresh one."


class LinkDoor:
    """`/act/{token}`. The token says who acts; nothing else does, so the page says whom it takes the reader for."""

    def __init__(self, database: Database, clock: Clock, links: Links, desk: Desk) -> None:
        self._database, self._clock, self._links, self._desk = database, clock, links, desk

    def router(self) -> APIRouter:
        """GET, HEAD and OPTIONS look, POST acts."""
        router = APIRouter()
        looks = ["GET", "HEAD", "OPTIONS"]
        router.add_api_route("/act/{token}", self.look, methods=looks, include_in_schema=False)
        router.add_api_route("/act/{token}", self.act, methods=["POST"], include_in_schema=False)
        return router

    async def look(self, token: str) -> Response:
        """The play, and an empty choice. Mail scanners open every link: this changes nothing."""
        holder = self._links.read(token)
        if holder is None:
            return page("told.html", 410, title="This link has expired", sentence=STALE)
        return await self._shown(token, holder)

    async def act(self, token: str, request: Request) -> Response:
        """What the person chose, once however often it is sent."""
        holder = self._links.read(token)
        if holder is None:
            return page("told.html", 410, title="This link has expired", sentence=STALE)
        form = await posted(request)
        event = self._links.form_event(form.get("token", ""), _owner(holder))
        reply = await submit(self._desk, form, holder.person, via="email", event=event, only=holder.handoff)
        return await self._shown(token, holder, reply.status, reply.sentence)

    async def _shown(self, token: str, holder: Pass, status: int = 200, problem: str = "") -> Response:
        async with self._database.reading() as connection:
            card = await card_for(connection, holder.handoff, holder.person, self._links, self._clock.now())
        if card is None:
            return page("told.html", 404, title="Not here", sentence="This play is not here any more.")
        shown = {
            "card": card,
            "sheet": sheet_of(card),
            "problem": problem,
            "post_url": f"/act/{token}",
            "form_token": self._links.form(_owner(holder)),
            "now": self._clock.now(),
        }
        answer = page("act.html", status, **shown)
        if status == 503:  # noqa: PLR2004  (RFC 9110)
            answer.headers["Retry-After"] = "2"
        return answer


def _owner(holder: Pass) -> str:
    return f"{holder.handoff}|{holder.person}"
