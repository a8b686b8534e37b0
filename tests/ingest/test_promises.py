"""What every source promises, whoever wrote it: found by discovery, tried with its own samples."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from schemas.event import URGENT, Event
from schemas.topics import EVENTS_URGENT
from services.ingest.reading import sources
from services.ingest.sample import Sample, samples
from tests.ingest.doors import NOW, RETIRED, SECRET, House, configured, house, secret_for, signed_now

SAMPLES = [sample for name in sources() for sample in samples(name)]
FIRSTS = [samples(name)[0] for name in sources()]


def called(sample: Sample) -> str:
    return f"{sample.source}-{sample.file.name}"


def proof(sample: Sample, house: House, body: bytes) -> dict[str, str]:
    headers, _ = signed_now(sample, house.clock.now(), body=body)
    return {name: value for name, value in headers.items() if name != "Content-Type"}


every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=called)
every_source = pytest.mark.parametrize("sample", FIRSTS, ids=lambda sample: sample.source)


@every_sample
async def test_a_sample_becomes_durable_events_that_keep_its_bytes(home: House, sample: Sample) -> None:
    answer = await home.send(sample)
    events = await home.events()

    assert answer.status_code in {200, 303}, answer.text
    assert events
    assert not await home.dead()
    for event in events:
        assert event.source == sample.source
        assert event.occurred_at <= event.received_at == home.clock.now()
        assert event.id.version == 7
        assert len(event.dedup_key) == 64
        assert event.raw
        assert event.raw.body
    assert len({event.dedup_key for event in events}) == len(events)


@every_sample
async def test_each_event_carries_only_its_own_slice_of_the_payload(home: House, sample: Sample) -> None:
    await home.send(sample)
    events = await home.events()
    kept = sum(len(event.raw.body) for event in events if event.raw)

    assert kept <= len(sample.body) * 2


@every_sample
async def test_an_urgent_event_travels_on_the_urgent_lane(home: House, sample: Sample) -> None:
    await home.send(sample)
    urgent = await home.records(EVENTS_URGENT.name)

    assert len(urgent) == sum(event.type in URGENT for event in await home.events())
    assert all(record.headers["source"] == sample.source.encode() for record in urgent)
    assert all(b"@" not in record.key for record in urgent)


@every_sample
async def test_a_redelivery_has_the_same_keys_and_other_ids(home: House, sample: Sample) -> None:
    await home.send(sample)
    first = await home.events()
    home.clock.advance(timedelta(minutes=7))
    await home.send(sample)
    again = await home.events()

    assert sorted([*keys(first), *keys(first)]) == sorted(keys(again))
    assert len({event.id for event in again}) == 2 * len(first)


def keys(events: list[Event]) -> list[str]:
    return [event.dedup_key for event in events]


@every_sample
async def test_a_secret_that_is_being_rotated_out_still_counts(home: House, sample: Sample) -> None:
    answer = await home.send(sample, secret=secret_for(sample, retired=True))

    assert answer.status_code in {200, 303}, answer.text


@every_source
async def test_without_its_proof_it_is_refused(home: House, sample: Sample) -> None:
    answer = await home.client.post(sample.path, content=sample.body, headers={"Content-Type": sample.media_type})

    assert answer.status_code in {401, 403}
    assert_problem(answer)
    assert await home.nothing()


@every_sample
async def test_with_any_part_of_its_proof_changed_it_is_refused(home: House, sample: Sample) -> None:
    stated = proof(sample, home, sample.body)
    answers = []
    for name, value in stated.items():
        changed = {**stated, name: value[:-4] + ("0000" if value[-4:] != "0000" else "1111")}
        if name == "webhook-id":
            changed = {**stated, name: "msg_of_somebody_else"}
        answers.append(
            await home.client.post(
                sample.path, content=sample.body, headers={"Content-Type": sample.media_type, **changed}
            )
        )

    assert answers
    assert {answer.status_code for answer in answers} <= {401, 403}
    assert await home.nothing()


@every_source
async def test_a_proof_given_twice_with_different_values_is_no_proof(home: House, sample: Sample) -> None:
    stated = list(proof(sample, home, sample.body).items())
    other = [(name, value[:-4] + "AAAA") for name, value in stated]
    answer = await home.client.post(
        sample.path, content=sample.body, headers=[("Content-Type", sample.media_type), *stated, *other]
    )

    assert answer.status_code in {401, 403}
    assert await home.nothing()


def covered() -> list[Sample]:
    """Those whose proof depends on the body."""
    return [one for one in SAMPLES if signed_now(one, NOW)[0] != signed_now(one, NOW, body=one.body[::-1])[0]]


@pytest.mark.parametrize("sample", covered(), ids=called)
async def test_one_changed_byte_is_refused(home: House, sample: Sample) -> None:
    middle = sample.body.index(b":") + 1
    forged = sample.body[:middle] + b" " + sample.body[middle:]
    headers, _ = signed_now(sample, home.clock.now())
    answer = await home.client.post(sample.path, content=forged, headers=headers)

    assert answer.status_code == 401
    assert await home.nothing()


@every_sample
async def test_cut_short_it_is_malformed_or_kept_but_never_our_fault(home: House, sample: Sample) -> None:
    for length in (0, 1, len(sample.body) // 2, len(sample.body) - 3):
        answer = await home.send(sample, body=sample.body[:length])

        assert answer.status_code in {200, 303, 400}
        if answer.status_code == 400:
            assert_problem(answer)


@every_source
async def test_another_content_type_is_refused(home: House, sample: Sample) -> None:
    answer = await home.send(sample, media_type="application/x-tar")

    assert answer.status_code == 415
    assert_problem(answer)
    assert await home.nothing()


@every_source
async def test_a_huge_body_is_refused_before_anything_is_appended(home: House, sample: Sample) -> None:
    media_type = "" if not sample.media_type.startswith("multipart") else "application/x-www-form-urlencoded"
    answer = await home.send(sample, body=b'{"a":"' + b"x" * 2_000_000 + b'"}', media_type=media_type)

    assert answer.status_code == 413
    assert_problem(answer)
    assert await home.nothing()


@every_source
async def test_an_event_over_the_brokers_limit_is_refused_before_anything_is_appended(
    tmp_path: Path, sample: Sample
) -> None:
    async with house(tmp_path, ingest_max_record=200) as home:
        answer = await home.send(sample)

        assert answer.status_code == 413
        assert_problem(answer)
        assert await home.nothing()


@every_source
@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["arrays", "objects"])
async def test_a_deep_body_is_kept_or_malformed(home: House, sample: Sample, opening: str) -> None:
    deep = opening.encode() * 50_000
    for body in (deep, deep + b"1" + (b"]" if opening == "[" else b"}") * 50_000):
        answer = await home.send(sample, body=body, media_type=sample.media_type)

        assert answer.status_code in {200, 303, 400}


@every_source
async def test_garbage_headers_are_refused_not_stumbled_over(home: House, sample: Sample) -> None:
    for garbage in ("", ",", "t=,v1=", "Basic %%%", "Bearer", "sha256=", "v1,", "é" * 50, "9" * 400, "\x7f" * 9):
        names = proof(sample, home, sample.body)
        headers = [(name.encode(), garbage.encode("latin-1")) for name in names]
        answer = await home.client.post(
            sample.path, content=sample.body, headers=[(b"content-type", sample.media_type.encode()), *headers]
        )

        assert answer.status_code in {400, 401, 403}


@every_source
async def test_without_a_secret_it_is_off_and_says_so(tmp_path: Path, sample: Sample) -> None:
    async with house(tmp_path, configured(off=[sample.source]), ingest_origins="") as home:
        answer = await home.send(sample)

        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "PLAYCALLER_" in assert_problem(answer)["detail"]


@every_source
async def test_with_the_log_away_it_is_asked_to_come_back_or_kept_on_disk(home: House, sample: Sample) -> None:
    home.log.away = True
    answer = await home.send(sample)

    if sources()[sample.source].retries:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert_problem(answer)
        assert home.spool.waiting == 0
    else:
        assert answer.status_code in {200, 303}
        assert home.spool.waiting == 1


@every_source
async def test_too_much_from_one_address_is_asked_to_wait(tmp_path: Path, sample: Sample) -> None:
    async with house(tmp_path, ingest_rate_factor=1e-9) as home:
        first, second = await home.send(sample), await home.send(sample)

        assert first.status_code in {200, 303}
        assert second.status_code == 429
        assert int(second.headers["retry-after"]) > 0
        assert_problem(second)


@every_source
async def test_another_method_is_told_which_one_to_use(home: House, sample: Sample) -> None:
    answer = await home.client.put(sample.path, content=sample.body)

    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert_problem(answer)


@every_source
async def test_no_secret_is_in_an_answer_or_in_the_logs(home: House, sample: Sample) -> None:
    with capture_logs() as said:
        answers = [
            await home.send(sample),
            await home.send(sample, body=sample.body[:9]),
            await home.send(sample, secret="somebody:else's secret of no use"),
            await home.send(sample, media_type="text/html"),
        ]
    heard = json.dumps(said, default=str) + "".join(f"{answer.headers} {answer.text}" for answer in answers)

    assert SECRET.removeprefix("whsec_") not in heard
    assert RETIRED.removeprefix("whsec_") not in heard
    assert "else's secret" not in heard


def test_every_source_says_what_is_attested_and_has_samples() -> None:
    for name, source in sources().items():
        assert source.attested
        assert source.claimed
        assert samples(name)


def assert_problem(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, str] = answer.json()

    assert told["type"].startswith("urn:playcaller:problem:")
    assert told["status"] == answer.status_code
    assert len(told["detail"]) > 10
    return told
