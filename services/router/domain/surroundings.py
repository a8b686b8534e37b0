"""What a decision reads beyond its lead, gathered from the world and stored with the verdict."""

from collections.abc import Mapping

from schemas.event import Event
from services.router.domain import floods, handoffs
from services.router.domain.changes import Changes
from services.router.domain.decision import Surroundings
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Playbook

_NOTHING = Surroundings()
_UNRECORDED: Mapping[str, int] = {}


def around(facts: LeadFacts, changes: Changes, flood: dict[str, int]) -> Surroundings:
    """The lead's open handoff and item, the account's open handoff by rule 4, who worked there, the flood counters.

    Raises `NeedsMoreError` where the lead's account was not loaded.
    """
    world, standing = changes.world, facts.lead.standing
    account = changes.account(facts.account.key) if facts.account.key else None
    own = world.handoffs.get(standing.handoff) if standing.handoff else None
    item = world.triage.get(standing.triage) if standing.triage else None
    others = world.handoffs.get(account.target_handoff) if account and account.target_handoff else None
    if own is None and item is None and others is None and not flood and (account is None or not account.owner):
        return _NOTHING
    counts = account is not None and facts.playbook.contact.account is not None
    return Surroundings(
        handoff=own if own is not None and handoffs.is_open(own) else None,
        triage=item if item is not None and item.open else None,
        account_handoff=_anothers(others, facts, own),
        flood=flood,
        owner=account.owner if account else "",
        contacted=bool(standing.owner or (account and account.owner)),
        contacts=account.contacts if account is not None and counts else (),
    )


def _anothers(handoff: Handoff | None, facts: LeadFacts, own: Handoff | None) -> Handoff | None:
    if handoff is None or not handoffs.is_open(handoff) or handoff.lead == facts.lead.id:
        return None
    return None if own is not None and own.id == handoff.id else handoff


def counted_flood(event: Event, changes: Changes, playbook: Playbook) -> dict[str, int]:
    """The event's flood counters, this event included; for one of the past as they were read then."""
    world, found = changes.world, {}
    recorded = world.recorded_floods.get(event.id, _UNRECORDED)
    for key in floods.flood_keys(event, playbook):
        count = world.floods.get(key, 0) + 1
        changes.put(world.floods, key, count)
        changes.note(world.touched_floods, key)
        found[key] = recorded.get(key, count)
    return found
