"""What a lead is made of: counts of what happened, each event once, at its own time, by whoever vouches for it."""

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from runtime.log import Message
from schemas.event import IdentifierKind
from schemas.fact import encode
from schemas.lead import Field
from services.router.adapters import tables
from services.router.domain.lead import Lead
from services.router.domain.moments import day_of
from services.router.domain.profile import stated
from services.router.domain.scoring import counts_of
from services.router.reading import DRIVEN_AGAIN
from tests.flow.founding import Founding
from tests.flow.senders import Post, brought, consultation, html_form, identified, page, typeform, whitepaper
from tests.flow.shelves import handoffs, items, key_of, lead_of, rows, rulings
from tests.router.office import score

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_fortnight(who: str, founding: Founding) -> list[Post]:
    """The same two weeks in the life of whoever is called that; the last post says whose browser it was."""
    now, cookie = founding.clock.now(), f"browser-{who}"
    return [
        *(page(f"{who}-{day}", "/product", now - day * DAY, cookie=cookie) for day in (13, 7, 7.1, 3, 1)),
        whitepaper(f"{who}-paper", now - 2 * DAY, cookie=cookie),
        page(f"{who}-mistake", "/pricing", now - 11 * DAY, cookie=cookie),
        identified(f"{who}-me", now - 2 * DAY, cookie=cookie, email=f"{who}@fortnight-{who}.example", title="Scribe"),
    ]


def known_of(lead: Lead) -> list[tuple[IdentifierKind, object, list[str]]]:
    return [(key.kind, dossier.counts, sorted(dossier.statements)) for key, dossier in sorted(lead.dossiers.items())]


async def test_state_is_what_happened_not_points(founding: Founding) -> None:
    forwards, backwards = a_fortnight("ada", founding), a_fortnight("grace", founding)[::-1]
    await founding.say(*forwards[:-1])
    await founding.say(forwards[-1])
    await founding.correct((await founding.sent("ajs-ada-mistake")).id, "retract")
    await founding.say(*backwards, *backwards[:4])
    await founding.correct((await founding.sent("ajs-grace-mistake")).id, "retract")
    ada, grace = [await lead_of(founding.database, f"{who}@fortnight-{who}.example") for who in ("ada", "grace")]
    now, (book,) = founding.clock.now(), founding.books.values()
    today = day_of(now)

    assert known_of(ada) == known_of(grace)
    assert counts_of(ada) == {
        "website_visit": {today - 13: 1, today - 7: 2, today - 3: 1, today - 1: 1},
        "whitepaper_downloaded": {today - 2: 1},
    }
    assert max(len(seen) for one in ada.dossiers.values() for seen in one.recent.values()) == 3
    before = score(ada, book, now)
    assert before == score(grace, book, now)._replace(contributions=before.contributions)
    assert before.total < before.threshold

    await founding.republish("scoring.yaml", "points: 50\n    half_life_days: 60", "points: 90\n    half_life_days: 60")
    assert await handoffs(founding.database, ada.id) == []
    at = founding.clock.now()
    (verdict,) = await founding.say(page("ada-back", "/product", at, cookie="browser-ada"))
    receipt = (await rulings(founding.database, ada.id))[-1].receipt
    assert receipt is not None
    assert receipt.receipt is not None
    points = {one.signal: one.points for one in receipt.receipt.contributions}
    assert (verdict.outcome, verdict.fired) == ("pass", ("score_threshold",))
    assert 87_000 < points["whitepaper_downloaded"] <= 90_000
    assert sum(points.values()) == receipt.receipt.score > before.total


async def test_deduplication_is_exact(founding: Founding) -> None:
    now, ada = founding.clock.now(), "ada@once.example"
    form = typeform("once", now, email=ada, job_title="Planner")
    retried = Post("typeform", form.payload | {"event_id": "another attempt"})
    first = await founding.say(form)
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = await asyncio.gather(*(founding.post(client, one) for one in (form, retried) * 5))
    founding.clock.advance(HOUR)
    again = await founding.say(form, retried)
    lead = await lead_of(founding.database, ada)
    event = (await rulings(founding.database, lead.id))[0].event
    seen = {row.key: row.day for row in await rows(founding.database, tables.SEEN)}

    assert {one.status_code for one in answers} == {200}
    assert (len(first), again) == (1, [])
    assert sum(map(sum, (days.values() for days in counts_of(lead).values()))) == 1
    assert len(await rulings(founding.database, lead.id)) == 1
    assert UUID(hashlib.sha256(b"typeform\x00id\x00token-once").hexdigest()[:32]) in seen

    other_form = typeform("once-more", now, email=ada, job_title="Planner")
    other_source = brought("once", now, email=ada)
    silent = [html_form("", email=ada, form="plain", question=question) for question in ("a", "a", "b")]
    assert len(await founding.say(other_form, other_source, *silent)) == 4
    await driven_again(founding, event)
    assert sum(counts_of(await lead_of(founding.database, ada))["form_submitted"].values()) == 5


async def driven_again(founding: Founding, name: UUID) -> None:
    """As a dead letter is put back: the same bytes, with the header that lets it pass once."""
    (event,) = [one for one in await founding.events() if one.id == name]
    for _ in range(2):
        again = Message(b"anywhere", encode(event), {DRIVEN_AGAIN: name.bytes})
        await founding.ring.log.append("events.urgent", [again])
    await founding.settled()


async def test_times_are_clamped_old_events_wake_nobody_and_the_latest_word_holds(founding: Founding) -> None:
    now, ada, grace = founding.clock.now(), "ada@times.example", "grace@times-too.example"
    (ahead,) = await founding.take(page("ahead", "/product", now + 5 * DAY, cookie="browser-ahead"))
    await founding.settled()
    late = typeform("late", now - 25 * HOUR, email=ada, job_title="Vice President")
    earlier = typeform("earlier", now - 26 * HOUR, email=ada, job_title="Director of Planning")
    elsewhere = identified("late-elsewhere", now - 27 * HOUR, cookie="ada-late", email=ada, title="Head of Planning")
    (loud, older, oldest) = await founding.say(late, earlier, elsewhere)
    said = (await rulings(founding.database, (await lead_of(founding.database, ada)).id))[0]
    lead = await lead_of(founding.database, ada)
    (asked,) = await founding.say(consultation("asked", now - 3 * DAY, email=grace))
    (handoff,) = await handoffs(founding.database, (await lead_of(founding.database, grace)).id)

    assert ahead.occurred_at == ahead.received_at
    assert (loud.outcome, loud.fired, older.outcome, oldest.outcome) == ("nurture", (), "nurture", "nurture")
    assert said.code == "late"
    assert score(lead, list(founding.books.values())[-1], now).total >= 100_000
    assert stated(lead, Field.TITLE) == "Vice President"
    assert (asked.outcome, asked.fired[0], handoff.flags) == ("pass", "consultation", ("late",))

    told = [typeform(f"tie-{title}", now - 24 * HOUR, email=ada, job_title=title) for title in ("Clerk", "VP Sales")]
    await founding.say(*told)
    assert stated(await lead_of(founding.database, ada), Field.TITLE) == "VP Sales"
    (fresh,) = await founding.say(page("ada-now", "/product", now, cookie="ada-times"))
    assert fresh.outcome == "nurture"
    (live,) = await founding.say(typeform("live", now, email=ada))
    assert live.fired == ("score_threshold",)


async def test_trust_belongs_to_the_claim_not_to_the_transport(founding: Founding) -> None:
    now, phone = founding.clock.now(), "+44 20 7946 0812"
    ada, grace, joan = "ada@trust.example", "grace@elsewhere-trust.example", "joan@third-trust.example"
    await founding.say(
        brought("trust", now - HOUR, email=ada, title="Head of Planning"),
        typeform("trust-ada", now, email=ada, job_title="Student", phone=phone),
        typeform("trust-grace", now, email=grace, phone=phone),
        identified("trust-1", now, cookie="shared-browser", email=grace),
        identified("trust-2", now - HOUR, cookie="shared-browser", email=joan),
        page("trust-3", "/product", now, cookie="shared-browser"),
    )
    leads = {who: await lead_of(founding.database, who) for who in (ada, grace, joan)}

    assert stated(leads[ada], Field.TITLE) == "Head of Planning"
    assert len({one.id for one in leads.values()}) == 3
    assert key_of("+442079460812") in leads[ada].dossiers
    assert key_of("shared-browser") in leads[grace].dossiers
    assert (await lead_of(founding.database, "shared-browser")).id == leads[grace].id


async def test_a_flood_of_claims_goes_to_triage_together(founding: Founding) -> None:
    founding.clock.advance(HOUR)
    limit = list(founding.books.values())[-1].flood.per_address
    people = [f"{number}@flood-{number}.example" for number in range(limit + 3)]
    heard = await founding.say(
        *(html_form(f"flood-{one}", email=one, form="flooded", consultation="yes") for one in people)
    )
    kept = [await lead_of(founding.database, one.who) for one in heard if one.outcome == "triage"]
    waiting = [item for one in kept for item in await items(founding.database, one.id)]
    (attested,) = await founding.say(brought("flood", founding.clock.now(), email="real@flood.example", title="CEO"))

    assert sorted(one.outcome for one in heard) == ["pass"] * limit + ["triage"] * 3
    assert [(one.why, one.open) for one in waiting] == [("flood", True)] * 3
    assert [await handoffs(founding.database, one.id) for one in kept] == [[]] * 3
    assert attested.outcome == "pass"
