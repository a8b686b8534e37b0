"""Published signature vectors verify or are refused as they say: the vendors' own, where they are given, and ours."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from services.ingest.keyring import Keyring
from services.ingest.reading import sources
from services.ingest.verification import Verified
from services.ingest.webhook import Site, Webhook, unambiguous

OURS = Path(__file__).parent / "vectors.json"
SENDERS = {"svix": "standard_webhooks", "standard-webhooks": "standard_webhooks"}
"""Where a vector's sender is called otherwise than our source."""


def vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(OURS.read_text("utf-8"))
    given = os.environ.get("PLAYCALLER_VECTORS")
    if given:
        found += json.loads((Path(given) / "vectors.json").read_text("utf-8"))
    return [one for one in found if SENDERS.get(one["sender"], one["sender"]) in sources()]


@pytest.mark.parametrize("vector", vectors(), ids=lambda one: str(one["id"]))
def test_a_vector_verifies_or_is_refused_as_it_says(vector: dict[str, Any]) -> None:
    name = SENDERS.get(vector["sender"], vector["sender"])
    source = sources()[name]
    address = urlsplit(vector["url"] or f"https://hooks.acme.example/webhooks/{name}")
    secret = f"signature:{vector['secret']}" if name == "segment" else vector["secret"]
    webhook = Webhook(
        received_at=datetime.fromtimestamp(vector["now"] or 1_700_000_000, UTC),
        body=vector["body"].encode(),
        content=vector["body"].encode(),
        headers=unambiguous([(key.lower().encode(), said.encode()) for key, said in vector["headers"].items()]),
        method=vector["method"],
        path=address.path,
        query=address.query,
        site=Site(public_url=f"{address.scheme}://{address.netloc}", options=frozenset({"accept_v1", "accept_v2"})),
    )
    verdict = source.verification.verify(webhook, Keyring([SecretStr(secret)]))

    assert isinstance(verdict, Verified) == (vector["expected"] == "valid"), verdict


def test_every_signed_source_has_vectors_of_both_kinds() -> None:
    known = {(SENDERS.get(one["sender"], one["sender"]), one["expected"]) for one in vectors()}

    for name in ("hubspot", "typeform", "calendly", "segment", "standard_webhooks"):
        assert {(name, "valid"), (name, "invalid")} <= known
