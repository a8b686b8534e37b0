"""The reckoning itself: it finds what it is there to find, and lets pass only what nobody could have known."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from schemas.brief import Brief
from schemas.handoff import HandoffState
from schemas.lead import Priority
from services.router.domain.handoff import Handoff
from tests.faults.evidence import Evidence, Uncertain
from tests.faults.invariants import Shown, shown_wrongly

ADA = uuid5(UUID(int=7), "ada")
CLAIMED, DIED, FOUND = 100.0, 101.0, 102.0


def an_offered_handoff() -> Handoff:
    return Handoff(
        id=ADA,
        lead=ADA,
        version=1,
        state=HandoffState.OFFERED,
        rules=(),
        priority=Priority.A,
        play="",
        playbook="",
        brief=Brief(name="Ada"),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        team="enterprise",
        round=1,
    )


def a_mail_in_doubt(round_: int = 1) -> Evidence:
    """The messenger died while the offer's mail was under way; a reminder will follow."""
    return Evidence(
        handoffs=[an_offered_handoff()],
        uncertain=[Uncertain(ADA, round_, CLAIMED, FOUND)],
        reminders=frozenset({(ADA, 1)}),
        deaths=[DIED],
    )


def test_an_offer_that_nobody_saw_is_found() -> None:
    violations = shown_wrongly(Evidence(handoffs=[an_offered_handoff()]), [], [])

    assert violations == [f"handoff {ADA}: offer 1 reached nobody"]


def test_an_offer_that_was_shown_twice_is_found() -> None:
    card = Shown(ADA, "offer", 1, "U0MAYA001")
    violations = shown_wrongly(Evidence(handoffs=[an_offered_handoff()]), [card, card], [])

    assert violations == [f"handoff {ADA}: 2 cards for offer 1"]


def test_a_mail_whose_sender_died_may_have_been_lost() -> None:
    assert shown_wrongly(a_mail_in_doubt(), [], []) == []


def test_a_mail_in_doubt_that_arrived_twice_is_found() -> None:
    mail = Shown(ADA, "offer", 1, "wren@brightwater.example")
    violations = shown_wrongly(a_mail_in_doubt(), [], [mail, mail])

    assert violations == [f"handoff {ADA}: 2 mails for offer 1"]


def test_a_mail_over_which_nobody_died_is_in_no_doubt() -> None:
    evidence = a_mail_in_doubt()
    evidence.deaths = [CLAIMED - 1, FOUND + 1]

    assert shown_wrongly(evidence, [], []) == [f"handoff {ADA}: offer 1 reached nobody"]


def test_a_mail_in_doubt_without_a_reminder_is_lost() -> None:
    evidence = a_mail_in_doubt()
    evidence.reminders = frozenset()

    assert shown_wrongly(evidence, [], []) == [f"handoff {ADA}: offer 1 reached nobody"]


def test_a_mail_in_doubt_excuses_its_own_round_only() -> None:
    assert shown_wrongly(a_mail_in_doubt(round_=2), [], []) == [f"handoff {ADA}: offer 1 reached nobody"]
