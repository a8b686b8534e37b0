"""Whose turn it is: the owner first, then the team's rotation by a quota method with deadlines, never nobody.

The rotation is an apportionment: after k draws a rep of weight w out of W is entitled to k·w/W turns. A rep may be
drawn once the entitlement has begun the next turn, and must be before it completes it; of those who may, the one whose
turn must come first is drawn. Earliest deadline first is optimal for such unit turns on one server, so while the set
of eligible reps stays the same nobody is ever off by one turn or more (Baruah, Cohen, Plaxton, Varvel 1996,
“Proportionate progress”; the quota method of Balinski and Young is the same constraint). Greedy deficit is not enough.

Where the set changes, everybody keeps what is owed or over-served: that is less than two turns by itself, and only what
was given back can make it more, up to three. Who comes back from a holiday is not flooded, because nothing is owed for
time in which they were not eligible.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from schemas.fact import Value, replace
from schemas.verdict import CandidateRep
from services.router.domain import business_time
from services.router.domain.absences import Span, with_absences
from services.router.domain.decision import Draw, ReturnTurn
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook
from services.router.domain.team import BusinessHours, Rep, Team

TURN = 1_000_000
"""What is carried from one set of reps to the next is counted in millionths of a turn."""
_MOST_OWED = 3 * TURN
"""Cut off at one turn, what is cut off from a set that keeps changing adds up, and nobody ever makes up for it."""
_LOOKS = 20
NEXT, EARLIEST = "next in the rotation", "works earliest"
"""Why somebody was drawn in their turn."""
ANOTHERS_TURN, PASSED_OVER = "another's turn in the rotation", "rejected it or let it lapse"
AWAY, OFF = "is out of office", "does not work now"
FULL = "open plays and takes"
"""Why not the others."""
_NOBODY_LEFT = "the person of last resort: nobody else is left to ask"


class Rotation(Value, frozen=True, gc=False):
    """A team's rotation: whole numbers throughout, so that no draw is ever decided by a rounding."""

    members: tuple[tuple[str, int], ...] = ()
    """(rep, weight) of the set that was eligible at the last draw, sorted."""
    draws: int = 0
    """Draws while this set was the eligible one."""
    got: Mapping[str, int] = {}
    """rep → turns out of those draws."""
    carry: Mapping[str, int] = {}
    """rep → millionths of a turn owed from before; negative when over-served."""
    away: Mapping[str, tuple[Span, ...]] = {}
    """Who has said that they are out of office."""
    last: int = 0
    """The number of the last draw for this team, in turn or not: by it a look that is older than that is known."""


def draw(
    handoff: Handoff, playbook: Playbook, rotation: Rotation, open_load: Mapping[str, int], now: datetime
) -> tuple[Draw, Rotation]:
    """Who is asked next, and the rotation after it.

    The wanted owner; the team's rotation among those who may be asked now; whoever of them works earliest; the team's
    manager; the person of last resort. Where all who may be asked are out of office, the manager and the last resort
    stand in for them, unless they are away as well. `open_load` is rep → open handoffs; `now` is UTC.
    """
    team, reps = playbook.teams.get(handoff.team), with_absences(playbook.reps, rotation.away)
    seen: dict[str, str] = {}
    owner = reps.get(handoff.wanted)
    if owner is not None:
        why_not = _owner_cannot(handoff, owner, now)
        if not why_not:
            return _drawn(owner.id, "owns this lead or account", seen, handoff.team), rotation
        seen[owner.id] = why_not
    rest = [reps[rep] for rep in team.reps if rep in reps] if team is not None else []
    able = _able(handoff, rest, open_load, seen)
    stands_in = None if any(not _out(rep, now) for rep in able) else _stand_in(handoff, team, playbook, reps, now)
    if able and stands_in is None:
        soon = _soonest(able, now, seen)
        rep, after = pick(rotation, soon)
        why = NEXT if business_time.working(_hours(soon, rep), now) else EARLIEST
        return _drawn(rep, why, seen, handoff.team), after
    seen.update({rep.id: AWAY for rep in able})
    return _drawn(*(stands_in or (playbook.last_resort, _NOBODY_LEFT)), seen, handoff.team), rotation


def _hours(reps: Iterable[Rep], rep: str) -> BusinessHours:
    return next(each.hours for each in reps if each.id == rep)


def _owner_cannot(handoff: Handoff, owner: Rep, now: datetime) -> str:
    if owner.id in handoff.passed_over:
        return "owns it, but rejected it or let it lapse"
    return "owns it, but is out of office" if _away(owner, now) else ""


def _away(rep: Rep, moment: datetime) -> bool:
    return any(absence.start <= moment < absence.end for absence in rep.away)


def _out(rep: Rep, now: datetime) -> bool:
    """Whether the rep is out of office when they would work next: not just home for the evening."""
    return bool(rep.away) and _away(rep, business_time.add(rep.hours, now, timedelta()))


def _able(handoff: Handoff, reps: Iterable[Rep], open_load: Mapping[str, int], seen: dict[str, str]) -> list[Rep]:
    """The reps of the team who may be asked, sooner or later; why not the others goes into `seen`."""
    able = []
    for rep in reps:
        if rep.id in handoff.passed_over:
            seen.setdefault(rep.id, PASSED_OVER)
        elif open_load.get(rep.id, 0) >= rep.capacity:
            seen[rep.id] = f"has {open_load.get(rep.id, 0)} {FULL} {rep.capacity} at most"
        else:
            able.append(rep)
    return able


def _soonest(able: Iterable[Rep], now: datetime, seen: dict[str, str]) -> list[Rep]:
    """Those who can be asked now, else those who work earliest; why not the others goes into `seen`."""
    waits = [(_next_in(rep, now), rep) for rep in able]
    first = min(start for start, _ in waits)
    soonest = [rep for start, rep in waits if start == first]
    seen.update({rep.id: AWAY if _away(rep, now) else OFF for start, rep in waits if start > first})
    seen.update({rep.id: ANOTHERS_TURN for rep in soonest})
    return soonest


def _next_in(rep: Rep, now: datetime) -> datetime:
    """When the rep works next, out-of-office times left out; `now` if they do."""
    start = business_time.add(rep.hours, now, timedelta())
    for _ in range(_LOOKS):
        ends = [absence.end for absence in rep.away if absence.start <= start < absence.end]
        if not ends:
            break
        start = business_time.add(rep.hours, max(ends), timedelta())
    return start


def _stand_in(
    handoff: Handoff, team: Team | None, playbook: Playbook, reps: Mapping[str, Rep], now: datetime
) -> tuple[str, str] | None:
    """Who is asked where no rep is, and why: the manager, else the last resort; nobody who passed it on or is away."""
    wanted = ((team.manager, "manages the team, where nobody else is left to ask"),) if team is not None else ()
    for name, why in (*wanted, (playbook.last_resort, _NOBODY_LEFT)):
        rep = reps.get(name)
        if rep is not None and name not in handoff.passed_over and not _away(rep, now):
            return name, why
    return None


def _drawn(rep: str, why: str, seen: Mapping[str, str], team: str) -> Draw:
    others = (CandidateRep(rep=each, chosen=False, reason=reason) for each, reason in seen.items() if each != rep)
    return Draw(rep, (CandidateRep(rep=rep, chosen=True, reason=why), *others), team)


def pick(rotation: Rotation, eligible: Iterable[Rep]) -> tuple[str, Rotation]:
    """Whose turn it is among these reps, and the rotation after it. Raises `ValueError` for nobody at all."""
    members = tuple(sorted((rep.id, rep.weight) for rep in eligible))
    if not members:
        raise ValueError("a rotation needs somebody to choose from")
    held = rotation if members == rotation.members else _carried(rotation, members)
    whole, now = sum(weight for _, weight in members), held.draws + 1
    ranked = []
    for rep, weight in members:
        before, got = held.carry.get(rep, 0) * whole, held.got.get(rep, 0)
        owed = before + TURN * (weight * now - whole * got)
        deadline = -((before - TURN * whole * (got + 1)) // (TURN * weight))
        ranked.append((owed <= 0, deadline if owed > 0 else 0, -owed, rep))
    chosen = min(ranked)[3]
    got_now = {**held.got, chosen: held.got.get(chosen, 0) + 1}
    return chosen, replace(held, draws=now, got=dict(sorted(got_now.items())))


def _carried(rotation: Rotation, members: tuple[tuple[str, int], ...]) -> Rotation:
    """The rotation for another set of reps: what each is owed goes with them, up to three turns."""
    whole = sum(weight for _, weight in rotation.members) or 1
    carry = dict(rotation.carry)
    for rep, weight in rotation.members:
        owed = TURN * weight * rotation.draws // whole - TURN * rotation.got.get(rep, 0)
        carry[rep] = max(-_MOST_OWED, min(_MOST_OWED, carry.get(rep, 0) + owed))
    kept = {rep: owed for rep, owed in sorted(carry.items()) if owed}
    return Rotation(members=members, away=rotation.away, carry=kept, last=rotation.last)


def turned_back(handoff: Handoff) -> tuple[Handoff, tuple[ReturnTurn, ...]]:
    """The handoff with its assignee's turn given back, and the command for that; as it was where it took no turn."""
    if not handoff.turn:
        return handoff, ()
    returned = replace(handoff, returned=(*handoff.returned, handoff.turn), turn="")
    return returned, (ReturnTurn(handoff.id, handoff.team, handoff.turn),)


def given_back(rotation: Rotation, rep: str) -> Rotation:
    """The rotation after a turn that was nobody's fault was taken back: as if it had not been drawn."""
    if rotation.got.get(rep, 0) > 0:
        return replace(rotation, draws=rotation.draws - 1, got={**rotation.got, rep: rotation.got[rep] - 1})
    owed = min(_MOST_OWED, rotation.carry.get(rep, 0) + TURN)
    return replace(rotation, carry=dict(sorted({**rotation.carry, rep: owed}.items())))
