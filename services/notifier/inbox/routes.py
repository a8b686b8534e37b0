"""The inbox's pages and its forms."""

import secrets
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from runtime.clock import Clock
from runtime.database import Database
from services.notifier.blockkit import message
from services.notifier.desk import Desk
from services.notifier.guard import COOKIE, Guard, Turned, Visitor
from services.notifier.inbox import pages
from services.notifier.inbox.forms import posted
from services.notifier.inbox.site import MAIL_POLICY, headers, page
from services.notifier.inbox.slack_view import shown
from services.notifier.links import Links
from services.notifier.mail import html_of, subject_of
from services.notifier.replying import declare, submit
from services.notifier.settings import NotifierSettings
from services.notifier.showing import card_for

VIEWS = ("play", "slack", "email")
SEE_OTHER = 303
TOLD_ON_A_PAGE = frozenset({400, 403, 503})


class InboxPages:
    """Shows a person's plays and takes their answers. Everything also works without JavaScript."""

    def __init__(
        self, settings: NotifierSettings, database: Database, clock: Clock, *, links: Links, desk: Desk, guard: Guard
    ) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._links, self._desk, self._guard = links, desk, guard

    def router(self) -> APIRouter:
        """Everything under `/inbox`, and `/` that leads there."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.front, methods=["GET"])
        router.add_api_route("/inbox", self.front, methods=["GET"])
        router.add_api_route("/inbox/enter", self.enter, methods=["POST"])
        router.add_api_route("/inbox/of/{person}", self.inbox, methods=["GET"])
        router.add_api_route("/inbox/of/{person}", self.act, methods=["POST"])
        router.add_api_route("/inbox/of/{person}/away", self.away, methods=["POST"])
        router.add_api_route("/inbox/of/{person}/tag", self.tag, methods=["GET"])
        router.add_api_route("/inbox/of/{person}/mail/{handoff}", self.mail, methods=["GET"])
        return router

    async def front(self, request: Request) -> Response:
        """To the inbox in which the most urgent play waits."""
        visitor = self._guard.look_at(request)
        if isinstance(visitor, Turned):
            return self._turned(visitor)
        async with self._database.reading() as connection:
            known = await self._known(connection, visitor)
            first = await pages.busiest(connection, known, self._links, self._clock.now())
        if first is None:
            return page("empty.html", identity=visitor.identity)
        return RedirectResponse(_address(first.id), SEE_OTHER)

    async def inbox(
        self, person: str, request: Request, card: str = "", view: str = "play", problem: str = ""
    ) -> Response:
        """One person's plays, one of them open."""
        visitor = self._guard.look_at(request)
        if isinstance(visitor, Turned):
            return self._turned(visitor)
        async with self._database.reading() as connection:
            known = await self._known(connection, visitor)
            if person not in {one.id for one in known}:
                return page("told.html", 404, title="Nobody here", sentence="Nobody of that name has an inbox here.")
            now = self._clock.now()
            tag = await pages.tag(connection, person, now)  # first: what changes meanwhile is news to the page
            listed = await pages.entries(connection, person, self._links, now)
            entry = pages.chosen(listed, _uuid(card))
            moments = await pages.happened(connection, entry.card) if entry else []
        session = visitor.session or str((self._links.session_of(fresh := self._fresh()) or ("",))[0])
        answer = page(
            "inbox.html",
            people=known,
            person=next(one for one in known if one.id == person),
            entries=listed,
            entry=entry,
            moments=moments,
            view=view if view in VIEWS else "play",
            slack=shown(message(entry.card)) if entry and view == "slack" else [],
            subject=subject_of(entry.card, entry.sheet, reply=False) if entry else "",
            mail_from=self._settings.smtp_from,
            problem=problem[:300],
            post_url=_address(person),
            form_token=self._links.form(session),
            tag=tag,
            now=now,
        )
        if not visitor.session:
            self._cookie(answer, fresh)
        return answer

    async def act(self, person: str, request: Request) -> Response:
        """A form of the page. Answers by leading back to it, so that a reload sends nothing again."""
        found = await self._form(person, request)
        if isinstance(found, Response):
            return found
        form, event = found
        reply = await submit(self._desk, form, person, via="inbox", event=event)
        if reply.status in TOLD_ON_A_PAGE:
            told = page("told.html", reply.status, title="Not done", sentence=reply.sentence, back=_address(person))
            told.headers["Retry-After"] = "2"
            return told
        return RedirectResponse(_address(person, card=str(reply.handoff or ""), problem=reply.sentence), SEE_OTHER)

    async def away(self, person: str, request: Request) -> Response:
        """The person says that they are away, or back."""
        found = await self._form(person, request)
        if isinstance(found, Response):
            return found
        reply = await declare(self._desk, found[0], person, self._clock.now(), via="inbox", event=found[1])
        return page("told.html", reply.status, title=reply.title, sentence=reply.sentence, back=_address(person))

    async def _form(self, person: str, request: Request) -> tuple[dict[str, str], str] | Response:
        """A form of this person's page and its own id, or why it is none."""
        visitor = self._guard.look_at(request)
        if isinstance(visitor, Turned):
            return self._turned(visitor)
        async with self._database.reading() as connection:
            mine = person in {one.id for one in await self._known(connection, visitor)}
        if not mine or not self._guard.own_form(request):
            return page("told.html", 403, title="Not from here", sentence="This form is somebody else's.")
        form = await posted(request)
        return form, self._links.form_event(form.get("token", ""), visitor.session) if visitor.session else ""

    async def tag(self, person: str, request: Request) -> Response:
        """What changes whenever the page would: asked every few seconds by the page that is open."""
        visitor = self._guard.look_at(request)
        if isinstance(visitor, Turned):
            return JSONResponse({"tag": ""}, visitor.status)
        async with self._database.reading() as connection:
            found = await pages.tag(connection, person, self._clock.now())
        return JSONResponse({"tag": found}, headers={"Cache-Control": "no-store"})

    async def mail(self, person: str, handoff: UUID, request: Request) -> Response:
        """The very HTML of the mail, for the frame that shows it."""
        visitor = self._guard.look_at(request)
        if isinstance(visitor, Turned):
            return self._turned(visitor)
        async with self._database.reading() as connection:
            mine = person in {one.id for one in await self._known(connection, visitor)}
            card = await card_for(connection, handoff, person, self._links, self._clock.now()) if mine else None
        if card is None:
            return page("told.html", 404, title="Not here", sentence="There is no such mail.")
        return HTMLResponse(html_of(card), headers=headers(MAIL_POLICY))

    async def enter(self, request: Request) -> Response:
        """The inbox's token, shown once; then a signed cookie stands for it."""
        token = self._settings.inbox_token
        form = await posted(request)
        given = form.get("token", "").encode()
        if token is None or not secrets.compare_digest(given, token.get_secret_value().encode()):
            return self._turned(Turned(401, "That is not the token.", door=True))
        answer = RedirectResponse("/inbox", SEE_OTHER)
        self._cookie(answer, self._links.session(trusted=True))
        return answer

    async def _known(self, connection: Any, visitor: Visitor) -> list[pages.Person]:
        """The inboxes this visitor may see: all of them, or, where a proxy says who it is, their own."""
        known = await pages.people(connection)
        if not visitor.identity:
            return known
        mine = await pages.person_named(connection, visitor.identity)
        return [one for one in known if one.id == mine]

    def _turned(self, turned: Turned) -> Response:
        template = "door.html" if turned.door else "told.html"
        return page(template, turned.status, title="Not here", sentence=turned.sentence)

    def _fresh(self) -> str:
        return self._links.session(trusted=False)

    def _cookie(self, answer: Response, value: str) -> None:
        secure = self._settings.public_url.startswith("https://")
        answer.set_cookie(COOKIE, value, max_age=30 * 24 * 3600, httponly=True, samesite="lax", secure=secure)


def _address(person: str, **query: str) -> str:
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
    return f"/inbox/of/{quote(person, safe='')}" + (f"?{asked}" if asked else "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
