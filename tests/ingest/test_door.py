"""The door itself: who sent it, from where, by which path, and what people may read."""

import hashlib
from pathlib import Path

import pytest

from schemas.event import EventType
from services.ingest.door import address
from services.ingest.sample import samples
from tests.ingest.doors import PAGE, SECRET, House, configured, house, signed_now


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ([], 0, "10.0.0.1"),
        ([b"203.0.113.9"], 0, "10.0.0.1"),
        ([b"203.0.113.9"], 1, "203.0.113.9"),
        ([b"6.6.6.6, 203.0.113.9"], 1, "203.0.113.9"),
        ([b"6.6.6.6", b"203.0.113.9, 10.0.0.7"], 2, "203.0.113.9"),
        ([], 1, "10.0.0.1"),
    ],
)
def test_an_address_is_believed_only_as_far_as_our_own_proxies(
    forwarded: list[bytes], proxies: int, expected: str
) -> None:
    headers = [(b"x-forwarded-for", value) for value in forwarded]

    assert address(headers, "10.0.0.1", proxies) == expected


async def test_an_unknown_source_is_told_which_there_are(home: House) -> None:
    answer = await home.client.post("/webhooks/hubspott", content=b"{}")

    assert answer.status_code == 404
    assert "hubspot" in answer.json()["detail"]


async def test_a_slash_at_the_end_changes_nothing(home: House) -> None:
    headers, body = signed_now(samples("typeform")[0], home.clock.now())
    answer = await home.client.post("/webhooks/typeform/", content=body, headers=headers)

    assert answer.status_code == 200


async def test_people_read_which_sources_are_on(tmp_path: Path) -> None:
    async with house(tmp_path, configured(off=["typeform"])) as home:
        told = {one["name"]: one["on"] for one in (await home.client.get("/sources")).json()}

        assert told["hubspot"]
        assert not told["typeform"]


async def test_a_body_for_people_is_bounded_too(home: House) -> None:
    answer = await home.client.post(
        "/leads", content=b'{"message":"' + b"x" * 2_000_000 + b'"}', headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:playcaller:problem:too_large"


async def test_the_old_hubspot_versions_need_an_option(tmp_path: Path) -> None:
    body = b'[{"subscriptionType":"contact.creation","objectId":1}]'
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature": hashlib.sha256(SECRET.encode() + body).hexdigest(),
        "X-HubSpot-Signature-Version": "v1",
    }
    statuses = []
    for number, options in enumerate(("", "accept_v1", "accept_v2")):
        (folder := tmp_path / str(number)).mkdir()
        async with house(folder, configured(hubspot=options)) as home:
            statuses.append((await home.client.post("/webhooks/hubspot", content=body, headers=headers)).status_code)

    assert statuses == [401, 200, 401]


async def test_the_trace_of_a_sender_travels_as_a_header(home: House) -> None:
    headers, body = signed_now(samples("typeform")[0], home.clock.now())
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await home.client.post("/webhooks/typeform", content=body, headers={**headers, "traceparent": trace})
    (record,) = await home.records("events.urgent")

    assert record.headers["traceparent"] == trace.encode()
    assert record.headers["content-type"] == b"application/json"


async def test_what_was_verified_and_is_no_object_is_a_dead_letter_with_its_bytes(home: House) -> None:
    sample = samples("typeform")[0]
    answer = await home.send(sample, body=b'"just words"')
    (letter,) = await home.dead()

    assert answer.status_code == 200
    assert letter.value == b'"just words"'
    assert letter.media_type == "application/json"


async def test_a_type_that_the_table_does_not_know_is_an_event_all_the_same(home: House) -> None:
    sample = next(one for one in samples("standard_webhooks") if one.file.name == "unheard_of.json")
    await home.send(sample)
    (event,) = await home.events()

    assert (event.type, event.name) == (EventType.UNKNOWN, "loom.warped")


async def test_a_form_without_an_origin_is_taken_only_where_it_is_said(tmp_path: Path) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with house(tmp_path, configured(html_form="open"), ingest_origins="") as home:
        taken = await home.client.post("/webhooks/html_form", content="email=ada%40acme.example", headers=headers)

    assert taken.status_code == 303
    assert taken.headers["location"] == f"{PAGE}/thanks"
