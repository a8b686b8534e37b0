"""The operator's door: who may mend the record, what then stands on the log, and what is refused in plain words."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from schemas import event as event_schema
from schemas import feedback
from schemas.event import Event, EventType, IdentifierKind, Mark
from schemas.fact import Trust, decode
from schemas.feedback import AbsenceDeclared, LeadErased
from schemas.topics import FEEDBACK
from services.ingest.lookup import find_event, find_line
from services.ingest.sample import samples
from tests.ingest.doors import House, house

TOKEN = "a token for the tests alone"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("control")
    async with house(folder, ingest_operators=f"dana:{TOKEN}, elena:another token of the tests") as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def desk(office: House) -> House:
    return await office.begin()


async def an_event_of(desk: House, source: str = "typeform") -> Event:
    await desk.send(samples(source)[0])
    return (await desk.events())[0]


async def mend(desk: House, event: object, change: str, **more: Any) -> httpx.Response:
    return await desk.client.post(
        "/control/corrections", json={"event": str(event), "change": change, **more}, headers=KNOWN
    )


async def test_a_retraction_names_the_person_and_holds_nothing_of_what_they_said(desk: House) -> None:
    original = await an_event_of(desk)
    desk.clock.advance(timedelta(minutes=3))
    answer = await mend(desk, original.id, "retract", why="Somebody tried the form.")
    (retraction,) = [one for one in await desk.events() if one.corrects]

    assert (answer.status_code, answer.json()["id"]) == (200, str(retraction.id))
    assert (retraction.corrects, retraction.type) == (original.id, EventType.RETRACTED)
    assert retraction.identifiers == original.identifiers
    assert (retraction.claims, retraction.raw) == ((), None)
    assert retraction.properties == {"corrected_by": "dana", "why": "Somebody tried the form."}
    assert retraction.received_at == desk.clock.now() > original.received_at
    assert retraction.id > original.id
    assert retraction.corrected is not None
    assert retraction.corrected.claims == ()


async def test_a_correction_of_a_visitors_event_says_what_it_said_but_for_names_and_words(desk: House) -> None:
    sample = next(one for one in samples("segment") if one.path == "/v1/identify")
    said = {"anonymousId": "visitor-7", "traits": {"name": "Ada Lovelace", "title": "Engineer"}}
    await desk.send(sample, body=json.dumps(said).encode())
    original = (await desk.events())[0]
    await mend(desk, original.id, "retract")
    (retraction,) = [one for one in await desk.events() if one.corrects]

    assert [each.kind for each in original.identifiers] == [IdentifierKind.COOKIE]
    assert {claim.field for claim in original.claims} == {"full_name", "title"}
    assert retraction.claims == ()
    assert retraction.corrected is not None
    assert retraction.corrected.claims == tuple(claim for claim in original.claims if claim.field == "title")


async def test_an_unmarked_event_is_the_same_without_its_marks(desk: House) -> None:
    sample = next(one for one in samples("segment") if one.path == "/v1/page")
    body = sample.body.replace(b"Mozilla/5.0", b"Googlebot/2.1")
    await desk.send(sample, body=body)
    original = (await desk.events())[0]
    await mend(desk, original.id, "unmark")
    (again,) = [one for one in await desk.events() if one.corrects]

    assert original.marks == (Mark.BOT,)
    assert again.marks == ()
    assert (again.type, again.identifiers, again.claims) == (original.type, original.identifiers, original.claims)
    assert (again.occurred_at, again.raw) == (original.occurred_at, original.raw)


async def test_an_amended_event_says_what_holds_and_keeps_the_rest(desk: House) -> None:
    original = await an_event_of(desk)
    said = {claim.field: claim.value for claim in original.claims}
    await mend(desk, original.id, "amend", claims={"title": "Chief Gardener"}, properties={"form_id": None, "stand": 4})
    (again,) = [one for one in await desk.events() if one.corrects]

    assert {claim.field: claim.value for claim in again.claims} == {**said, "title": "Chief Gardener"}
    assert [claim.trust for claim in again.claims if claim.field == "title"] == [Trust.ATTESTED]
    assert "form_id" in original.properties
    assert "form_id" not in again.properties
    assert again.properties["stand"] == 4


async def test_the_same_correction_twice_in_a_row_is_said_once(desk: House) -> None:
    original = await an_event_of(desk)
    first, again = [await mend(desk, original.id, "retract", why=why) for why in ("A test.", "Said twice.")]
    (only,) = [one for one in await desk.events() if one.corrects]

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["id"] == again.json()["id"] == str(only.id)


async def test_a_second_amendment_takes_the_place_of_the_first_and_a_third_of_the_second(desk: House) -> None:
    original = await an_event_of(desk)
    named = [{"claims": {"title": "COO"}}, {"properties": {"stand": 4}}, {"claims": {"title": "CTO"}}]
    for more in [*named, named[0]]:
        desk.clock.advance(timedelta(minutes=1))
        await mend(desk, original.id, "amend", **more)
    line = await find_line(desk.log, original.id)
    last = {claim.field: claim.value for claim in line[-1].claims}

    assert [one.corrects for one in line] == [None, *(one.id for one in line[:-1])]
    assert (len(line), last["title"], line[-1].properties["stand"]) == (5, "COO", 4)
    assert len({one.dedup_key for one in line}) == 5


async def test_a_correction_named_by_its_own_id_goes_on_with_the_same_line(desk: House) -> None:
    original = await an_event_of(desk)
    first = (await mend(desk, original.id, "amend", claims={"title": "COO"})).json()["id"]
    await mend(desk, original.id, "amend", claims={"title": "CTO"})
    await mend(desk, first, "retract")
    line = await find_line(desk.log, original.id)

    assert [one.type for one in line] == [original.type] * 3 + [EventType.RETRACTED]
    assert [str(one.id) for one in await find_line(desk.log, UUID(first))] == [str(one.id) for one in line[1:]]


async def test_it_travels_behind_the_event_that_it_corrects(desk: House) -> None:
    original = await an_event_of(desk)
    for change in ("unmark", "retract"):
        await mend(desk, original.id, change)
    records = await desk.records("events.urgent")

    assert len({(record.key, record.partition) for record in records}) == 1
    facts = [decode(one.value, event_schema.DECODER) for one in records]
    assert [fact.corrects for fact in facts] == [None, original.id, facts[1].id]


async def test_an_event_is_found_among_many_whenever_it_was_made(desk: House) -> None:
    sample = samples("typeform")[0]
    for _ in range(30):
        await desk.send(sample)
        desk.clock.advance(timedelta(minutes=7))
    events = await desk.events()
    found = [await find_event(desk.log, one.id) for one in events]

    assert found == events


@pytest.mark.parametrize("name", [uuid4(), UUID("0198c0de-0000-7000-8000-000000000000")], ids=["v4", "v7"])
async def test_an_unknown_event_is_not_found(desk: House, name: UUID) -> None:
    answer = await mend(desk, name, "retract")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:playcaller:problem:unknown_event"
    assert await desk.nothing()


async def test_a_retraction_cannot_be_retracted(desk: House) -> None:
    original = await an_event_of(desk)
    name = (await mend(desk, original.id, "retract")).json()["id"]
    answer = await mend(desk, name, "retract")

    assert answer.status_code == 400
    assert "sent anew" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"change": "retract"}, "event"),
        ({"event": "nonsense", "change": "retract"}, "event"),
        ({"event": str(uuid4()), "change": "burn"}, "change"),
        ({"event": str(uuid4()), "change": "amend", "claims": {"Title!": "x"}}, "claims"),
        ({"event": str(uuid4()), "change": "retract", "surprise": 1}, "surprise"),
    ],
)
async def test_what_is_no_correction_is_told_what_is_wrong(desk: House, body: dict[str, Any], says: str) -> None:
    answer = await desk.client.post("/control/corrections", json=body, headers=KNOWN)

    assert answer.status_code == 400
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(("change", "more"), [("amend", {}), ("unmark", {"claims": {"title": "x"}})])
async def test_only_an_amendment_says_what_holds(desk: House, change: str, more: dict[str, Any]) -> None:
    original = await an_event_of(desk)
    answer = await mend(desk, original.id, change, **more)

    assert (answer.status_code, len(await desk.events())) == (400, 1)


async def test_an_erasure_stands_on_the_log_under_a_keyed_hash(desk: House) -> None:
    answer = await desk.client.post("/control/erasures", json={"email": " Ada@Acme.Example "}, headers=KNOWN)
    (record,) = await desk.records(FEEDBACK.name)
    fact = decode(record.value, feedback.DECODER)

    assert answer.status_code == 200
    assert isinstance(fact, LeadErased)
    assert (fact.email, fact.actor, fact.at) == ("ada@acme.example", "dana", desk.clock.now())
    assert str(fact.id) == answer.json()["id"]
    assert b"acme" not in record.key
    assert len(record.key) == 16


async def test_an_absence_stands_on_the_log_under_one_key_for_each_rep(desk: House) -> None:
    today = desk.clock.now().date()
    first, last = today + timedelta(days=20), today + timedelta(days=30)
    bodies = ({"rep": "maya", "first": first.isoformat(), "last": last.isoformat()}, {"rep": "maya"})
    answers = [await desk.client.post("/control/absences", json=body, headers=KNOWN) for body in bodies]
    records = await desk.records(FEEDBACK.name)
    facts = [decode(record.value, feedback.DECODER) for record in records]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [(fact.rep, fact.actor, fact.first, fact.last) for fact in facts if isinstance(fact, AbsenceDeclared)] == [
        ("maya", "dana", first, last),
        ("maya", "dana", None, None),
    ]
    assert len({record.key for record in records}) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"rep": "maya", "first": "2026-08-14", "last": "2026-08-13"},
        {"rep": "maya", "last": "1999-12-31"},
        {"rep": "maya", "last": date.max.isoformat()},
        {"rep": "Maya Okafor", "last": "2026-08-14"},
        {"rep": "maya", "last": "friday"},
    ],
)
async def test_an_absence_that_cannot_be_meant_is_refused(desk: House, body: dict[str, str]) -> None:
    answer = await desk.client.post("/control/absences", json=body, headers=KNOWN)

    assert answer.status_code == 400
    assert await desk.records(FEEDBACK.name) == []


@pytest.mark.parametrize("path", ["/control/corrections", "/control/erasures", "/control/absences"])
@pytest.mark.parametrize(
    ("header", "reason"),
    [("", "credential_missing"), ("Bearer wrong", "credential_wrong"), (f"Basic {TOKEN}", "credential_wrong")],
)
async def test_a_stranger_changes_nothing(desk: House, path: str, header: str, reason: str) -> None:
    bodies = {"corrections": {"event": str(uuid4()), "change": "retract"}, "absences": {"rep": "maya"}}
    body = bodies.get(path.rpartition("/")[2], {"email": "ada@acme.example"})
    answer = await desk.client.post(path, json=body, headers={"Authorization": header} if header else {})

    assert (answer.status_code, answer.json()["type"]) == (401, f"urn:playcaller:problem:{reason}")
    assert TOKEN not in answer.text
    assert await desk.records(FEEDBACK.name) == []


async def test_without_operators_the_door_is_off_and_says_how_to_open_it(home: House) -> None:
    answer = await home.client.post("/control/erasures", json={"email": "ada@acme.example"}, headers=KNOWN)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "PLAYCALLER_INGEST_OPERATORS" in answer.json()["detail"]


async def test_while_the_log_is_away_nothing_is_promised(desk: House) -> None:
    desk.log.away = True
    answer = await desk.client.post("/control/erasures", json={"email": "ada@acme.example"}, headers=KNOWN)

    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_no_address_is_no_erasure(desk: House) -> None:
    answer = await desk.client.post("/control/erasures", json={"email": "ada"}, headers=KNOWN)

    assert (answer.status_code, await desk.records(FEEDBACK.name)) == (400, [])
