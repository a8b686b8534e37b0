"""The messenger's own door: Slack's interactivity, the links in mails, and the inbox, as one FastAPI application."""

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError

from runtime.carriage import Carriage
from services.notifier.desk import Desk
from services.notifier.guard import Guard
from services.notifier.inbox.routes import InboxPages
from services.notifier.inbox.site import HERE
from services.notifier.link_actions import LinkDoor
from services.notifier.links import Links
from services.notifier.problems import problem
from services.notifier.settings import NotifierSettings
from services.notifier.slack_actions import SlackDoor


async def _database_away(_request: Request, _fault: Exception) -> Response:
    return problem(503, "Not now", "The database is away. Nothing was done; try again in a moment.", retry_after=2)


def make_app(carriage: Carriage, settings: NotifierSettings, links: Links, desk: Desk) -> FastAPI:
    """The application. It publishes no API description: people and Slack are its only callers."""
    app = FastAPI(title="Playcaller notifier", openapi_url=None, docs_url=None, redoc_url=None)
    database, clock = carriage.database, carriage.clock
    app.include_router(SlackDoor(settings, database, clock, desk).router())
    app.include_router(LinkDoor(database, clock, links, desk).router())
    guard = Guard(settings, links)
    app.include_router(InboxPages(settings, database, clock, links=links, desk=desk, guard=guard).router())
    app.add_exception_handler(SQLAlchemyError, _database_away)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return app
