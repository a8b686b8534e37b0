"""What of a person must come out the same in whatever order their events were decided, and who differs in two runs.

Equal for everybody: which identifiers are one person (and so each merge), what each identifier counted, and with that
the score at one time; the profile, the account, the persona and what the checklists say. All of it is a function of the
*set* of events, of which each counts once.

Equal for whoever only ever did more (`Nature.PLAIN`): where they stand in the end. What a rule needs never goes away
again for them, so it holds at the last event that is heard of, if it holds at all, whichever that is.

What may rightly differ, and is therefore not here:

* whose turn it was, and everything that hangs on it: the assignee, the owner, the deadlines, the account's owner;
* a verdict's words, its number (`lead_seq`), and by which event a handoff was opened, so its id: a person who asks on
  one lane and reads on another is heard in either order; two leads that pass before they are found to be one have two
  handoffs, one of them merged, where two that are joined first have one;
* the play, the priority and the brief of a handoff: they are of the moment of its last new reason;
* whether the question that was open in between was asked (triage), and in which nurture track somebody waited;
* for people of whom something was taken back, corrected, or contradicted: whether a rule held for a moment in between;
  whose play a named account's is, and who joined it; whether somebody whom a rep found to be no lead had been armed;
* an identifier of which nothing is left: who took back the one event that named it before that came never met it;
* the last few event ids behind a count where one of them was taken back: a fourth is not remembered for a third.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas.event import IdentifierKind
from schemas.handoff import HandoffState
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey
from services.router.domain.playbook import Playbook
from tests.faults.crowd import Nature, Person, Temper
from tests.faults.lives import DAY
from tests.faults.state import State
from tests.router.office import score

NOW = DAY + timedelta(days=1)
"""One time for all scores."""
_STAYS = (Temper.SILENT, Temper.ACCEPT, Temper.PASS_ON)


def different(people: Sequence[Person], here: State, there: State, playbook: Playbook) -> list[str]:
    """Who is somebody else `here` (three routers) than `there` (one that never restarted), in which of these facts."""
    return [
        f"{person.name}: {fact}: three routers {mine[fact]}, one router {theirs[fact]}"
        for person in people
        for mine, theirs in [(portrait(person, here, playbook), portrait(person, there, playbook))]
        for fact in mine
        if mine[fact] != theirs[fact]
    ]


def portrait(person: Person, state: State, playbook: Playbook) -> Mapping[str, Any]:
    """Each fact about this person that no order may change, by what it is called."""
    keys = [key for key in keys_of(person) if key in state.identifiers and _says_something(state, key)]
    leads = {state.identifiers[key].lead for key in keys}
    return dict(
        [
            ("who is who", {str(key.value): str(state.identifiers[key].lead) for key in keys}),
            ("counts", {key.value: _counts(state, key) for key in keys}),
            *(fact for lead in sorted(leads) for fact in _known(lead, state, playbook, person)),
            *(_end(leads, state, person) if person.nature is Nature.PLAIN else ()),
        ]
    )


def keys_of(person: Person) -> list[IdentifierKey]:
    """By what they can be known."""
    emails = [IdentifierKey(IdentifierKind.EMAIL, email) for email in person.emails]
    cookies = [IdentifierKey(IdentifierKind.COOKIE, cookie) for cookie in person.cookies]
    return [*emails, *cookies, *([IdentifierKey(IdentifierKind.PHONE, person.phone)] if person.phone else [])]


def _says_something(state: State, key: IdentifierKey) -> bool:
    """Is anything left of what was said by it or of it? Else it is as one that nobody ever heard of."""
    row = state.identifiers[key]
    return bool(_counts(state, key) or row.dossier.statements or row.ownership.claims or row.lead != lead_id(key))


def _counts(state: State, key: IdentifierKey) -> dict[str, dict[int, int]]:
    return {signal: dict(days) for signal, days in sorted(state.identifiers[key].dossier.counts.items()) if days}


def _known(identity: UUID, state: State, playbook: Playbook, person: Person) -> Iterator[tuple[str, Any]]:
    lead = state.lead(identity)
    facts, points = LeadFacts(None, lead, playbook, NOW), score(lead, playbook, NOW)
    said = {field: one.value for field, one in sorted(facts.profile.statements.items())}
    yield f"score of {identity}", (points.total, points.fit, points.engagement, points.priority)
    yield f"profile of {identity}", (facts.profile.emails, facts.profile.phone, said)
    yield f"account of {identity}", facts.account.key
    yield f"persona of {identity}", facts.persona[0].name if facts.persona[0] else None
    yield f"checklists of {identity}", (facts.mql, facts.sql.value)
    if person.nature is not Nature.TURNING:
        yield f"contributions of {identity}", points.contributions


def _end(leads: set[UUID], state: State, person: Person) -> Iterator[tuple[str, Any]]:
    theirs = [one for one in state.handoffs.values() if one.lead in leads and one.state is not HandoffState.MERGED]
    standings = [state.standings[lead] for lead in sorted(leads) if lead in state.standings]
    held = [state.handoffs[one.handoff] for one in standings if one.handoff is not None]
    yield "with sales", [_where(one) if person.temper in _STAYS else one.state for one in held]
    if person.temper is not Temper.LATER:
        yield "nobody for sales", [one.disqualified for one in standings]
    if person.temper in _STAYS:
        yield "handoffs", len(theirs)
        yield "lifecycle", [one.lifecycle for one in standings]
        yield "rules that have fired", [(one.armed, one.sql) for one in standings]


def _where(handoff: Handoff) -> tuple[str, list[str]]:
    return handoff.state.value, [rule.value for rule in handoff.rules]
