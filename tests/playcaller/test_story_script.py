"""The story's payloads are new each time they are told, and stay what their vendors send."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from playcaller.story.posting import request
from playcaller.story.script import HERE, Scene, Telling, scenes
from schemas.event import EventType
from services.ingest.keyring import Keyring
from services.ingest.reading import events_from, source_named
from services.ingest.verification import VERIFIED, Verified
from services.ingest.webhook import Site, Webhook

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOOR = "http://127.0.0.1:8080"
SECRETS = {"sales": "maya:0123456789abcdef", "standard_webhooks": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}


def a_telling(take: int = 1) -> Telling:
    return Telling(NOON, take)


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("{{now}}", "2026-03-02T12:00:00.000Z"),
        ("{{now-5m}}", "2026-03-02T11:55:00.000Z"),
        ("{{ms-1s}}", 1772452799000),
        ("{{s}}", 1772452800),
        ("ada{{take}}@acme.example", "ada@acme.example"),
        ({"a": ["{{s+1d}}", 3, None]}, {"a": [1772539200, 3, None]}),
    ],
)
def test_a_placeholder_becomes_its_value(written: object, filled: object) -> None:
    assert a_telling().fill(written) == filled


def test_a_name_means_the_same_within_a_telling_and_another_in_the_next() -> None:
    first, second = a_telling(), a_telling(take=2)

    assert first.fill("{{uuid:ada}}") == first.fill("{{uuid:ada}}")
    assert first.fill("{{uuid:ada}}") != second.fill("{{uuid:ada}}")
    assert second.fill("ada{{take}}@acme.example") == "ada2@acme.example"


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="moon"):
        a_telling().fill("{{moon}}")


def test_every_payload_is_told_and_every_told_payload_is_there() -> None:
    told = {
        line.partition("payload: ")[2].rstrip("}\n ") for line in (HERE / "story.yaml").open() if "payload: " in line
    }

    assert told == {path.name for path in (HERE / "payloads").iterdir()}


@pytest.mark.parametrize("path", sorted((HERE / "payloads").iterdir()), ids=lambda path: path.stem)
def test_a_payload_names_only_people_who_cannot_exist(path: Path) -> None:
    text = json.dumps(a_telling().fill(json.loads(path.read_text("utf-8"))))
    domains = {word.partition("@")[2].split('"')[0] for word in text.split() if "@" in word}

    assert all(domain.endswith(".example") for domain in domains), domains


@pytest.mark.parametrize("scene", scenes(a_telling()), ids=lambda scene: scene.name)
def test_every_webhook_verifies_and_is_understood(scene: Scene) -> None:
    for post in scene.posts:
        secret = SECRETS.get(post.source, "a-secret")
        sent = request(DOOR, post, secret)
        source = source_named(post.source)
        webhook = Webhook(
            received_at=datetime.now(UTC),
            body=sent.content,
            content=sent.content,
            headers={name.lower().encode(): value.encode() for name, value in sent.headers.items()},
            path=sent.url.path,
            door=source.doors.get(sent.url.path, ""),
            site=Site(public_url=DOOR, origins=frozenset({"https://www.brightwater.example"})),
        )
        verdict = source.verification.verify(webhook, Keyring([SecretStr(secret)]))
        events = events_from(post.source, sent.content, dict(sent.headers), webhook.received_at, path=sent.url.path)

        assert isinstance(verdict, Verified)
        assert verdict.covered is VERIFIED.covered
        assert events
        assert all(event.type is not EventType.UNKNOWN for event in events)
