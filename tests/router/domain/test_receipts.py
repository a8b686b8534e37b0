"""What is kept of a decision: everything where something happened, the score alone of an enrolment, else nothing."""

from datetime import timedelta

from schemas.event import EventType
from schemas.verdict import Receipt
from services.router.domain.folding import fold
from tests.router.builders import MONDAY, an_event
from tests.router.office import Office

ADA = "ada@acme.example"
FORM = an_event(EventType.FORM_SUBMITTED, ADA, says={"budget": "no"})
PAGE = an_event(EventType.PAGE_VIEWED, ADA, at=MONDAY + timedelta(minutes=1))


def test_an_enrolment_keeps_the_score_alone_and_the_next_page_nothing() -> None:
    office = Office()
    (enrolled,) = office.take(FORM)
    score = office.score_of(ADA, MONDAY)
    (page,) = office.take(PAGE)

    assert enrolled.receipt == Receipt(rules={}, facts={}, score=score.total, threshold=score.threshold)
    assert page.receipt is None


def test_whoever_asks_gets_everything_an_enrolment_rested_on() -> None:
    office = Office()
    (settled,) = fold([FORM], office.world, office.playbook, full=True).settled
    receipt = settled.verdict.receipt

    assert receipt is not None
    assert receipt.rules["sql_criteria"] == "false"
    assert receipt.facts["readiness"]["budget"] == "false"
