"""H4: reps leave and teams end, and what they worked on goes to somebody who is there."""

from dataclasses import replace
from datetime import datetime, timedelta

from schemas.event import EventType
from schemas.feedback import AttemptLogged, AttemptResult
from schemas.handoff import HandoffState
from schemas.play import CardKind
from services.router.cards import Showing, handoff_card
from services.router.domain.decision import Remind
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.team import Team
from tests.router.builders import MONDAY, a_playbook, a_rep, always, an_event, an_id
from tests.router.office import Office

ADA = "ada@acme.example"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def without(playbook: Playbook, name: str) -> Playbook:
    """The playbook after somebody has left."""
    teams = {each: replace(team, reps=tuple(set(team.reps) - {name})) for each, team in playbook.teams.items()}
    return replace(playbook, reps={rep: one for rep, one in playbook.reps.items() if rep != name}, teams=teams)


def without_a_team(playbook: Playbook, name: str) -> Playbook:
    """The playbook after all of the team inside have left but one, whom another team has taken on."""
    inside = playbook.teams["inside"]
    field = Team("field", "Field sales", (name,), "olga", inside.hours, inside.service)
    reps = {rep: one for rep, one in playbook.reps.items() if rep in (name, "olga")}
    routing = (replace(playbook.routing[0], when=always(), team="field"),)
    return replace(
        playbook, reps=reps, teams={"field": field}, routing=routing, last_resort="olga", triage_team="field"
    )


def worked_on() -> tuple[Office, Handoff]:
    """A rep has called once, and nobody picked up."""
    office = Office()
    office.take(an_event(EventType.FORM_SUBMITTED, ADA, says={"consultation": "yes"}))
    handoff = office.handoff_of(ADA)
    said = {"handoff": handoff.id, "actor": handoff.assignee, "at": MONDAY + MINUTE}
    office.take(AttemptLogged(id=an_id("call"), result=AttemptResult.NO_ANSWER, **said))  # type: ignore[arg-type]  # fields of an act
    return office, office.world.handoffs[handoff.id]


def due(handoff: Handoff) -> datetime:
    assert handoff.attempt_by is not None
    return handoff.attempt_by


def test_what_somebody_worked_on_who_left_goes_to_somebody_else() -> None:
    office, handoff = worked_on()
    office.playbook = without(office.playbook, handoff.assignee)
    office.until(due(handoff))
    after = office.world.handoffs[handoff.id]

    assert (after.state, after.attempts) == (HandoffState.OFFERED, 1)
    assert after.assignee in office.playbook.reps
    assert handoff.assignee in after.passed_over


def test_where_a_team_is_no_more_the_last_resort_hears_of_what_is_overdue() -> None:
    office, handoff = worked_on()
    office.playbook = without_a_team(office.playbook, handoff.assignee)
    office.until(due(handoff))
    *_, said = [each for each in office.commands if isinstance(each, Remind)]

    assert said.persons == (handoff.assignee, "olga")


def test_where_a_team_is_no_more_the_last_resort_may_act() -> None:
    _, handoff = worked_on()
    playbook = without_a_team(a_playbook(), handoff.assignee)
    card = handoff_card(handoff, None, Showing(CardKind.REMINDER, 1, ("olga",)), playbook, MONDAY)

    assert card is not None
    assert card.actors == (handoff.assignee, "olga")


def test_all_who_could_be_asked_have_left_and_still_somebody_has_it() -> None:
    office, handoff = worked_on()
    reps = {"lara": a_rep("lara")}
    inside = replace(office.playbook.teams["inside"], reps=(), manager="lara")
    office.playbook = replace(office.playbook, reps=reps, teams={"inside": inside}, last_resort="lara")
    office.until(due(handoff) + 30 * DAY)

    assert office.world.handoffs[handoff.id].assignee == "lara"
