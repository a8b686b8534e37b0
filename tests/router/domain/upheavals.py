"""Playbooks that may be published one after the other: somebody leaves, all are away, a team ends, another is last."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.router.domain.playbook import Playbook, RoutingRule
from services.router.domain.team import Absence, Team
from tests.router.builders import a_playbook, a_rep, always, condition

_EVER = (Absence(datetime(2000, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)),)
_TITLED = condition(lambda facts: facts.value("lead.title") is not None, text="they have a title")


def playbooks() -> tuple[Playbook, ...]:
    """The whole house, and what may become of it."""
    plain = a_playbook()
    inside = plain.teams["inside"]
    field = Team("field", "Field sales", ("olga", "tess"), "nora", inside.hours, inside.service)
    small = {name: a_rep(name, capacity=3) for name in ("saul", "olga")}
    reps = {**plain.reps, **{name: a_rep(name) for name in ("tess", "nora", "lara")}, **small}
    routing = (RoutingRule(_TITLED, "field", "a title"), RoutingRule(always(), "inside", "everybody"))
    full = replace(
        plain, reps=reps, teams={"inside": inside, "field": field}, routing=routing, last_resort="lara", version="full"
    )
    lonely = {"inside": replace(inside, reps=("saul",)), "field": field}
    empty = {"inside": replace(inside, reps=()), "field": field}
    absent = {name: replace(rep, away=_EVER) for name, rep in reps.items() if name != "lara"}
    to_field = {"teams": {"field": field}, "triage_team": "field", "routing": (RoutingRule(always(), "field", "all"),)}
    to_inside = {"teams": {"inside": inside}, "routing": (RoutingRule(always(), "inside", "all"),)}
    return (
        full,
        replace(full, version="ruth left", teams=lonely, reps=_without(reps, "ruth")),
        replace(full, version="nobody inside", teams=empty, reps=_without(reps, "ruth", "saul")),
        replace(full, version="no inside", reps=_without(reps, "ruth", "saul", "mona"), **to_field),
        replace(full, version="no field", reps=_without(reps, "olga", "tess", "nora"), **to_inside),
        replace(full, version="all away", reps={**reps, **absent}),
        replace(full, version="nora is last", last_resort="nora", reps=_without(reps, "lara"), plays=full.plays[1:]),
    )


def _without(reps: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: rep for name, rep in reps.items() if name not in names}
