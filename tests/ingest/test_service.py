"""The door as it really runs: uvicorn on a port, until it is told to stop."""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from services.ingest.sample import Sample, samples
from services.ingest.settings import IngestSettings
from tests.ingest.doors import Running, running, signed_now

pytestmark = pytest.mark.whole


async def post(client: httpx.AsyncClient, server: Running, sample: Sample) -> httpx.Response:
    headers, body = signed_now(sample, datetime.now(UTC))
    return await client.post(server.url + sample.path, content=body, headers=headers)


async def test_every_sample_of_a_signed_source_arrives_over_real_http(tmp_path: Path) -> None:
    chosen = [*samples("typeform"), *samples("calendly"), *samples("segment"), *samples("html_form")]
    async with running(tmp_path) as server, httpx.AsyncClient() as client:
        answers = [await post(client, server, sample) for sample in chosen]
        events = await server.events()

    assert {answer.status_code for answer in answers} <= {200, 303}
    assert len(events) >= len(chosen)


async def test_many_at_once_are_each_appended_once(tmp_path: Path) -> None:
    sample = samples("typeform")[0]
    async with running(tmp_path) as server, httpx.AsyncClient() as client:
        answers = await asyncio.gather(*(post(client, server, sample) for _ in range(50)))
        events = await server.events()

    assert [answer.status_code for answer in answers] == [200] * 50
    assert len(events) == 50
    assert len({event.dedup_key for event in events}) == 1


async def test_a_body_that_is_far_too_large_hears_why(tmp_path: Path) -> None:
    async with running(tmp_path, ingest_max_body=1000) as server, httpx.AsyncClient() as client:
        answer = await client.post(
            f"{server.url}/webhooks/typeform", content=b"x" * 3_000_000, headers={"Content-Type": "application/json"}
        )

    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:playcaller:problem:too_large"


async def test_a_stream_without_a_length_is_bounded_too(tmp_path: Path) -> None:
    async def endless() -> object:
        for _ in range(300):
            yield b"x" * 10_000

    async with running(tmp_path, ingest_max_body=1000) as server, httpx.AsyncClient() as client:
        answer = await client.post(
            f"{server.url}/webhooks/typeform", content=endless(), headers={"Content-Type": "application/json"}
        )

    assert answer.status_code == 413


async def test_a_sender_that_never_finishes_is_let_go(tmp_path: Path) -> None:
    async with running(tmp_path, ingest_body_timeout=0.2) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /webhooks/typeform HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 50\r\n\r\n{")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()

    assert b"408" in line


async def test_it_is_ready_while_it_listens_and_not_once_it_stops(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        before = await server.carriage.health.readiness()
        server.carriage.stop.set()
        await server.serving
        after = await server.carriage.health.readiness()

    assert before.good
    assert not after.checks["ingest"]


async def test_what_is_under_way_is_finished_after_the_stop(tmp_path: Path) -> None:
    sample = samples("typeform")[0]
    headers, body = signed_now(sample, datetime.now(UTC))
    async with running(tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"POST {sample.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode())
        writer.write(body[:100])
        await writer.drain()
        await accepted(server)
        server.carriage.stop.set()
        writer.write(body[100:])
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        await server.serving
        events = await server.events()

    assert b"200" in line
    assert len(events) == 1


async def accepted(server: Running) -> None:
    """The server has seen the other connection: a later one is answered after it."""
    async with httpx.AsyncClient() as client:
        await client.get(server.url)


async def test_an_occupied_port_says_what_to_set(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(SystemExit, match="PLAYCALLER_INGEST_PORT"):
            from services.ingest.service import serve

            await serve(server.carriage, IngestSettings(data=tmp_path, ingest_port=port), own={})


async def test_a_rep_brings_a_lead_through_the_api_that_people_read(tmp_path: Path) -> None:
    async with running(tmp_path) as server, httpx.AsyncClient(base_url=server.url) as client:
        described = (await client.get("/openapi.json")).json()
        token = {
            "Authorization": "Bearer " + "whsec_" + base64.b64encode(b"loom and pattern, thirty-two long").decode()
        }
        taken = await client.post("/leads", json={"email": "ada@acme.example", "title": "CTO"}, headers=token)
        refused = await client.post("/leads", json={"email": "ada@acme.example"})
        wrong = await client.post("/leads", json={"email": 7}, headers=token)
        events = await server.events()

    assert "/leads" in described["paths"]
    assert taken.json() == {"status": "accepted"}
    assert [refused.status_code, wrong.status_code] == [401, 400]
    assert [event.type.value for event in events] == ["lead_brought"]
    assert {claim.field: claim.value for claim in events[0].claims} == {"title": "CTO", "owner": "grace"}
