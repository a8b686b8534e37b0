"""A preview names exactly those who pass at their next sign of life; the publication itself passes nobody on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from io import StringIO

from rich.console import Console

from schemas.event import Event, EventType
from schemas.feedback import HandoffOutcome, OutcomeReported
from schemas.verdict import Outcome, Rule
from services.router.adapters import tables
from services.router.announcing import announced
from services.router.domain.playbook import Playbook
from services.router.preview import Preview, preview
from services.router.preview_printing import print_preview
from tests.router.builders import an_id
from tests.router.shell.building import a_consultation, a_page_view, an_event
from tests.router.shell.ring import Hand


def a_download(email: str, asset: str, title: str = "") -> Event:
    claims = {"full_name": email.partition("@")[0].title(), **({"title": title} if title else {})}
    return an_event(EventType.CONTENT_DOWNLOADED, email=email, claims=claims, properties={"asset": asset})


def a_sign_of_life(email: str) -> Event:
    return an_event(EventType.EMAIL_OPENED, email=email)


PEOPLE = {
    "ada@acme-lifts.example": ("whitepaper", ""),
    "grace@bolt.example": ("ebook", ""),
    "joan@dry-docks.example": ("ebook", "Team Lead"),
    "mary@castor.example": ("nothing at all", ""),
    "casey@rivalsoft.example": ("whitepaper", ""),
}
"""email → what they took, and their title. Casey is a competitor's."""


async def some_people(hand: Hand) -> None:
    await hand.feed(*(a_download(email, asset, title) for email, (asset, title) in PEOPLE.items()))
    await hand.feed(a_page_view("web:1"), a_consultation("noor@halyard.example"))


def at(playbook: Playbook, threshold: int) -> Playbook:
    scoring = replace(playbook.scoring, threshold=threshold * 1000)
    return replace(playbook, version=f"from {threshold} on", scoring=scoring)


async def seen_by(hand: Hand, before: Playbook, after: Playbook) -> Preview:
    return await preview(hand.database, before, after, hand.clock.now())


def names(found: Preview) -> Sequence[str]:
    return [one.who for one in found.across]


async def test_a_lower_threshold_names_who_would_cross_it(hand: Hand, playbook: Playbook) -> None:
    await some_people(hand)
    found = await seen_by(hand, playbook, at(playbook, 50))

    assert found.known == len(PEOPLE) + 1
    assert names(found) == ["Joan", "Ada", "Casey"]
    assert [(one.before.points, one.after.points, one.after.threshold) for one in found.across] == [
        (60_000, 60_000, 50_000),
        (50_000, 50_000, 50_000),
        (50_000, 50_000, 50_000),
    ]
    assert found.moved == 0


async def test_what_is_published_fires_nothing_and_then_passes_exactly_who_was_named(
    hand: Hand, playbook: Playbook
) -> None:
    await some_people(hand)
    after = at(playbook, 50)
    named = names(await seen_by(hand, playbook, after))
    made, told = len(await hand.handoffs()), len(hand.told)
    hand.desk.shelf.put(after)
    assert await announced(hand.desk, after, "we were too strict")
    await hand.drain()
    at_once = (len(await hand.handoffs()), [one.kind for one in hand.told[told:]])
    await hand.feed(*map(a_sign_of_life, PEOPLE))
    passed = {one.who for one in hand.told[told:] if one.outcome in {Outcome.PASS, Outcome.TRIAGE}}

    assert at_once == (made, ["control"])
    assert {who.partition("@")[0].title() for who in passed} == set(named)


async def test_other_points_move_everybody_who_has_some(hand: Hand, playbook: Playbook) -> None:
    await some_people(hand)
    dearer = [
        replace(one, points=120_000) if one.name == "ebook_downloaded" else one for one in playbook.scoring.signals
    ]
    found = await seen_by(hand, playbook, replace(playbook, scoring=replace(playbook.scoring, signals=tuple(dearer))))

    assert (found.moved, names(found), found.recounted) == (2, ["Joan", "Grace"], ())


async def test_who_is_with_sales_or_done_with_or_in_the_cool_down_crosses_nothing(
    hand: Hand, playbook: Playbook
) -> None:
    await hand.feed(a_consultation("noor@halyard.example"), a_consultation("ada@acme-lifts.example"))
    strict, lax = at(playbook, 1000), at(playbook, 1)
    with_sales = await seen_by(hand, strict, lax)
    ends = {"Noor": HandoffOutcome.RECYCLED, "Ada": HandoffOutcome.CONVERTED}
    for one in await hand.handoffs():
        said = {"handoff": one.id, "actor": one.assignee, "at": hand.clock.now()}
        await hand.feed(OutcomeReported(id=an_id(one.brief.name), outcome=ends[one.brief.name], **said))
    cooling = await seen_by(hand, strict, lax)
    hand.clock.advance(playbook.scoring.cool_down + timedelta(days=1))
    rested = await seen_by(hand, strict, lax)

    assert (names(with_sales), names(cooling), names(rested)) == ([], [], ["Noor"])


async def test_a_shorter_checklist_names_who_would_meet_it(hand: Hand, playbook: Playbook) -> None:
    await some_people(hand)
    interested = [one for one in playbook.sql.items if one.name == "reachable"]
    found = await seen_by(hand, playbook, replace(playbook, sql=replace(playbook.sql, items=tuple(interested))))

    assert {one.gained for one in found.across} == {(Rule.SQL_CRITERIA,)}
    assert len(found.across) == len(PEOPLE)


async def test_a_stricter_threshold_says_how_many_would_no_longer_pass(hand: Hand, playbook: Playbook) -> None:
    await some_people(hand)
    found = await seen_by(hand, at(playbook, 50), playbook)

    assert (found.across, found.back) == ([], 3)


async def test_a_signal_that_looks_for_something_else_counts_from_the_publication_on(
    hand: Hand, playbook: Playbook
) -> None:
    first, second, *rest = playbook.scoring.signals
    changed = (replace(first, when=second.when), replace(second, name="new"), *rest)
    found = await seen_by(hand, playbook, replace(playbook, scoring=replace(playbook.scoring, signals=changed)))

    assert found.recounted == (first.label, second.label)


async def test_nothing_is_written_and_a_strangers_name_is_only_shown(hand: Hand, playbook: Playbook) -> None:
    await some_people(hand)
    await hand.feed(a_download("eve@evil.example", "whitepaper", "\x1b[2Jwhatever"))
    await hand.feed(an_event(email="eve@evil.example", claims={"full_name": "Eve[red]\x1b[2J"}))
    before = [await hand.rows(table) for table in (tables.IDENTIFIER, tables.STANDING, tables.HANDOFF, tables.OUTBOX)]
    screen = StringIO()
    print_preview(Console(file=screen, width=80), await seen_by(hand, playbook, at(playbook, 50)))
    after = [await hand.rows(table) for table in (tables.IDENTIFIER, tables.STANDING, tables.HANDOFF, tables.OUTBOX)]

    assert after == before
    assert "Eve[red]·[2J" in screen.getvalue()
    assert "the threshold, to triage: competitor" in " ".join(screen.getvalue().split())
    assert "passes nobody on" in screen.getvalue()
