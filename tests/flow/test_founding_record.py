"""What stands written: ids and keys that say nothing of anybody, corrections that rewrite nothing, and forgetting."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from runtime.database import Database
from runtime.keys import keyed_hash
from runtime.log import Record
from runtime.migrations import migrate
from schemas.event import Mark
from schemas.lead import Field
from schemas.play import DECODER as PLAYS
from schemas.play import ErasePlay
from schemas.topics import RETENTION, TOPICS
from services.ingest.lookup import made_at
from services.router.adapters import tables
from services.router.domain.identity import lead_id, made_by
from services.router.domain.profile import stated
from services.router.domain.scoring import counts_of
from services.router.export import export_person
from services.router.migrations import PACKAGE
from services.router.replay import replay
from tests.faults.evidence import gathered, records
from tests.flow.founding import TOKEN, Founding
from tests.flow.senders import ROBOT, clicks, consultation, page, typeform, whitepaper
from tests.flow.shelves import everything, handoffs, items, key_of, lead_of, rows, rulings
from tests.router.shell.ring import Hand

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR, SECOND, MILLISECOND = timedelta(hours=1), timedelta(seconds=1), timedelta(milliseconds=1)


async def on_the_log(founding: Founding, *topics: str) -> list[Record]:
    log = founding.ring.log
    found = [await records(log, one) for topic in topics for one in await log.partitions(topic)]
    return [record for some in found for record in some]


async def test_ids_and_keys_say_nothing_of_anybody(founding: Founding) -> None:
    now, ada = founding.clock.now(), "ada@ids.example"
    (event, visit) = await founding.take(
        consultation("ids", now, email=ada), page("ids-page", "/product", now, cookie="ids-browser")
    )
    (verdict, _) = await founding.judged([event, visit])
    lead = await lead_of(founding.database, ada)
    (ruling,) = await rulings(founding.database, lead.id)
    (handoff,) = await handoffs(founding.database, lead.id)
    keys = {record.key for record in await on_the_log(founding, "events.urgent", "events.behaviour")}

    for made in (event, visit):
        when = made_at(made.id)
        assert made.id.version == 7
        assert when is not None
        assert abs(when - made.received_at) <= MILLISECOND
    assert event.id != visit.id
    assert lead.id == lead_id(key_of(ada)) == verdict.lead
    assert ruling.receipt is not None
    assert ruling.receipt.id == made_by(event.id, "verdict")
    assert {one.version for one in (lead.id, ruling.receipt.id, handoff.id)} == {5}
    assert {
        keyed_hash(founding.secret, f"email:{ada}"),
        keyed_hash(founding.secret, "cookie:segment:ids-browser"),
    } <= keys
    assert keyed_hash(b"another secret", f"email:{ada}") not in keys
    everywhere = await on_the_log(founding, *(topic.name for topic in TOPICS))
    assert [one for one in everywhere if b"ids" in one.key or (b"@" in one.key.lower() and b"example" in one.key)] == []
    assert {one.key for one in everywhere if one.partition.topic == "plays"} >= {handoff.id.bytes}


async def test_corrections_are_events(founding: Founding) -> None:
    now, ada = founding.clock.now(), "ada@corrections.example"
    await founding.say(typeform("corrections", now - HOUR, email=ada, job_title="Student"))
    burst = await founding.take(clicks("burst", now, 4, email=ada))
    founding.clock.advance(20 * SECOND)
    judged = await founding.judged(burst)
    lead = await lead_of(founding.database, ada)
    before = {one.event: one for one in await rulings(founding.database, lead.id)}
    said = {one.key + one.value for one in await on_the_log(founding, "events.urgent", "events.behaviour")}
    assert [(one.outcome, "email_clicked" in counts_of(lead)) for one in judged] == [("ignore", False)] * 4
    assert {before[one.id].code for one in burst} == {"marked_scanner"}

    unmarked = await founding.correct(burst[0].id, "unmark", why="She reads fast.")
    amended = await founding.correct((await founding.sent("token-corrections")).id, "amend", claims={"title": "COO"})
    lead = await lead_of(founding.database, ada)
    after = {one.event: one for one in await rulings(founding.database, lead.id)}
    assert counts_of(lead)["email_clicked"] == counts_of(lead)["form_submitted"] | counts_of(lead)["email_clicked"]
    assert sum(counts_of(lead)["email_clicked"].values()) == sum(counts_of(lead)["form_submitted"].values()) == 1
    assert stated(lead, Field.TITLE) == "COO"
    assert amended.fired == ("score_threshold",)
    assert {event: one.row for event, one in after.items() if event in before} == {
        event: one.row for event, one in before.items()
    }
    assert {unmarked.event, amended.event} == after.keys() - before.keys()
    assert said < {one.key + one.value for one in await on_the_log(founding, "events.urgent", "events.behaviour")}

    (robot,) = await founding.take(page("robot", "/product", now, cookie="corrections-robot", agent=ROBOT))
    (marked,) = await founding.judged([robot])
    await founding.correct(robot.id, "unmark")
    assert (robot.marks, marked.outcome) == ((Mark.BOT,), "ignore")
    assert sum(counts_of(await lead_of(founding.database, "corrections-robot"))["website_visit"].values()) == 1

    await founding.control("corrections", event=str(burst[0].id), change="unmark", why="Said twice.")
    await founding.settled()
    assert sum(counts_of(await lead_of(founding.database, ada))["email_clicked"].values()) == 1
    assert unmarked.event is not None
    await founding.correct(unmarked.event, "retract")
    assert "email_clicked" not in counts_of(await lead_of(founding.database, ada))
    found = await gathered(founding.ring.log, founding.database)
    theirs = [one.event for one in found.rulings if one.lead == lead.id]
    assert (len(set(theirs)), found.letters) == (len(theirs), [])
    assert set(theirs) == {
        one.id for one in found.distinct().values() if any(who.value == ada for who in one.identifiers)
    }


async def test_a_person_says_all_of_it_on_a_command_line_beside_the_running_ring(founding: Founding) -> None:
    email = "ada@command-line.example"
    await founding.say(typeform("command", founding.clock.now(), email=email, job_title="Scribe"))
    event = (await founding.sent("token-command")).id
    (printed,) = (await playcaller(founding, "correct", str(event), "--claim", "title=COO")).stdout.splitlines()
    await founding.settled()
    exported = json.loads((await playcaller(founding, "export", email)).stdout)
    amended = await lead_of(founding.database, email)
    retracted = await playcaller(founding, "correct", printed, "--retract", "--why", "A test.")
    await founding.settled()
    left = counts_of(await lead_of(founding.database, email))
    gone = await playcaller(founding, "erase", email)
    await founding.settled()
    unknown = await playcaller(founding, "export", email)

    assert stated(amended, Field.TITLE) == "COO"
    assert [one["event"] for one in exported["verdicts"]] == [str(event), printed]
    assert (retracted.returncode, left) == (0, {})
    assert (gone.returncode, unknown.returncode, unknown.stdout) == (0, 1, "")
    assert "nobody" in unknown.stderr


async def playcaller(founding: Founding, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command, in a process of its own, as somebody beside the ring types it."""
    door = () if words[0] == "export" else ("--door", founding.ring.addresses.door)
    told = {
        "PATH": os.environ["PATH"],
        "PLAYCALLER_DATA": str(founding.settings.data),
        "PLAYCALLER_DATABASE_URL": founding.url,
        "PLAYCALLER_OPERATOR_TOKEN": TOKEN,
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "playcaller", *words, *door],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env=told,
    )


async def test_erasure_forgets_at_once_and_for_good(founding: Founding, tmp_path: Path) -> None:
    now, ada, grace = founding.clock.now(), "ada.lovelace@erasure.example", "grace.hopper@erasure-too.example"
    traces = (b"ada.lovelace", b"+442079460855", b"erasure-browser", b"Analytical Engines")
    await founding.say(
        page("erasure-robot", "/pricing", now, cookie="erasure-browser", agent=ROBOT),
        page("erasure-page", "/pricing", now, cookie="erasure-browser"),
        whitepaper("erasure-paper", now, cookie="erasure-browser", email=ada),
        consultation("erasure", now, email=ada, phone="+44 20 7946 0855", company="Analytical Engines"),
        consultation("erasure-grace", now, email=grace),
    )
    lead = await lead_of(founding.database, ada)
    (handoff,) = await handoffs(founding.database, lead.id)
    shown = {handoff.id, *(item.id for item in await items(founding.database, lead.id))}
    exported = await export_person(founding.database, ada)
    robot = await founding.sent("ajs-erasure-robot")
    kept = await everything(founding.database)
    assert [one for one in traces if one not in kept] == []
    assert robot.marks == (Mark.BOT,)
    assert {one["value"] for one in exported["identifiers"]} == {ada, "segment:erasure-browser", "+442079460855"}
    assert "Analytical Engines" in await shown_to(founding, handoff.assignee, handoff.id)

    before = [PLAYS.decode(one.value) for one in await on_the_log(founding, "plays")]
    erased_before = {one.handoff for one in before if isinstance(one, ErasePlay)}
    said = await founding.control("erasures", email=" Ada.Lovelace@Erasure.example")
    await founding.settled()
    left = await everything(founding.database)
    commands = [PLAYS.decode(one.value) for one in await on_the_log(founding, "plays")]
    assert UUID(said["id"]).version == 7
    assert [one for one in traces if one in left] == []
    assert b"grace.hopper" in left
    assert await export_person(founding.database, ada) == {}
    assert shown == {one.handoff for one in commands if isinstance(one, ErasePlay)} - erased_before
    assert "Analytical Engines" not in await shown_to(founding, handoff.assignee, handoff.id)
    assert {row.hash for row in await rows(founding.database, tables.ERASED)}

    brought_back = await founding.correct(robot.id, "unmark")
    resent = await founding.say(consultation("erasure", now, email=ada))
    assert (brought_back.outcome, resent) == ("ignore", [])
    assert [one for one in traces if one in await everything(founding.database)] == []
    assert await replayed_knows(founding, tmp_path / "again.db") >= {grace}
    assert ada not in await replayed_knows(founding, tmp_path / "and-again.db")
    assert await longest_kept(founding) <= RETENTION

    (anew,) = await founding.say(consultation("erasure-anew", founding.clock.now(), email=ada))
    assert anew.outcome == "pass"


async def shown_to(founding: Founding, person: str, card: UUID) -> str:
    """The rep's page, as a browser gets it."""
    async with httpx.AsyncClient(trust_env=False) as client:
        address = f"{founding.ring.addresses.inbox}/inbox/of/{person}"
        return (await client.get(address, params={"card": str(card)})).text


async def replayed_knows(founding: Founding, file: Path) -> set[str]:
    """Who is known after the whole log, from which nothing has gone yet, was decided once more."""
    scratch = Database(f"sqlite+aiosqlite:///{file}")
    try:
        await migrate(scratch, PACKAGE)
        hand = Hand(scratch, founding.ring.log, founding.clock, next(iter(founding.books.values())))
        await replay(founding.database, founding.ring.log, hand.desk, founding.books)
        return {row.value for row in await hand.rows(tables.IDENTIFIER)}
    finally:
        await scratch.close()


async def longest_kept(founding: Founding) -> timedelta:
    """For how long the log keeps what is on it: as the broker says, where there is one."""
    settings = founding.settings
    if founding.engine == "sqlite":
        return settings.retention
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        asked = [ConfigResource(ConfigResourceType.TOPIC, settings.topic_prefix + topic.name) for topic in TOPICS]
        answers = await admin.describe_configs(asked)
    finally:
        await admin.close()
    spans = [
        {entry[0]: int(entry[1]) for entry in found[4] if entry[0] in {"retention.ms", "segment.ms"}}
        for answer in answers
        for found in answer.resources
    ]
    assert len(spans) == len(TOPICS)
    return max(timedelta(milliseconds=sum(span.values())) for span in spans)
