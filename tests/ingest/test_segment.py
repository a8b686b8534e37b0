"""The tracking API and Segment as a webhook: doors, keys, clocks, and what a batch's signature does not cover."""

import base64
import gzip
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from schemas.event import EventType, IdentifierKind
from services.ingest.sources.segment import DOORS, tracked
from tests.ingest.doors import SECRET, House

KEYED = {"Authorization": "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()}
JSON = {"Content-Type": "application/json"}


async def post(home: House, path: str, call: Any, **headers: str) -> httpx.Response:
    return await home.client.post(path, content=msgspec.json.encode(call), headers={**JSON, **KEYED, **headers})


@pytest.mark.parametrize("path", sorted(DOORS))
async def test_every_path_of_the_tracking_api_takes_calls(home: House, path: str) -> None:
    call = {"anonymousId": "anon-7c41", "event": "Tour Started", "messageId": "m-1"}
    batched = DOORS[path] in {"batch", "import"}
    answer = await post(home, path, {"batch": [{"type": "track", **call}]} if batched else call)
    (event,) = await home.events()

    assert answer.json() == {"success": True}
    assert [one.value for one in event.identifiers] == ["segment:anon-7c41"]
    assert event.historical == (path == "/v1/import")


async def test_a_browser_sends_its_key_in_a_plain_text_body(home: House) -> None:
    body = msgspec.json.encode({"writeKey": SECRET, "anonymousId": "a", "messageId": "m-2"})
    answer = await home.client.post("/v1/p", content=body, headers={"Content-Type": "text/plain"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_zipped_batch_is_unzipped_but_never_into_a_flood(home: House) -> None:
    call = {"type": "page", "anonymousId": "a", "messageId": "m-3"}
    small = gzip.compress(msgspec.json.encode({"batch": [call]}))
    bomb = gzip.compress(b'{"batch":[' + b" " * 50_000_000 + b"]}")
    zipped = {**JSON, **KEYED, "Content-Encoding": "gzip"}
    taken = await home.client.post("/v1/batch", content=small, headers=zipped)
    refused = await home.client.post("/v1/batch", content=bomb, headers=zipped)
    torn = await home.client.post("/v1/batch", content=small[:-9], headers=zipped)
    strange = await home.client.post("/v1/batch", content=small, headers={**zipped, "Content-Encoding": "br"})

    assert [taken.status_code, refused.status_code, torn.status_code, strange.status_code] == [200, 413, 400, 415]


async def test_a_write_key_signs_no_webhook_and_a_shared_secret_is_no_write_key(home: House) -> None:
    body = b'{"type":"track","event":"Tour Started","messageId":"m-4"}'
    by_key = hmac.new(f"write_key:{SECRET}".encode(), body, hashlib.sha1).hexdigest()
    webhook = await home.client.post("/webhooks/segment", content=body, headers={**JSON, "X-Signature": by_key})
    secret = base64.b64encode(f"signature:{SECRET}:".encode()).decode()
    call = await home.client.post("/v1/track", content=body, headers={**JSON, "Authorization": f"Basic {secret}"})

    assert [webhook.status_code, call.status_code] == [401, 401]


async def test_what_a_batchs_signature_does_not_cover_says_so(home: House) -> None:
    first = b'{"type":"page","messageId":"m-5","anonymousId":"a"}'
    forged = b'{"type":"page","messageId":"m-6","anonymousId":"b"}'
    signature = hmac.new(SECRET.encode(), first, hashlib.sha1).hexdigest()
    body = b"[" + first + b", " + forged + b"]"
    await home.client.post("/webhooks/segment", content=body, headers={**JSON, "X-Signature": signature})
    one, other = await home.events()

    assert "unsigned" not in one.properties
    assert other.properties["unsigned"] is True
    assert other.raw
    assert other.raw.body == forged


async def test_a_wrong_clock_is_put_right_by_when_it_says_it_sent(home: House) -> None:
    call = {"messageId": "m-7", "timestamp": "2031-01-01T00:00:00Z", "sentAt": "2031-01-01T00:01:00Z"}
    await post(home, "/v1/page", call)
    (event,) = await home.events()

    assert event.occurred_at == event.received_at - timedelta(minutes=1)


async def test_a_time_in_the_future_is_our_now(home: House) -> None:
    await post(home, "/v1/page", {"messageId": "m-8", "timestamp": "2031-01-01T00:00:00Z"})
    (event,) = await home.events()

    assert event.occurred_at == event.received_at


async def test_an_alias_ties_the_anonymous_to_the_known(home: House) -> None:
    await post(home, "/v1/alias", {"previousId": "anon-7c41", "userId": "ada@acme.example", "messageId": "m-9"})
    (event,) = await home.events()
    known = {(one.kind, one.value) for one in event.identifiers}

    assert {(IdentifierKind.COOKIE, "segment:anon-7c41"), (IdentifierKind.EMAIL, "ada@acme.example")} <= known


async def test_more_calls_than_we_take_at_once_are_refused_before_any_is_appended(home: House) -> None:
    answer = await post(home, "/v1/batch", {"batch": [{"type": "page"}] * 4001})

    assert answer.status_code == 413
    assert await home.nothing()


async def test_an_empty_batch_is_legal(home: House) -> None:
    answer = await post(home, "/v1/batch", {"batch": []})

    assert answer.status_code == 200
    assert await home.nothing()


async def test_a_batch_without_its_list_is_kept_as_a_dead_letter(home: House) -> None:
    answer = await post(home, "/v1/batch", {"calls": []})
    (letter,) = await home.dead()

    assert answer.status_code == 200
    assert (letter.source, letter.value) == ("segment", b'{"calls":[]}')


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Whitepaper Downloaded", EventType.CONTENT_DOWNLOADED),
        ("Price List Downloaded", EventType.CONTENT_DOWNLOADED),
        ("Email Link Clicked", EventType.EMAIL_CLICKED),
        ("form submitted", EventType.FORM_SUBMITTED),
        ("Tour Started", EventType.TRACKED),
        ("", EventType.TRACKED),
    ],
)
def test_a_tracked_name_tells_the_type(name: str, kind: EventType) -> None:
    assert tracked(name) is kind
