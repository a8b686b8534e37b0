"""The earliest contact: the patience of rule and play, the time they asked for, and the caps (R7).

Whatever it is, the handoff is made, offered and accepted at once: only the first call, and its deadline, wait.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.fact import replace
from schemas.lead import Field
from schemas.verdict import Rule
from services.router.domain.contact import Cap, free_at, moment_asked_for
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook

ASKED = "they asked for it"
PLAY = "the play waits that long"


class Earliest(NamedTuple):
    """Before when nobody calls (UTC; None for at once), why, and the time the lead asked for, if one."""

    at: datetime | None = None
    why: str = ""
    """In a few words for the rep; empty for the patience of a rule alone."""
    asked: datetime | None = None


class Contacts(NamedTuple):
    """When this person, and anybody of the account, was last contacted: milliseconds, UTC."""

    person: tuple[int, ...] = ()
    account: tuple[int, ...] = ()


def patience(playbook: Playbook, rules: Iterable[Rule], received_at: datetime) -> datetime | None:
    """The earliest contact by the rules: the least patient of the triggers decides."""
    delays = [playbook.rules[rule].not_before for rule in rules if rule in playbook.rules]
    least = min(delays, default=timedelta())
    return received_at + least if least > timedelta() else None


def first(
    facts: LeadFacts, rules: tuple[Rule, ...], play: str, received_at: datetime, account: tuple[int, ...]
) -> Earliest:
    """Of a new handoff. `account` are the contacts of the account's people."""
    patient = patience(facts.playbook, rules, received_at)
    contacts = Contacts(facts.lead.standing.contacts, account)
    asked = _asked(facts, anew=Rule.CONSULTATION in rules)
    return _latest(facts, patient, asked, rules=rules, play=play, received_at=received_at, contacts=contacts)


def renewed(
    handoff: Handoff,
    facts: LeadFacts,
    rules: tuple[Rule, ...],
    play: str,
    *,
    received_at: datetime,
    account: tuple[int, ...],
) -> Earliest:
    """Of an open handoff with these rules as new reasons: an impatient one calls at once, unless they asked else."""
    held = handoff.not_before
    if handoff.waits_for:  # what held it was no patience of a rule: that is worked out anew
        held = patience(facts.playbook, handoff.rules, handoff.received_at)
    soonest = patience(facts.playbook, rules, received_at)
    patient = min(soonest, held) if soonest and held else None
    anew = Rule.CONSULTATION in rules
    asked = _asked(facts, anew=anew) or (None if anew else handoff.asked)
    contacts, every = Contacts(facts.lead.standing.contacts, account), (*handoff.rules, *rules)
    return _latest(facts, patient, asked, rules=every, play=play, received_at=received_at, contacts=contacts)


def _latest(
    facts: LeadFacts,
    patient: datetime | None,
    asked: datetime | None,
    *,
    rules: tuple[Rule, ...],
    play: str,
    received_at: datetime,
    contacts: Contacts,
) -> Earliest:
    waits = facts.ready.waits.get(play)
    found = [(patient, ""), (received_at + waits if waits else None, PLAY), (asked, ASKED)]
    found.append(capped(rules, facts.playbook, contacts, facts.now))
    known = [(at, why) for at, why in found if at is not None]
    if not known:
        return Earliest()
    at, why = max(known, key=_when)
    return Earliest(at, why, asked)


def _when(one: tuple[datetime, str]) -> datetime:
    return one[0]


def _asked(facts: LeadFacts, *, anew: bool) -> datetime | None:
    """The time they asked for. Who asks for a call anew says with it when: what they said before is past."""
    for told in facts.playbook.contact.asked_for:
        path = told.replace("lead.", "event.", 1) if anew and facts.event is not None else told
        found = moment_asked_for(facts.value(path), facts.profile.stated(Field.TIME_ZONE), facts.now)
        if found is not None:
            return found
    return None


def capped(rules: Iterable[Rule], playbook: Playbook, contacts: Contacts, now: datetime) -> tuple[datetime | None, str]:
    """Until when the caps hold one more contact back, and in whose favour. Never of who asked for a call (R1)."""
    caps = playbook.contact
    if (caps.person is None and caps.account is None) or Rule.CONSULTATION in rules:
        return None, ""
    person, account = free_at(caps.person, contacts.person, now), free_at(caps.account, contacts.account, now)
    if caps.account is not None and account is not None and (person is None or account > person):
        return account, _often(caps.account, "this company")
    return (person, _often(caps.person, "they")) if caps.person is not None and person is not None else (None, "")


def held_back(handoff: Handoff, contacts: Contacts, playbook: Playbook, now: datetime) -> Handoff:
    """The handoff with its next contact no sooner than the caps allow; never sooner than it was."""
    at, why = capped(handoff.rules, playbook, contacts, now)
    if at is None or (handoff.not_before is not None and at <= handoff.not_before):
        return handoff
    return replace(handoff, not_before=at, waits_for=why)


def _often(cap: Cap, who: str) -> str:
    verb = "has heard" if who != "they" else "have heard"
    return f"{who} {verb} from us {_times(cap.most)} lately, as often as agreed"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
