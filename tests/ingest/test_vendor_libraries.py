"""Our signatures, checked by the vendors' own libraries, and theirs by us."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import segment.analytics as segment
from hubspot.utils.signature import Signature
from pydantic import SecretStr
from standardwebhooks import Webhook as StandardWebhook

from services.ingest.keyring import Keyring
from services.ingest.reading import source_named
from services.ingest.sample import samples, signed
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook, unambiguous
from tests.ingest.doors import SECRET, running

CLIENT_SECRET = "0c5a2f1e-77aa-4b0e-9d51-acme00000001"
URL = "https://hooks.acme.example"


def received(name: str, body: bytes, headers: dict[str, str], now: datetime) -> Webhook:
    return Webhook(
        received_at=now,
        body=body,
        content=body,
        headers=unambiguous([(key.lower().encode(), value.encode()) for key, value in headers.items()]),
        path=f"/webhooks/{name}",
    )


def test_hubspots_own_library_takes_what_we_sign() -> None:
    body = samples("hubspot")[0].body
    headers, _ = signed("hubspot", body, CLIENT_SECRET, datetime.now(UTC), public_url=URL)

    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature-v3"],
        client_secret=CLIENT_SECRET,
        request_body=body.decode(),
        http_uri=f"{URL}/webhooks/hubspot",
        http_method="POST",
        signature_version="v3",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )


def test_the_standards_own_library_takes_what_we_sign() -> None:
    body = samples("standard_webhooks")[0].body
    headers, _ = signed("standard_webhooks", body, SECRET, datetime.now(UTC))

    assert StandardWebhook(SECRET).verify(body, headers)["type"] == "form.submitted"


def test_we_take_what_the_standards_own_library_signs() -> None:
    now, body = datetime.now(UTC), samples("standard_webhooks")[0].body
    naive = now.replace(tzinfo=None)  # the library reads the fields and calls them UTC
    headers = {
        "webhook-id": "msg_acme",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": StandardWebhook(SECRET).sign("msg_acme", naive, body.decode()),
    }
    webhook = received("standard_webhooks", body, headers, now)
    verdict = source_named("standard_webhooks").verification.verify(webhook, Keyring([SecretStr(SECRET)]))

    assert isinstance(verdict, Verified)


@pytest.mark.whole
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
async def test_segments_own_client_posts_to_our_server(tmp_path: Path, gzip: bool) -> None:
    import asyncio

    async with running(tmp_path) as server:
        client = segment.Client(SECRET, host=server.url, gzip=gzip, max_retries=0, sync_mode=False)
        client.identify("u-815", {"email": "ada@acme.example", "title": "Vice President, Sales"})
        client.page("u-815", "Docs", "Pricing", {"url": "https://www.acme-vendor.example/pricing"})
        client.track("u-815", "Whitepaper Downloaded", {"asset": "Weaving with algebra"})
        await asyncio.to_thread(client.shutdown)
        types = {event.type.value for event in await server.events()}

    assert types == {"profile_stated", "page_viewed", "content_downloaded"}
