"""The story that `make run` tells, decided in memory: whomever sales hears of, the play is meant for them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playcaller.story.posting import request
from playcaller.story.script import Telling, scenes
from schemas.event import Event
from services.ingest.reading import events_from
from services.router.adapters.playbook_files import load
from services.router.domain.plays import fallback
from tests.router.office import Office

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DOOR = "http://127.0.0.1:8080"


def the_story() -> list[list[Event]]:
    """The events of each webhook, in the order in which they are sent."""
    posts = [post for scene in scenes(Telling(NOON, 1)) for post in scene.posts]
    found = []
    for place, post in enumerate(posts):
        sent = request(DOOR, post, SECRETS.get(post.source, "a-secret"))
        received = NOON + place * SECOND
        found.append(list(events_from(post.source, sent.content, dict(sent.headers), received, path=sent.url.path)))
    return found


SECRETS = {"sales": "maya:0123456789abcdef", "standard_webhooks": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}


@pytest.fixture
def told() -> Office:
    office = Office(load(Path(__file__).parents[2] / "playbook"))
    for events in the_story():
        office.take(*events)
    office.until(NOON + timedelta(hours=1))
    return office


def test_no_lead_of_the_story_gets_the_fallback(told: Office) -> None:
    plays = [each.play for each in told.world.handoffs.values()]

    assert len(plays) >= 5
    assert fallback(told.playbook).name not in plays
