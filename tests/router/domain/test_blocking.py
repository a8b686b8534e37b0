"""Invariant 4: nothing blocks a rule but suppression, mark, flood or age, each with a receipt; rule 1 not by age."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType, Mark
from schemas.fact import replace as replaced
from schemas.handoff import OPEN
from schemas.lead import LifecycleStage
from schemas.verdict import Outcome, Rule, Verdict
from services.router.domain.playbook import Checklist, Playbook
from tests.router.agreements import AGREEMENTS, straw_man
from tests.router.builders import a_playbook, always, an_event, an_id, email
from tests.router.language import some
from tests.router.lives import lived
from tests.router.office import Office, codes

ADA = "ada@acme.example"
NAMES = (ADA, "bob@globex.example", "eve@initech.example", "c1", "c2", "+4930111")
BOOKS = st.one_of(AGREEMENTS, AGREEMENTS, AGREEMENTS, st.builds(straw_man))
LIVES = st.integers(0, 2**32).map(Random)


def a_request(chance: Random, after: datetime) -> Event:
    """A form in which somebody asks for a call, long after they sent it or at once; machines send such forms, too."""
    return an_event(
        EventType.FORM_SUBMITTED,
        *some(chance, NAMES, 0 if chance.random() < 0.1 else 1, 2),
        id="now",
        at=after,
        late=timedelta(days=chance.choice((0, 0, 0, 30))),
        says={"consultation": "yes"},
        marks=chance.choice((*[()] * 10, (Mark.BOT,), (Mark.HONEYPOT,))),
        historical=chance.random() < 0.2,
        form_id="demo",
    )


def a_crowd(request: Event, chance: Random) -> list[Event]:
    """Others who send the same form at the same moment, if any."""
    return [
        replaced(request, id=an_id(("crowd", n)), identifiers=(email(f"crowd{n}@firm.example"),), marks=())
        for n in range(chance.choice((0, 0, 2, 7)))
    ]


@given(BOOKS, LIVES)
def test_nothing_blocks_a_consultation_request_but_what_leaves_a_receipt(playbook: Playbook, chance: Random) -> None:
    office = Office(playbook)
    request = a_request(chance, lived(office, chance, NAMES, 15))
    office.take(*a_crowd(request, chance))
    verdict = office.verdict(request)

    assert verdict.receipt is not None
    assert not request.marks or "consultation" in verdict.receipt.facts["silenced"]
    if Mark.BOT in request.marks:
        assert verdict.outcome is Outcome.IGNORE
    elif verdict.outcome is Outcome.TRIAGE:
        assert request.marks or _held_up(verdict)
        assert [each for each in office.world.triage.values() if each.open and each.lead == verdict.lead]
    else:
        assert not request.marks
        assert verdict.outcome in (Outcome.PASS, Outcome.UPDATE)
        assert Rule.CONSULTATION in verdict.fired
        assert verdict.handoff is not None
        handoff = office.world.handoffs[verdict.handoff]
        assert (handoff.state in OPEN, handoff.lead) == (True, verdict.lead)
        assert Rule.CONSULTATION in handoff.rules
        assert "late" in handoff.flags or "late_request" not in codes(verdict)


def _held_up(verdict: Verdict) -> bool:
    """Whether the receipt names the list that stands in the way, or the counters of a flood."""
    assert verdict.receipt is not None
    return "suppressed" in verdict.receipt.facts or ("flood" in codes(verdict) and bool(verdict.receipt.facts["flood"]))


@given(BOOKS, LIVES)
def test_in_every_open_state_there_is_one_play_one_owner_and_a_deadline(playbook: Playbook, chance: Random) -> None:
    office = Office(playbook)
    lived(office, chance, NAMES, 15)
    standing = list(office.world.standings.values())
    opened = [each for each in office.world.handoffs.values() if each.state in OPEN]

    assert all(each.play and each.assignee in playbook.reps for each in opened)
    assert all(each.accept_by if each.state == "offered" else each.attempt_by for each in opened)
    assert sorted(each.id for each in opened) == sorted(each.handoff for each in standing if each.handoff)
    assert sum(Rule.TARGET_RESPONDS in each.rules for each in opened if each.account == "globex.example") <= 1
    assert all(each.open for each in (office.world.triage[one.triage] for one in standing if one.triage))
    assert all(each.due_at > each.opened_at for each in office.world.triage.values() if each.open)


@given(BOOKS, LIVES)
def test_every_event_gets_exactly_one_verdict_with_reasons(playbook: Playbook, chance: Random) -> None:
    office = Office(playbook)
    now = lived(office, chance, NAMES, 15, forgotten=0)  # who is forgotten is so with all verdicts
    office.until(now + timedelta(days=2))
    verdicts = [each.verdict for each in office.settled]
    judged = [each.event for each in verdicts]

    assert len(set(judged)) == len(judged)
    assert set(judged) == office.events
    assert all(each.reasons and all(reason.code and reason.text for reason in each.reasons) for each in verdicts)


@given(BOOKS, LIVES)
def test_only_rule_2_stamps_an_sql(playbook: Playbook, chance: Random) -> None:
    office = Office(replace(playbook, sql=Checklist("sql")))
    lived(office, chance, NAMES, 15)

    assert all(each.lifecycle is not LifecycleStage.SQL for each in office.world.standings.values())


def test_the_rule_set_of_the_oracle_can_be_true_at_all() -> None:
    book = a_playbook(sql=replace(a_playbook().sql, items=(replace(a_playbook().sql.items[0], when=always()),)))

    assert Office(book).verdict(an_event(EventType.PAGE_VIEWED, ADA)).fired == (Rule.SQL_CRITERIA,)


def test_a_spammers_request_leaves_a_receipt_though_the_lead_waits_in_triage_already() -> None:
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, "spammer@bad.example", says={"consultation": "yes"}))
    spam = an_event(
        EventType.FORM_SUBMITTED, "spammer@bad.example", says={"consultation": "yes"}, marks=(Mark.HONEYPOT,), id="spam"
    )
    verdict = office.verdict(spam)

    assert codes(verdict) == ["honeypot_request", "marked_honeypot", "in_triage"]
    assert verdict.receipt is not None
    assert verdict.receipt.facts["silenced"] == ["consultation"]
