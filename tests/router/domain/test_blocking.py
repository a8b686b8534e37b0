"""Invariant 4: nothing blocks a rule but suppression, mark, flood or age, each with a receipt; rule 1 not by age."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, EventType, Mark
from schemas.feedback import (
    AttemptLogged,
    AttemptResult,
    HandoffAccepted,
    HandoffOutcome,
    HandoffRejected,
    OutcomeReported,
    RejectReason,
    TriageChoice,
    TriageDecided,
)
from schemas.handoff import OPEN
from schemas.lead import LifecycleStage
from schemas.verdict import Outcome, Rule
from services.router.domain.contact import NO_CAPS, Cap, Contact
from services.router.domain.playbook import Playbook, Scoring, SuppressionKind, Suppressions
from tests.router.builders import MONDAY, a_playbook, always, an_event, an_id, condition
from tests.router.office import Office

ADA = "ada@acme.example"
NAMES = (ADA, "bob@globex.example", "c1", "c2", "+4930111")
FLOODED = {"flood", "suppressed_competitor", "suppressed_do_not_contact"}


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Any agreement a company could come to: scoring or none, any thresholds, checklists, lists, rules left out."""
    book = a_playbook()
    rules = dict(book.rules)
    for rule in draw(st.sets(st.sampled_from(tuple(Rule)[1:]))):
        del rules[rule]
    value = draw(st.sampled_from((True, False, None)))
    item = replace(book.sql.items[0], when=condition(lambda _: value))
    cap = Cap(draw(st.integers(1, 3)), timedelta(hours=draw(st.integers(1, 500))))
    asked_for = draw(st.sampled_from(((), ("lead.title", "event.link", "lead.time_zone"))))
    half_life = draw(st.sampled_from((None, timedelta(minutes=1), timedelta(days=9))))
    scoring = Scoring(on=False)
    if draw(st.booleans()):
        points = draw(st.integers(-200_000, 200_000))
        scoring = replace(book.scoring, threshold=points, cool_down=timedelta(days=draw(st.integers(0, 90))))
    listed = draw(st.sampled_from(({}, {"acme.example": SuppressionKind.COMPETITOR})))
    return replace(
        book,
        rules={rule: replace(each, half_life=half_life) for rule, each in rules.items()},
        contact=draw(st.sampled_from((NO_CAPS, Contact(cap, None, asked_for), Contact(cap, cap, asked_for)))),
        scoring=scoring,
        sql=replace(book.sql, items=draw(st.sampled_from(((), (item,), (item, *book.sql.items))))),
        mql=replace(book.mql, items=draw(st.sampled_from(((), book.mql.items)))),
        suppressions=Suppressions(domains=listed, emails={"bob@globex.example": SuppressionKind.DO_NOT_CONTACT}),
        tracks=draw(st.sampled_from(((), book.tracks))),
        personas=draw(st.sampled_from(((), book.personas))),
        routing=draw(st.sampled_from(((), book.routing))),
        triage_interest=draw(st.integers(-1, 200_000)),
        responses=draw(st.sampled_from((frozenset(), book.responses))),
        flood=replace(book.flood, per_address=draw(st.integers(1, 5))),
    )


@st.composite
def pasts(draw: st.DrawFn) -> list[Event]:
    """What they did before, with whom, however odd."""
    return [
        an_event(
            draw(st.sampled_from(tuple(EventType))),
            *draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)),
            id=f"past {n}",
            at=MONDAY + timedelta(hours=n),
            says=draw(st.sampled_from(({}, {"consultation": "yes"}, {"budget": "no"}, {"company": "Globex"}))),
            marks=draw(st.sampled_from(((), (), (Mark.BOT,), (Mark.HONEYPOT,)))),
            historical=draw(st.booleans()),
            link=f"/{n}",
        )
        for n in range(draw(st.integers(0, 8)))
    ]


def anything_a_rep_may_do(office: Office, draw: Any, at: Any) -> None:
    """Every open handoff and item gets some act, perhaps."""
    for handoff in [each for each in office.world.handoffs.values() if each.state in OPEN]:
        kind = draw(st.sampled_from((None, HandoffAccepted, HandoffRejected, AttemptLogged, OutcomeReported)))
        more = {
            HandoffRejected: {"reason": draw(st.sampled_from(RejectReason))},
            AttemptLogged: {"result": draw(st.sampled_from(AttemptResult))},
            OutcomeReported: {"outcome": draw(st.sampled_from(HandoffOutcome))},
        }
        if kind is not None:
            word = an_id((handoff.id, handoff.version, kind))
            office.take(kind(id=word, handoff=handoff.id, actor=handoff.assignee, at=at, **more.get(kind, {})))
    for item in [each for each in office.world.triage.values() if each.open]:
        choice = draw(st.sampled_from((None, *TriageChoice)))
        if choice is not None:
            word = an_id((item.id, item.version, choice))
            office.take(TriageDecided(id=word, handoff=item.id, actor="ruth", at=at, choice=choice))


@given(playbooks(), pasts(), st.data())
def test_nothing_blocks_a_consultation_request_but_what_leaves_a_receipt(
    playbook: Playbook, past: list[Event], data: st.DataObject
) -> None:
    office = Office(playbook)
    for event in past:
        office.take(event)
        if data.draw(st.integers(0, 3)) == 0:
            anything_a_rep_may_do(office, data.draw, event.received_at)
    who = data.draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    marks = data.draw(st.sampled_from(((), (), (), (Mark.BOT,), (Mark.HONEYPOT,))))
    late = timedelta(days=data.draw(st.sampled_from((0, 0, 30))))
    request = an_event(
        EventType.FORM_SUBMITTED, *who, id="now", at=MONDAY + timedelta(days=1), late=late, marks=marks,
        says={"consultation": "yes"},
    )  # fmt: skip
    verdict = office.verdict(request)
    codes = {reason.code for reason in verdict.reasons}

    if marks == (Mark.HONEYPOT,):
        assert verdict.outcome is Outcome.TRIAGE
    elif marks:
        assert verdict.outcome is Outcome.IGNORE
        assert verdict.receipt is not None
        assert "consultation" in verdict.receipt.facts["silenced"]
    elif codes & FLOODED:
        assert verdict.outcome is Outcome.TRIAGE
        assert verdict.receipt is not None
    else:
        assert verdict.outcome in (Outcome.PASS, Outcome.UPDATE)
        assert Rule.CONSULTATION in verdict.fired
        assert verdict.handoff is not None
        assert office.world.handoffs[verdict.handoff].state in OPEN
        assert ("late" in office.world.handoffs[verdict.handoff].flags) is (late > timedelta()) or past


@given(playbooks(), pasts(), st.data())
def test_in_every_open_state_there_is_one_play_one_owner_and_a_deadline(
    playbook: Playbook, past: list[Event], data: st.DataObject
) -> None:
    office = Office(playbook)
    for event in past:
        office.take(event)
        anything_a_rep_may_do(office, data.draw, event.received_at)
        if data.draw(st.booleans()):
            office.until(event.received_at)
    standing = list(office.world.standings.values())
    opened = [each for each in office.world.handoffs.values() if each.state in OPEN]

    assert all(each.play and each.assignee in playbook.reps for each in opened)
    assert all(each.accept_by if each.state == "offered" else each.attempt_by for each in opened)
    assert sorted(each.id for each in opened) == sorted(each.handoff for each in standing if each.handoff)
    assert sum(Rule.TARGET_RESPONDS in each.rules for each in opened if each.account == "globex.example") <= 1
    assert all(each.open for each in (office.world.triage[one.triage] for one in standing if one.triage))
    assert all(each.due_at > each.opened_at for each in office.world.triage.values() if each.open)


@given(playbooks(), pasts())
def test_every_event_gets_exactly_one_verdict_with_reasons(playbook: Playbook, past: list[Event]) -> None:
    office = Office(playbook)
    office.take(*past)
    office.until(MONDAY + timedelta(days=2))
    verdicts = [each.verdict for each in office.settled]

    assert sorted(each.event for each in verdicts) == sorted(event.id for event in past)
    assert all(each.reasons and all(reason.code and reason.text for reason in each.reasons) for each in verdicts)


@given(pasts())
def test_only_rule_2_stamps_an_sql(past: list[Event]) -> None:
    office = Office(replace(a_playbook(), sql=replace(a_playbook().sql, items=())))
    office.take(*past)
    office.until(MONDAY + timedelta(days=30))

    assert all(each.lifecycle is not LifecycleStage.SQL for each in office.world.standings.values())


def test_the_rule_set_of_the_oracle_can_be_true_at_all() -> None:
    book = a_playbook(sql=replace(a_playbook().sql, items=(replace(a_playbook().sql.items[0], when=always()),)))

    assert Office(book).verdict(an_event(EventType.PAGE_VIEWED, ADA)).fired == (Rule.SQL_CRITERIA,)
