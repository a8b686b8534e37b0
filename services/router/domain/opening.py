"""Opens a handoff, tightens an open one, and names the team and the owner who are asked first."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from schemas.fact import replace
from schemas.feedback import TimerKind
from schemas.handoff import HandoffState
from schemas.lead import Field, Priority
from schemas.verdict import Rule, Ternary
from services.router.domain import earliest, handoffs, plays, waking
from services.router.domain.briefs import brief_of
from services.router.domain.decision import SaveTriage, SetTimer, Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.team import ServiceLevel, Team

FALLBACK = ServiceLevel(accept_within=timedelta(hours=4), attempt_within=timedelta(hours=8))
"""Where a team's page names no service level for a priority."""
SPAM = "spam"
"""Why a request for a call that a machine may have sent waits in triage."""
_MOST_PLAYS = 4096
_LEADING = tuple(Rule)
_PRIORITIES = tuple(Priority)


def service_of(team: Team, priority: Priority) -> ServiceLevel:
    """The team's deadlines for this priority; for one it does not name, the next stricter one's."""
    for each in reversed(_PRIORITIES[: _PRIORITIES.index(priority) + 1]):
        if each in team.service:
            return team.service[each]
    return FALLBACK


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules in the order in which they lead."""
    return _in_order(frozenset(rules))


@lru_cache(maxsize=64)
def _in_order(rules: frozenset[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in _LEADING if rule in rules)


def play_for(facts: LeadFacts, rules: Iterable[Rule]) -> tuple[str, str]:
    """The play's name and why it and no other."""
    persona, stage = facts.persona[0], facts.stage[0]
    asked = (
        in_order(rules),
        persona.name if persona else "",
        stage.name if stage else "",
        facts.profile.stated(Field.PRODUCT) or "",
        bool(facts.profile.phone),
    )
    known = facts.ready.plays
    if asked not in known:
        if len(known) >= _MOST_PLAYS:
            known.clear()
        play, why = plays.choose(facts.playbook, *asked)
        known[asked] = play.name, why
    return known[asked]


def trigger_of(facts: LeadFacts, rules: tuple[Rule, ...], why: str) -> Rule:
    """What leads in a play for whom triage passes on: of the rules that held there, else what brought them (`why`)."""
    if rules:
        return next(rule for rule in plays.LEADING if rule in rules)
    return plays.trigger_without_rule(asked=why == SPAM, named=facts.account.target is not None)


def owner_of(facts: LeadFacts, around: Surroundings) -> tuple[str, str]:
    """The rep who is asked first, and why: the named account's owner, then who works or worked the lead or account."""
    playbook, target = facts.playbook, facts.account.target
    candidates = (
        (target.owner if target else "", "owns the named account"),
        (facts.lead.standing.owner, "already worked this lead"),
        (around.owner, "already worked this account"),
        (_stated_owner(facts), "is the owner the CRM names"),
    )
    for rep, why in candidates:
        if rep and rep in playbook.reps:
            return rep, why
    return "", ""


def _stated_owner(facts: LeadFacts) -> str:
    """The owner that a system attests, by id or email; what somebody merely typed owns nothing."""
    said = facts.profile.statements.get(Field.OWNER)
    if said is None or not said.attested:
        return ""
    wanted = said.value.strip().lower()
    return next((rep.id for rep in facts.playbook.reps.values() if wanted in (rep.id.lower(), rep.email.lower())), "")


def team_for(facts: LeadFacts, wanted: str) -> tuple[str, str]:
    """The owner's team, else the team that the routing names, and why."""
    playbook = facts.playbook
    for team in playbook.teams.values() if wanted else ():
        if wanted in team.reps or wanted == team.manager:
            return team.name, f"{wanted}’s team"
    for rule, fits in facts.teams:
        if fits or rule.when.test(facts) is Ternary.TRUE:
            return rule.team, rule.why
    return next(iter(playbook.teams), ""), "the first team: no routing rule fits"


class Destination(NamedTuple):
    """Where a lead goes: the team, the rep who is asked first (empty for the team's rotation), and why there."""

    team: str
    wanted: str
    why: str


def destination(facts: LeadFacts, around: Surroundings) -> Destination:
    """The owner's team and the owner, else the team that the routing names."""
    wanted, why = owner_of(facts, around)
    team, team_why = team_for(facts, wanted)
    return Destination(team, wanted, f"{wanted} {why}" if wanted else team_why)


def opened(
    identity: UUID,
    facts: LeadFacts,
    rules: tuple[Rule, ...],
    priority: Priority,
    *,
    to: Destination,
    play: str,
    received_at: datetime,
    why_now: Iterable[str],
    flags: tuple[str, ...] = (),
    opened_at: datetime | None = None,
    contacts: tuple[int, ...] = (),
    trigger: Rule | None = None,
) -> Handoff:
    """A new handoff, queued: the team is accountable until a rep is drawn. `received_at` starts speed to lead (UTC).

    `opened_at` is when its window of opportunity opened, if it has one; `contacts` are those of the account's people;
    `trigger` is what the play answers where that is no rule.
    """
    soonest = earliest.first(facts, rules, play, received_at, contacts)
    return Handoff(
        id=identity,
        lead=facts.lead.id,
        version=1,
        state=HandoffState.QUEUED,
        rules=in_order(rules),
        priority=priority,
        play=play,
        playbook=facts.playbook.version,
        brief=brief_of(facts, why_now),
        received_at=received_at,
        team=to.team,
        wanted=to.wanted,
        account=facts.account.key,
        not_before=soonest.at,
        flags=flags,
        waits_for=soonest.why,
        asked=soonest.asked,
        opened_at=opened_at,
        trigger=trigger,
    )


def tightened(
    handoff: Handoff,
    facts: LeadFacts,
    rules: tuple[Rule, ...],
    priority: Priority,
    *,
    why_now: tuple[str, ...],
    received_at: datetime,
    flags: tuple[str, ...] = (),
    opened_at: datetime | None = None,
    contacts: tuple[int, ...] = (),
) -> Handoff:
    """The open handoff with new reasons (R5): the priority only tightens; the play answers all the reasons.

    Where rule 4 is a new one, it is that account's from now on, whatever company the lead had named before.
    """
    held = in_order((*handoff.rules, *rules))
    play = play_for(facts, (*handoff.triggers, *rules))[0]
    responds = Rule.TARGET_RESPONDS in held and Rule.TARGET_RESPONDS not in handoff.rules
    soonest = earliest.renewed(handoff, facts, rules, play, received_at=received_at, account=contacts)
    return handoffs.changed(
        handoff,
        rules=held,
        priority=min(handoff.priority, priority),
        play=play,
        playbook=facts.playbook.version,
        brief=brief_of(facts, dict.fromkeys((*why_now, *handoff.brief.why_now))),
        account=facts.account.key if responds else handoff.account,
        not_before=soonest.at,
        flags=tuple(dict.fromkeys((*handoff.flags, *flags))),
        waits_for=soonest.why,
        asked=soonest.asked,
        opened_at=handoff.opened_at or opened_at,
    )


def asked(
    identity: UUID,
    facts: LeadFacts,
    rules: tuple[Rule, ...],
    priority: Priority,
    *,
    why: str,
    questions: tuple[str, ...],
    why_now: Iterable[str],
) -> tuple[SaveTriage, *tuple[SetTimer, ...]]:
    """A new triage item with its deadline and the reminders before it, in business time of the team that triages (H5).

    A reminder is the deadline's timer, come too early and naming the deadline that it is of.
    """
    playbook = facts.playbook
    team = playbook.teams[playbook.triage_team]
    level = service_of(team, priority)
    due, wakes = waking.on_the_way(team.hours, facts.now, level.triage_within, level.reminders)
    whose = waking.name_of(identity, due)
    item = TriageItem(
        id=identity,
        lead=facts.lead.id,
        version=1,
        opened_at=facts.now,
        due_at=due,
        team=team.name,
        why=why,
        questions=questions,
        brief=brief_of(facts, why_now),
        rules=in_order(rules),
        play=play_for(facts, rules or (trigger_of(facts, rules, why),))[0],
        priority=priority,
    )
    timers = [SetTimer(TimerKind.TRIAGE_DEADLINE, identity, wake, whose) for wake in wakes]
    timers.append(SetTimer(TimerKind.TRIAGE_DEADLINE, identity, due))
    return SaveTriage(item, "router"), *timers


def settled(item: TriageItem, choice: str) -> TriageItem:
    """The item, closed."""
    return replace(item, version=item.version + 1, open=False, choice=choice)
