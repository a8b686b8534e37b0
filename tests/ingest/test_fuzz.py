"""Whatever is sent, however it is formed: never a 5xx, and no table has a hole."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.reading import sources
from services.ingest.sample import Sample, samples
from tests.ingest.doors import House, house, signed_now

JSONS = [one for name in sources() for one in samples(name) if one.file.suffix == ".json"]
FORMS = [one for one in samples("html_form") if one.file.suffix == ".txt"]
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
values = st.recursive(
    scalars | st.sampled_from(["2026-01-05T10:00:00", "ada@acme.example", "+44 20 7946 0018", "https://[x", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def runner() -> Iterator[tuple[asyncio.Runner, House]]:
    with asyncio.Runner() as loop, tempfile.TemporaryDirectory() as folder:
        opened = house(Path(folder), ingest_rate_factor=0)
        yield loop, loop.run(opened.__aenter__())
        loop.run(opened.__aexit__(None, None, None))


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON document where something stands."""
    yield path
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, value in inner:
        yield from places(value, (*path, step))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = dict(document) if isinstance(document, dict) else list(document)
    copied[path[0]] = replaced(document[path[0]], path[1:], value)
    return copied


@given(data=st.data(), sample=st.sampled_from(JSONS))
def test_a_payload_with_anything_anywhere_is_taken_or_refused(
    runner: tuple[asyncio.Runner, House], data: st.DataObject, sample: Sample
) -> None:
    loop, home = runner
    document = json.loads(sample.body)
    place = data.draw(st.sampled_from(list(places(document))))
    body = json.dumps(replaced(document, place, data.draw(values))).encode()
    loop.run(home.begin())
    answer = loop.run(home.send(sample, body=body))
    letters = loop.run(home.dead())

    assert answer.status_code in {200, 400, 401}
    assert not [letter.detail for letter in letters if "raised" in letter.detail]


@given(body=st.binary(max_size=200), sample=st.sampled_from(JSONS + FORMS))
def test_any_bytes_rightly_signed_are_taken_or_refused(
    runner: tuple[asyncio.Runner, House], body: bytes, sample: Sample
) -> None:
    loop, home = runner
    answer = loop.run(home.send(sample, body=body))

    assert answer.status_code in {200, 303, 400}


header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)


@given(data=st.data(), sample=st.sampled_from(JSONS + FORMS))
def test_any_value_in_any_header_is_answered(
    runner: tuple[asyncio.Runner, House], data: st.DataObject, sample: Sample
) -> None:
    loop, home = runner
    headers, body = signed_now(sample, home.clock.now())
    extra = [
        "cookie",
        "referer",
        "user-agent",
        "origin",
        "traceparent",
        "content-encoding",
        "accept",
        "x-forwarded-for",
    ]
    name = data.draw(st.sampled_from([*headers, *extra]))
    changed = {**headers, name: data.draw(header_text)}
    told = [(key.encode(), value.encode("latin-1")) for key, value in changed.items()]
    answer = loop.run(home.client.post(sample.path, content=body, headers=told))

    assert answer.status_code in {200, 303, 400, 401, 403, 415}
